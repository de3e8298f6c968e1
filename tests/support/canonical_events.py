"""Test only: turns a canonical bundle (DEFINITIONS 1) into event lines; a second opinion on the importer.

Ids are the external ids where they may be ids, else a hash of them."""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts.analytics.events import SalesRulesSet, StageClass
from contracts.clients.events import ClientRegistered
from contracts.gateway.events import EmployeeAdded, WorkspaceSettingsChanged
from contracts.pipeline.events import (
    DealOpened,
    DealStageChanged,
    DealTouched,
    DealValueChanged,
    FunnelDefined,
    ProductAdded,
    StageAdded,
)
from contracts.pipeline.facts import DealLine, OrderLine
from contracts.pipeline.order_events import OrderPlaced, OrderShipped, PaymentReceived
from tests.support.event_log import EventLog, at

KINDS = {"in_work": "in_work", "won": "bought", "lost": "refused"}
BEGINNING = at("1970-01-01T00:00:00Z")
Row = dict[str, str]


def ident(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", text) else sha256(text.encode()).hexdigest()[:32]


def some(text: str) -> str | None:
    return ident(text) if text else None


def whole(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def minor(text: str) -> int:
    return whole(Decimal(text or "0") * 100)


def convert(folder: Path) -> EventLog:
    """Return the log of a bundle; currencies are taken to have two decimals."""

    def rows(name: str) -> list[Row]:
        path = folder / f"{name}.csv"
        return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline=""))) if path.exists() else []

    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    log = EventLog()
    settings = WorkspaceSettingsChanged(base_currency=meta["base_currency"] or None)
    log.add("settings-workspace", settings, BEGINNING)
    for row in rows("users"):
        user = EmployeeAdded(employee_id=ident(row["user_id"]), name=row["name"], external_id=row["user_id"])
        log.add(f"employee-{row['user_id']}", user, BEGINNING)
    for row in rows("products"):
        product = ProductAdded(
            product_id=ident(row["product_id"]), names={"": row["name"]}, external_id=row["product_id"]
        )
        log.add(f"product-{row['product_id']}", product, BEGINNING)
    owners: dict[str, str | None] = {}
    for number, row in enumerate(rows("customers"), 1):
        owners[row["customer_id"]] = some(row["owner_id"])
        client = ClientRegistered(
            client_id=ident(row["customer_id"]), kind="company", name=row["name"] or "?", number=number,
            country=row["country"] or None, segment=row["segment"] or None, owner_id=some(row["owner_id"]),
            external_id=row["customer_id"],
        )  # fmt: skip
        log.add(f"client-{row['customer_id']}", client, BEGINNING, imputed=True)
    classes = deals(log, rows) + orders(log, rows, meta, owners)
    log.add("rules-sales", SalesRulesSet(sources=[meta["sales_source"]], classes=classes), BEGINNING)
    return log


def deals(log: EventLog, rows: Callable[[str], list[Row]]) -> list[StageClass]:
    """Funnels, then the deals in replay order."""
    classes, entered = [], {}
    for row in rows("stages"):
        funnel, stage = ident(row["pipeline_id"]), ident(row["stage_id"])
        if funnel not in entered:
            entered[funnel] = 0
            defined = FunnelDefined(
                funnel_id=funnel, name=row["pipeline_id"], subject="deal", external_id=row["pipeline_id"]
            )
            log.add(f"funnel-{funnel}", defined, BEGINNING)
        added = StageAdded(
            funnel_id=funnel, stage_id=stage, name=row["stage_id"], position=int(row["position"]),
            probability=row["probability"] or None, external_id=row["stage_id"],
        )  # fmt: skip
        log.add(f"funnel-{funnel}", added, BEGINNING)
        classes.append(StageClass(funnel_id=funnel, stage_id=stage, kind=KINDS[row["kind"]]))
    known = {row["deal_id"]: row for row in rows("deals")}
    state: dict[str, dict[str, Any]] = {}
    since: dict[str, int] = {}
    for number, row in enumerate(rows("deal_events"), 1):
        name, deal, when = row["deal_id"], known[row["deal_id"]], at(row["occurred_at"])
        imputed, stream = row["imputed"] == "1", f"deal-{row['deal_id']}"
        if row["type"] == "DealTouched":
            touched = {key: state[name][key] for key in ("deal_id", "client_id", "funnel_id", "stage_id")}
            log.add(stream, DealTouched(**touched), when, imputed=imputed)
            continue
        before = state.get(name, {})
        amount = minor(row["amount"]) if row["amount"] else before.get("value", 0)
        facts = state[name] = {
            "deal_id": ident(name), "client_id": some(deal["customer_id"]), "owner_id": some(deal["owner_id"]),
            "funnel_id": ident(deal["pipeline_id"]), "stage_id": ident(row["to_stage"]), "value": amount,
            "base_value": amount, "currency": deal["currency"] or None,
        }  # fmt: skip
        lines = [DealLine(product_id=ident(deal["product_id"]))] if deal["product_id"] else []
        if row["type"] == "DealCreated":
            opened = DealOpened(**facts, number=number, lines=lines, external_id=name)
            log.add(stream, opened, when, imputed=imputed)
        else:
            if row["amount"]:
                valued = DealValueChanged(**{**facts, "stage_id": before["stage_id"]}, lines=lines)
                log.add(stream, valued, when, imputed=imputed)
            moved = DealStageChanged(**facts, from_stage=before["stage_id"], from_entered_at=since[name])
            log.add(stream, moved, when, imputed=imputed)
        since[name] = when
    return classes


def orders(
    log: EventLog, rows: Callable[[str], list[Row]], meta: dict[str, Any], owners: dict[str, str | None]
) -> list[StageClass]:
    """Orders with their lines, shipments and payments."""
    rates = {(row["date"], row["currency"]): row["units_per_base"] for row in rows("fx_rates")}
    lines: defaultdict[str, list[OrderLine]] = defaultdict(list)
    for row in rows("order_lines"):
        if Decimal(row["quantity"]) <= 0:
            continue  # contracts refuse a line of nothing; it adds nothing to any number
        cost = whole(Decimal(row["unit_cost"]) * Decimal(row["quantity"]) * 100) if row["unit_cost"] else None
        lines[row["order_id"]].append(
            OrderLine(
                line_no=int(row["line_no"]), product_id=ident(row["product_id"]), quantity=row["quantity"],
                unit_price=row["unit_price"], discount=row["discount"] or "0", total=minor(row["line_total"]),
                unit_cost=row["unit_cost"] or None, cost=cost,
            )
        )  # fmt: skip
    classes: dict[str, StageClass] = {}
    for number, row in enumerate(rows("orders"), 1):
        status = ident(row["status"])
        if status not in classes:
            if not classes:
                log.add("funnel-orders", FunnelDefined(funnel_id="orders", name="o", subject="order"), BEGINNING)
            added = StageAdded(
                funnel_id="orders", stage_id=status, name=row["status"], position=number, external_id=row["status"]
            )
            log.add("funnel-orders", added, BEGINNING)
            classes[status] = StageClass(funnel_id="orders", stage_id=status, kind=KINDS[row["status_kind"]])
        owners[f"order {row['order_id']}"] = some(row["owner_id"])
        mine, when = lines[row["order_id"]], at(row["ordered_at"])
        foreign = row["currency"] and row["currency"] != meta["base_currency"]
        day = row["ordered_at"][:10]
        rate = rates[day, row["currency"]] if foreign else "1"
        total, costs = sum(line.total for line in mine), [line.cost for line in mine if line.cost is not None]
        base_cost = whole(sum(costs) / Decimal(rate)) if costs else None
        facts = {
            "order_id": ident(row["order_id"]), "client_id": some(row["customer_id"]),
            "currency": row["currency"] or None, "owner_id": some(row["owner_id"]), "funnel_id": "orders",
            "status": status, "rate": rate, "total": total, "base_total": whole(total / Decimal(rate)),
            "base_cost": base_cost,
            "base_shipping": minor(row["shipping_cost"]), "base_tax": minor(row["tax"]), "lines": mine,
        }  # fmt: skip
        stream = f"order-{row['order_id']}"
        required = at(row["required_at"]) if row["required_at"] else None
        placed = OrderPlaced(**facts, number=number, required_at=required, external_id=row["order_id"])
        log.add(stream, placed, when, imputed=True)
        if row["shipped_at"]:
            log.add(stream, OrderShipped(**facts, ordered_at=when), row["shipped_at"])
    for row in rows("payments"):
        owner = owners.get(f"order {row['order_id']}") or owners.get(row["customer_id"])
        paid = PaymentReceived(
            payment_id=ident(row["payment_id"]), client_id=some(row["customer_id"]), order_id=some(row["order_id"]),
            owner_id=owner, amount=minor(row["amount"]), base_amount=minor(row["amount"]),
            currency=row["currency"] or "USD", external_id=row["payment_id"],
        )  # fmt: skip
        log.add(f"payment-{row['payment_id']}", paid, row["paid_at"])
    return list(classes.values())
