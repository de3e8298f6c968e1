"""The kinds of records that acts on many are for; another kind is added here."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.gateway.bulk_events import BulkSubject
from services.gateway.bulk.change import Kind
from services.gateway.bulk.clients import Clients
from services.gateway.bulk.contacts import Contacts

KINDS: Mapping[BulkSubject, Kind] = {"client": Clients(), "contact": Contacts()}
