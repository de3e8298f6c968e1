"""Writes small canonical bundles (DEFINITIONS 1) from Python values, and opens a log to import them into."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.envelope import RecordedEvent
from services.importer.run import Report, import_bundle
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.codec import Codec
from services.kit.ports import EventStore

COLUMNS = {
    "customers": "customer_id,name,segment,country,city,currency,owner_id,email,phone,created_at",
    "users": "user_id,name,team,manager,region",
    "products": "product_id,name,category,list_price,unit_cost,currency",
    "stages": "pipeline_id,stage_id,position,kind,probability",
    "deals": "deal_id,pipeline_id,customer_id,owner_id,product_id,country,amount,currency,created_at",
    "deal_events": "seq,deal_id,occurred_at,type,from_stage,to_stage,amount,actor_id,imputed",
    "orders": "order_id,customer_id,owner_id,ordered_at,required_at,shipped_at,status,status_kind,currency,"
    "shipping_cost,tax,country",
    "order_lines": "order_id,line_no,product_id,quantity,unit_price,discount,line_total,unit_cost",
    "payments": "payment_id,customer_id,order_id,paid_at,amount,currency",
    "notes": "note_id,customer_id,order_id,created_at,text",
    "fx_rates": "date,currency,units_per_base",
}
META = {
    "dataset": "small",
    "sales_source": "deals",
    "as_of": "2026-03-01T00:00:00Z",
    "base_currency": "USD",
    "has_amounts": True,
    "has_costs": True,
    "has_payments": True,
}
NOW = 1_780_000_000_000
"""2026-05-28, UTC ms: the present of these tests."""
Row = dict[str, Any]
Tables = dict[str, Any]
"""Table name → rows (dicts; a missing column is an empty cell), and `meta`."""


def small() -> Tables:
    """Return a bundle with a row or more of every file: three customers, three deals, three orders."""
    return deepcopy(_SMALL)


def write(folder: Path, tables: Mapping[str, Any]) -> Path:
    """Write the bundle; tables of no rows get their header. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meta.json").write_text(json.dumps(META | tables.get("meta", {})), encoding="utf-8")
    for name, rows in tables.items():
        if name != "meta":
            write_table(folder / f"{name}.csv", COLUMNS[name].split(","), rows)
    return folder


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@dataclass
class Log:
    """A log in a folder, and imports into it."""

    store: EventStore
    keyring: SqliteKeyring
    codec: Codec

    async def take(self, bundle: Path, **options: Any) -> Report:
        """Import the bundle at NOW."""
        return await import_bundle(bundle, self.store, self.keyring, self.codec, **{"now": NOW} | options)

    async def events(self, *types: str) -> list[RecordedEvent]:
        """Return all events, or those whose type has one of these names (`DealOpened`)."""
        found = await self.store.read_all(0, 10_000_000)
        return [event for event in found if not types or event.type.split(".")[1] in types]

    async def told(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return what is stored, stream by stream: id, type, time, imputed, data; without short numbers' blocks."""
        streams: dict[str, list[tuple[Any, ...]]] = {}
        for event in await self.events():
            if not event.stream.startswith("numbers-"):
                data = self.codec.model(event).model_dump()
                streams.setdefault(event.stream, []).append(
                    (event.id, event.type, event.occurred_at, event.imputed, event.command_hash, data)
                )
        return streams


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Log]:
    """Open a log in the folder, new or not."""
    folder.mkdir(parents=True, exist_ok=True)
    store = await SqliteEventStore.open(folder / "log.db")
    keyring = await SqliteKeyring.open(folder / "keys.db")
    try:
        yield Log(store, keyring, Codec(keyring))
    finally:
        await store.close()
        await keyring.close()


def _event(seq: int, deal: str, day: str, kind: str, before: str, to: str, amount: str = "", imputed: str = "") -> Row:
    return {
        "seq": seq, "deal_id": deal, "occurred_at": f"2026-01-{day}T00:00:00Z", "type": kind, "from_stage": before,
        "to_stage": to, "amount": amount, "actor_id": "U1", "imputed": imputed,
    }  # fmt: skip


_SMALL: Tables = {
    "meta": {},
    "users": [{"user_id": "U1", "name": "Олена"}, {"user_id": "U2", "name": "Bo", "team": "A", "region": "East"}],
    "products": [
        {"product_id": "P1", "name": "Chair", "category": "Seats", "list_price": "50",
         "unit_cost": "30.1234", "currency": "USD"},
        {"product_id": "P2", "name": "Table"},
    ],
    "stages": [
        {"pipeline_id": "sales", "stage_id": "A", "position": 1, "kind": "in_work", "probability": "0.2"},
        {"pipeline_id": "sales", "stage_id": "B", "position": 2, "kind": "in_work", "probability": "0.5"},
        {"pipeline_id": "sales", "stage_id": "W", "position": 3, "kind": "won"},
        {"pipeline_id": "sales", "stage_id": "L", "position": 4, "kind": "lost"},
    ],
    "customers": [
        {"customer_id": "C1", "name": "Acme", "country": "UA", "currency": "USD", "owner_id": "U1", "phone": "+380",
         "email": "a@acme.test", "created_at": "2025-12-01T00:00:00Z"},
        {"customer_id": "C2", "name": "Bureau"},
        {"customer_id": "C3", "name": "Nobody"},
    ],
    "deals": [
        {"deal_id": "D1", "pipeline_id": "sales", "customer_id": "C1", "owner_id": "U1", "product_id": "P1",
         "amount": "10", "currency": "USD", "created_at": "2026-01-01T00:00:00Z"},
        {"deal_id": "D2", "pipeline_id": "sales", "customer_id": "C2", "owner_id": "U2", "currency": "USD",
         "created_at": "2026-01-01T00:00:00Z"},
        {"deal_id": "D3", "pipeline_id": "sales", "currency": "USD"},
    ],
    "deal_events": [
        _event(1, "D1", "01", "DealCreated", "", "A", "100"),
        _event(2, "D2", "01", "DealCreated", "", "A"),
        _event(3, "D1", "02", "DealStageChanged", "A", "B"),
        _event(4, "D1", "03", "DealTouched", "B", "B"),
        _event(5, "D2", "03", "DealStageChanged", "A", "L"),
        _event(6, "D1", "04", "DealStageChanged", "B", "W", "120.50"),
        _event(7, "D3", "05", "DealCreated", "", "A", "7", "1"),
    ],
    "orders": [
        {"order_id": "O1", "customer_id": "C1", "owner_id": "U1", "ordered_at": "2026-02-01T10:00:00Z",
         "shipped_at": "2026-02-03T00:00:00Z", "status": "Closed", "status_kind": "won", "currency": "EUR",
         "shipping_cost": "5.00", "tax": "1.00", "country": "UA"},
        {"order_id": "O2", "customer_id": "C2", "ordered_at": "2026-02-02T10:00:00Z", "status": "New",
         "status_kind": "in_work", "currency": "USD"},
        {"order_id": "O3", "ordered_at": "2026-02-02T10:00:00Z", "status": "New", "status_kind": "in_work"},
    ],
    "order_lines": [
        {"order_id": "O1", "line_no": 1, "product_id": "P1", "quantity": "2", "unit_price": "50", "discount": "0.1",
         "line_total": "90.00", "unit_cost": "30.1234"},
        {"order_id": "O1", "line_no": 2, "product_id": "P2", "quantity": "1", "unit_price": "10",
         "line_total": "10.00"},
        {"order_id": "O2", "line_no": 1, "product_id": "P2", "quantity": "0", "unit_price": "10", "line_total": "0.00"},
    ],
    "payments": [
        {"payment_id": "Y1", "customer_id": "C1", "order_id": "O1", "paid_at": "2026-02-05T00:00:00Z",
         "amount": "60", "currency": "EUR"},
        {"payment_id": "Y2", "customer_id": "C1", "paid_at": "2026-02-06T00:00:00Z", "amount": "1.50",
         "currency": "USD"},
    ],
    "notes": [
        {"note_id": "N1", "customer_id": "C1", "order_id": "O1", "created_at": "2026-02-07T00:00:00Z",
         "text": "Дзвонити\nпісля 10"},
        {"note_id": "N2", "customer_id": "C2", "text": "no time"},
    ],
    "fx_rates": [{"date": "2026-02-01", "currency": "EUR", "units_per_base": "0.8"}],
}  # fmt: skip
