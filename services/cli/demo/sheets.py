"""The files of a demo bundle: rows are written as they come, and counted."""

from __future__ import annotations

import csv
import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

_EVENTS = "seq,deal_id,occurred_at,type,from_stage,to_stage,amount,actor_id,imputed"
_ORDERS = (
    "order_id,customer_id,owner_id,ordered_at,required_at,shipped_at,status,status_kind,currency,shipping_cost,tax,"
    "country"
)
_LINES = "order_id,line_no,product_id,quantity,unit_price,discount,line_total,unit_cost"


class Sheet:
    """One CSV file. `add` takes a row of cells."""

    def __init__(self, stack: ExitStack, folder: Path, name: str, columns: str) -> None:
        file = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
        self.add = csv.writer(file, lineterminator="\n").writerow
        self.add(columns.split(","))


class Sheets:
    """All files of a bundle (DEFINITIONS 1), open until left."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._stack = stack = ExitStack()
        self.users = Sheet(stack, folder, "users", "user_id,name,team,manager,region")
        self.products = Sheet(stack, folder, "products", "product_id,name,category,list_price,unit_cost,currency")
        self.stages = Sheet(stack, folder, "stages", "pipeline_id,stage_id,position,kind,probability")
        self.customers = Sheet(
            stack, folder, "customers", "customer_id,name,segment,country,city,currency,owner_id,email,phone,created_at"
        )
        self.deals = Sheet(
            stack,
            folder,
            "deals",
            "deal_id,pipeline_id,customer_id,owner_id,product_id,country,amount,currency,created_at",
        )
        self.deal_events = Sheet(stack, folder, "deal_events", _EVENTS)
        self.orders = Sheet(stack, folder, "orders", _ORDERS)
        self.order_lines = Sheet(stack, folder, "order_lines", _LINES)
        self.payments = Sheet(stack, folder, "payments", "payment_id,customer_id,order_id,paid_at,amount,currency")
        self.notes = Sheet(stack, folder, "notes", "note_id,customer_id,order_id,created_at,text")
        self.fx_rates = Sheet(stack, folder, "fx_rates", "date,currency,units_per_base")

    def meta(self, told: dict[str, Any]) -> None:
        """Write `meta.json`."""
        text = json.dumps(told, ensure_ascii=False, indent=1)
        (self._folder / "meta.json").write_text(text + "\n", encoding="utf-8")

    def __enter__(self) -> Sheets:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()


def euros(cents: int) -> str:
    """Return whole cents as a decimal amount: 1234 → 12.34."""
    return f"{cents // 100}.{cents % 100:02d}"
