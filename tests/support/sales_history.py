"""A small company's history in a few lines: funnel `f` with A, B (in work), W, W2 (bought), L (refused), N (no class);
orders with the statuses `new`, `done`, `off`. Money in minor units; times as texts such as 2026-01-05T10:00."""

from pathlib import Path
from typing import Any

from contracts.analytics.events import SalesRulesSet, Source, StageClass
from contracts.base import Event
from contracts.clients.events import ClientRegistered, ClientStageChanged
from contracts.gateway.events import EmployeeAdded, WorkspaceSettingsChanged
from contracts.pipeline.events import (
    DealJoinedClient,
    DealLeftClient,
    DealOpened,
    DealStageChanged,
    DealTouched,
    DealValueChanged,
    FunnelDefined,
    StageAdded,
)
from contracts.pipeline.order_events import OrderPlaced, OrderShipped, OrderStatusChanged, PaymentReceived
from services.analytics.oracle.run import Oracle, recompute
from tests.support.event_log import EventLog, at

START = "2000-01-01"
FUNNEL = {"A": "in_work", "B": "in_work", "W": "bought", "W2": "bought", "L": "refused", "N": "none"}
STATUSES = {"new": "in_work", "done": "bought", "off": "refused"}


class History:
    def __init__(self, base_currency: str | None = "USD") -> None:
        self.log = EventLog()
        self.facts: dict[str, dict[str, Any]] = {}
        self.add("settings-workspace", WorkspaceSettingsChanged(base_currency=base_currency), START)
        self.funnel("f", "deal", FUNNEL)
        self.funnel("o", "order", STATUSES)
        self.add("employee-u1", EmployeeAdded(employee_id="u1", name="Ann"), START)

    def add(self, stream: str, event: Event, when: str, *, imputed: bool = False) -> None:
        self.log.add(stream, event, when, imputed=imputed)

    def funnel(self, funnel: str, subject: Any, stages: dict[str, Any]) -> None:
        self.add(f"funnel-{funnel}", FunnelDefined(funnel_id=funnel, name=funnel, subject=subject), START)
        for place, (stage, kind) in enumerate(stages.items(), 1):
            added = StageAdded(
                funnel_id=funnel, stage_id=stage, name=stage, position=place, kind=kind, probability="0.5"
            )
            self.add(f"funnel-{funnel}", added, START)

    def rules(self, *sources: Source, classes: dict[str, Any] | None = None, when: str = START) -> None:
        named = [StageClass(funnel_id="f", stage_id=stage, kind=kind) for stage, kind in (classes or {}).items()]
        self.add("rules-sales", SalesRulesSet(sources=list(sources), classes=named), when)

    def client(self, client: str = "c1", **more: Any) -> None:
        registered = ClientRegistered(client_id=client, kind="company", name=client, number=1, **more)
        self.add(f"client-{client}", registered, START)

    def deal(self, deal: str, stage: str, when: str, *, imputed: bool = False, lines: Any = (), **more: Any) -> None:
        facts = {"client_id": "c1", "owner_id": "u1", "funnel_id": "f", "stage_id": stage, "currency": "USD", **more}
        self.facts[deal] = {"deal_id": deal, **facts, "base_value": more.get("base_value", more.get("value", 0))}
        self.add(f"deal-{deal}", DealOpened(**self.facts[deal], number=1, lines=list(lines)), when, imputed=imputed)

    def move(self, deal: str, stage: str, when: str, *, imputed: bool = False) -> None:
        before = self.facts[deal]["stage_id"]
        self.facts[deal]["stage_id"] = stage
        moved = DealStageChanged(**self.facts[deal], from_stage=before, from_entered_at=0)
        self.add(f"deal-{deal}", moved, when, imputed=imputed)

    def value(self, deal: str, value: int, when: str) -> None:
        self.facts[deal] |= {"value": value, "base_value": value}
        self.add(f"deal-{deal}", DealValueChanged(**self.facts[deal]), when)

    def touch(self, deal: str, when: str) -> None:
        ids = {key: self.facts[deal][key] for key in ("deal_id", "client_id", "funnel_id", "stage_id")}
        self.add(f"deal-{deal}", DealTouched(**ids), when)

    def hand_over(self, deal: str, client: str | None, when: str) -> None:
        old, self.facts[deal]["client_id"] = self.facts[deal]["client_id"], client
        self.add(f"deal-{deal}", DealLeftClient(deal_id=deal, client_id=old, to_client=client), when)
        joined = DealJoinedClient(**self.facts[deal], number=1, from_client=old, opened_at=0, visits=[])
        self.add(f"deal-{deal}", joined, when)

    def order(self, order: str, status: str, when: str, **more: Any) -> None:
        facts = {"client_id": "c1", "owner_id": "u1", "funnel_id": "o", "status": status, "currency": "USD", **more}
        facts["base_total"] = more.get("base_total", more.get("total", 0))
        self.facts[order] = {"order_id": order, **facts}
        self.add(f"order-{order}", OrderPlaced(**self.facts[order], number=1), when)

    def status(self, order: str, status: str, when: str) -> None:
        before = self.facts[order]["status"]
        self.facts[order]["status"] = status
        changed = OrderStatusChanged(**self.facts[order], from_status=before, from_entered_at=0)
        self.add(f"order-{order}", changed, when)

    def ship(self, order: str, when: str) -> None:
        self.add(f"order-{order}", OrderShipped(**self.facts[order], ordered_at=0), when)

    def paid(self, payment: str, amount: int, when: str, **more: Any) -> None:
        facts = {"client_id": "c1", "owner_id": "u1", "currency": "USD", **more}
        self.facts[payment] = {"payment_id": payment, "amount": amount, "base_amount": amount, **facts}
        self.add(f"payment-{payment}", PaymentReceived(**self.facts[payment]), when)

    def client_stage(self, client: str, funnel: str, stage: str, value: int, when: str) -> None:
        moved = ClientStageChanged(client_id=client, funnel_id=funnel, to_stage=stage, value=value, base_value=value)
        self.add(f"client-{client}", moved, when)

    def oracle(self, folder: Path, *, as_of: str | None = None, now: str | None = None) -> Oracle:
        events = self.log.write(folder / "events.jsonl")
        return recompute(events, as_of=at(as_of) if as_of else None, as_of_shown=at(now) if now else None)


def rows(oracle: Oracle, table: str, *columns: str) -> list[tuple[str, ...]]:
    """The rows of a table, cut down to some columns; none when the file is absent."""
    return [tuple(row[column] for column in columns) for row in oracle.table(table)]
