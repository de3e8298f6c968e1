"""What the numbers must be: a plain loop over the raw JSON of the log. Shares no code with the product's folds."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.data import STAGES, STATUSES

FIELDS = (
    "sales_count", "sales_sum", "in_work_count", "in_work_sum", "refused_count", "refused_sum", "first_sale_at",
    "last_sale_at", "paid",
)  # fmt: skip
_KINDS = {**dict(STAGES), **{f"order {name}": kind for name, kind in STATUSES}}
_PLACES = {"bought": 0, "in_work": 2, "refused": 4}


def client_numbers(folder: Path, until: int) -> dict[str, tuple[Any, ...]]:
    """Return FIELDS of every client that has any, as of a position of the log."""
    deals: dict[str, list[Any]] = {}
    orders: dict[str, list[Any]] = {}
    paid: defaultdict[str, int] = defaultdict(int)
    log = sqlite3.connect(folder / "log.sqlite")
    rows = log.execute("SELECT type, occurred_at, data FROM events WHERE position <= ? ORDER BY position", (until,))
    for type_, at, raw in rows:
        name = type_.split(".")[1]
        data = json.loads(raw)
        if name in {"DealOpened", "DealStageChanged"}:
            kind = _KINDS[data["stage_id"]]
            known = deals.get(data["deal_id"])
            since = known[2] if known is not None and known[1] == kind else at
            deals[data["deal_id"]] = [data["client_id"], kind, since, data["base_value"]]
        elif name.startswith("Order"):
            since = orders[data["order_id"]][2] if name != "OrderPlaced" else at
            kind = _KINDS["order " + data["status"]]
            orders[data["order_id"]] = [data["client_id"], kind, since, data["base_total"]]
        elif name == "PaymentReceived":
            paid[data["client_id"]] += data["base_amount"]
    log.close()
    sums: defaultdict[str, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0, None, None, 0])
    for client, kind, since, value in (*deals.values(), *orders.values()):
        mine, place = sums[client], _PLACES[kind]
        mine[place] += 1
        mine[place + 1] += value
        if kind == "bought":
            mine[6] = since if mine[6] is None else min(mine[6], since)
            mine[7] = since if mine[7] is None else max(mine[7], since)
    for client, amount in paid.items():
        sums[client][8] = amount
    return {client: tuple(values) for client, values in sums.items()}
