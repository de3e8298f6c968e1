"""Which commands and options the double knows; every other one is refused."""

from __future__ import annotations

from tests.doubles.mongo.errors import MongoError
from tests.doubles.mongo.storage import Document

FIRST_BATCH = 101
READS = frozenset({"find", "aggregate"})
WRITES = frozenset({"insert", "update", "delete", "findAndModify"})
_ALWAYS = frozenset({"$db", "lsid", "txnNumber", "$readPreference", "maxTimeMS", "$clusterTime", "comment"})
_TRANSACTION = frozenset({"autocommit", "startTransaction"})
_READ = _ALWAYS | _TRANSACTION | {"readConcern"}
_WRITE = _ALWAYS | _TRANSACTION | {"writeConcern", "readConcern"}
KNOWN: dict[str, frozenset[str]] = {
    "ping": _ALWAYS,
    "find": _READ | {"filter", "sort", "limit", "projection", "batchSize", "singleBatch"},
    "aggregate": _READ | {"pipeline", "cursor"},
    "getMore": _READ | {"collection", "batchSize"},
    "killCursors": _ALWAYS | _TRANSACTION | {"cursors"},
    "insert": _WRITE | {"documents", "ordered"},
    "update": _WRITE | {"updates", "ordered"},
    "delete": _WRITE | {"deletes", "ordered"},
    "findAndModify": _WRITE | {"query", "update", "upsert", "new"},
    "create": _ALWAYS | {"writeConcern"},
    "createIndexes": _ALWAYS | {"indexes", "writeConcern"},
    "drop": _ALWAYS | {"writeConcern"},
    "listCollections": _ALWAYS | {"cursor", "nameOnly", "filter"},
    "compact": _ALWAYS | {"force"},
    "endSessions": _ALWAYS,
    "commitTransaction": _ALWAYS | {"autocommit", "writeConcern"},
    "abortTransaction": _ALWAYS | {"autocommit", "writeConcern"},
}


def check_options(name: str, command: Document) -> None:
    """Raises MongoError for an option that this command of the double does not have."""
    if unknown := command.keys() - KNOWN[name] - {name}:
        raise MongoError(40415, f"BSON field '{name}.{min(unknown)}' is an unknown field.")
    if name == "listCollections" and command.get("filter"):
        raise MongoError(2, "the double lists all collections")
