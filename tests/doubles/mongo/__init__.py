"""A stand-in for a MongoDB replica set of one, for tests on machines without MongoDB: just what our adapters use.

It speaks OP_MSG (encoding by pymongo's own bson), keeps its data in SQLite (safe against kill -9, not against a power
cut), refuses loudly what it does not know, and can be told to fail. Its speed is not MongoDB's.
"""

from tests.doubles.mongo.faults import Fault, Faults
from tests.doubles.mongo.server import MongoDouble

__all__ = ["Fault", "Faults", "MongoDouble"]
