"""`voronka export metrics`: the files of DEFINITIONS part 2, now or as of a past moment (DESIGN 9)."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from services.analytics.export.board_tables import all_tables
from services.analytics.export.names import FunnelName, Names
from services.analytics.export.tables import Export, Table
from services.analytics.queries.funnels import StageSpec
from services.analytics.queries.numbers import Numbers
from services.kit.engine import Engine
from services.kit.ports import Reader

_PAGE = 2_000


async def all_documents(reader: Reader, group: str, collection: str) -> AsyncIterator[Any]:
    """Yield all documents of a collection."""
    cursor = None
    while True:
        page = await reader.find(group, collection, cursor=cursor, limit=_PAGE)
        for row in page.rows:
            yield row.document
        cursor = page.next
        if cursor is None:
            return


async def names(reader: Reader, groups: dict[str, str]) -> Names:
    """Gather how exported files call things, from the read models of all services."""
    found = Names()
    async for client in all_documents(reader, groups["clients"], "clients"):
        if client.external_id:
            found.clients[client.client_id] = client.external_id
    async for deal in all_documents(reader, groups["pipeline"], "deals"):
        if deal.external_id:
            found.deals[deal.deal_id] = deal.external_id
    async for order in all_documents(reader, groups["pipeline"], "orders"):
        if order.external_id:
            found.orders[order.order_id] = order.external_id
    async for employee in all_documents(reader, groups["gateway"], "employees"):
        found.owner_names[employee.employee_id] = employee.name
        if employee.external_id:
            found.owners[employee.employee_id] = employee.external_id
    async for product in all_documents(reader, groups["catalog"], "products"):
        found.product_names[product.product_id] = product.names.get("") or next(iter(product.names.values()))
        if product.external_id:
            found.products[product.product_id] = product.external_id
    async for funnel in all_documents(reader, groups["catalog"], "funnels"):
        specs = [StageSpec(s.stage_id, s.name, s.position, s.probability) for s in funnel.stages]
        shown = {s.stage_id: s.external_id or s.stage_id for s in funnel.stages}
        found.funnels.append(
            FunnelName(funnel.funnel_id, funnel.external_id or funnel.funnel_id, funnel.subject, specs, shown)
        )
    async for settings in all_documents(reader, groups["gateway"], "settings"):
        found.base_currency = settings.base_currency or ""
    return found


async def tables(reader: Reader, groups: dict[str, str], now: int) -> tuple[dict[str, Table], dict[str, Any]]:
    """Return every exported table and JSON file; `groups`: the versioned group of each projection by its name; `now`:
    the moment shown, UTC ms."""
    numbers = await Numbers.open(reader, groups["analytics"], now)
    export = Export(numbers, await names(reader, groups), await numbers.seen())
    return await all_tables(export)


async def present_tables(engine: Engine, now: int) -> tuple[dict[str, Table], dict[str, Any]]:
    """Return every exported table and JSON file of the workspace as it is."""
    groups = await engine.served()
    async with engine.reading() as reader:
        return await tables(reader, groups, now)


def write(out: Path, found: dict[str, Table], files: dict[str, Any]) -> None:
    """Write the tables as CSV and the others as JSON into a folder, made if missing."""
    out.mkdir(parents=True, exist_ok=True)
    for name, table in found.items():
        with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)
    for name, content in files.items():
        if content:
            (out / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
