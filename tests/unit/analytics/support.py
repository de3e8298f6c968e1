"""A company's history as events: funnel `f` with A, B (in work), W, W2 (bought), L (refused), N (no class); orders with
the statuses new, done, off; clients walk through `k`: lead, buyer, gone. Money in minor units, times UTC ms."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from types import SimpleNamespace
from typing import Any

from contracts.analytics.events import SalesRulesSet, StageClass
from contracts.base import Event, to_millis
from contracts.clients.events import (
    ClientArchived,
    ClientAssigned,
    ClientDetailsChanged,
    ClientErased,
    ClientRegistered,
    ClientRestored,
    ClientStageChanged,
    ClientStatusChanged,
    ClientTemperatureChanged,
)
from contracts.gateway.events import WorkspaceSettingsChanged
from contracts.pipeline.events import (
    DealAssigned,
    DealContactsChanged,
    DealJoinedClient,
    DealLeftClient,
    DealLinesChanged,
    DealOpened,
    DealStageChanged,
    DealTouched,
    DealValueChanged,
    StageAdded,
)
from contracts.pipeline.facts import DealLine, OrderLine, Shipment, Visit
from contracts.pipeline.order_events import (
    OrderAssigned,
    OrderJoinedClient,
    OrderLeftClient,
    OrderLinesChanged,
    OrderPlaced,
    OrderShipped,
    OrderStatusChanged,
    PaymentJoinedClient,
    PaymentLeftClient,
    PaymentReceived,
    PaymentReversed,
)
from services.analytics.projections.group import ANALYTICS
from tests.support.memory import MemoryContext, recorded

H = 3_600_000
DAY = 24 * H
STAGES = {
    "f": {"A": "in_work", "B": "in_work", "W": "bought", "W2": "bought", "L": "refused", "N": "none"},
    "o": {"new": "in_work", "done": "bought", "off": "refused"},
    "k": {"lead": "in_work", "buyer": "bought", "gone": "refused"},
}
RATES = {"USD": "1", "EUR": "0.8", "JPY": "150"}
SHIFT = {"USD": 0, "EUR": 0, "JPY": 2}
"""Decimals of the base currency (USD) less those of the currency."""


def ms(text: str) -> int:
    """UTC milliseconds of a text such as 2026-01-05 or 2026-01-05T10:00."""
    return to_millis(datetime.fromisoformat(text).replace(tzinfo=UTC))


T0 = ms("2026-01-01")


def in_base(minor: int, currency: str) -> int:
    exact = (Decimal(minor) / Decimal(RATES[currency])).scaleb(SHIFT[currency])
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


class Story:
    """Events in order, and what their writer knows: facts as dicts, with their stays as `Visit`."""

    def __init__(self, *, stages: dict[str, dict[str, str]] = STAGES, now: int = T0) -> None:
        self.events: list[tuple[str, Event]] = []
        self.now = now
        self.deals: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self.ways: dict[str, tuple[str, int]] = {}
        self.classes: dict[str, str] = {}
        self.sources: list[str] = ["clients", "deals", "orders"]
        for funnel, of in stages.items():
            for stage, kind in of.items():
                self.stage(funnel, stage, kind)

    def _add(self, stream: str, event: Event, at: int | None, imputed: bool = False) -> None:
        if at is not None:
            self.now = at
        self.events.append((stream, event.model_copy(update={"occurred_at": self.now, "imputed": imputed})))

    # ------------------------------------------------------------ reference

    def stage(self, funnel: str, stage: str, kind: Any, at: int | None = None) -> None:
        event = StageAdded(funnel_id=funnel, stage_id=stage, name=stage, position=1, kind=kind)
        self._add(f"funnel-{funnel}", event, at)

    def rules(self, *sources: Any, at: int | None = None, **classes: Any) -> None:
        """Set the sources (none: as they were) and the classes of stages of `f`; `o_done` names one of another."""
        self.sources = list(sources) or self.sources
        self.classes = classes
        named = []
        for name, kind in classes.items():
            funnel, _, stage = name.rpartition("_")
            named.append(StageClass(funnel_id=funnel or "f", stage_id=stage, kind=kind))
        self._add("rules-sales", SalesRulesSet(sources=self.sources, classes=named), at)

    def zone(self, zone: str, at: int | None = None) -> None:
        self._add("settings-workspace", WorkspaceSettingsChanged(base_currency="USD", zone=zone), at)

    # ------------------------------------------------------------ clients

    def client(self, id: str = "c1", at: int | None = None, *, imputed: bool = False, **more: Any) -> None:
        self.people[id] = {"country": None, "segment": None, "category": None, "owner_id": None} | more
        event = ClientRegistered(client_id=id, kind="company", name=id, number=1, **more)
        self._add(f"client-{id}", event, at, imputed)

    def details(self, id: str, at: int | None = None, **more: Any) -> None:
        self.people[id] |= more
        now = {name: self.people[id].get(name) for name in ("country", "segment", "category")}
        now["tags"] = self.people[id].get("tags", [])
        self._add(f"client-{id}", ClientDetailsChanged(client_id=id, kind="company", name=id, **now), at)

    def client_owner(self, id: str, owner: str | None, at: int | None = None) -> None:
        self._add(f"client-{id}", ClientAssigned(client_id=id, to_owner=owner), at)

    def client_status(self, id: str, status: Any, at: int | None = None) -> None:
        self._add(f"client-{id}", ClientStatusChanged(client_id=id, from_status="potential", to_status=status), at)

    def temperature(self, id: str, degree: Any, at: int | None = None) -> None:
        self._add(f"client-{id}", ClientTemperatureChanged(client_id=id, to_temperature=degree), at)

    def archive(self, id: str, at: int | None = None, *, back: bool = False) -> None:
        event = ClientRestored(client_id=id) if back else ClientArchived(client_id=id)
        self._add(f"client-{id}", event, at)

    def erase(self, id: str, at: int | None = None) -> None:
        self._add(f"client-{id}", ClientErased(client_id=id), at)

    def walk(self, id: str, stage: str, value: int = 0, at: int | None = None, *, owner: str | None = None) -> None:
        before, since = self.ways.get(id, (None, None))
        self._add(
            f"client-{id}",
            ClientStageChanged(
                client_id=id, funnel_id="k", from_stage=before, to_stage=stage, from_entered_at=since, owner_id=owner,
                value=value, currency="USD", base_value=value,
            ),
            at,
        )  # fmt: skip
        self.ways[id] = (stage, self.now)

    # ------------------------------------------------------------ deals

    def deal(self, id: str = "d1", stage: str = "A", value: int = 0, at: int | None = None, *,
             client: str | None = "c1", owner: str | None = "u1", contacts: Any = (), currency: str | None = "USD",
             lines: Any = (), imputed: bool = False) -> None:  # fmt: skip
        self.deals[id] = {
            "deal_id": id, "client_id": client, "contact_ids": list(contacts), "owner_id": owner, "funnel_id": "f",
            "stage_id": stage, "value": value, "currency": currency, "rate": RATES[currency or "USD"],
            "base_value": in_base(value, currency or "USD"), "lines": list(lines), "visits": [],
            "opened_at": self.now if at is None else at, "opened_imputed": imputed,
        }  # fmt: skip
        self._add(f"deal-{id}", DealOpened(**self._of_deal(id), number=1, lines=list(lines)), at, imputed)
        self.deals[id]["visits"] = [Visit(stage_id=stage, entered_at=self.now, imputed=imputed)]

    def _of_deal(self, id: str) -> dict[str, Any]:
        hidden = {"lines", "visits", "opened_at", "opened_imputed"}
        return {name: value for name, value in self.deals[id].items() if name not in hidden}

    def move(self, id: str, stage: str, at: int | None = None, *, imputed: bool = False) -> None:
        deal = self.deals[id]
        before, since = deal["stage_id"], deal["visits"][-1].entered_at
        deal["stage_id"] = stage
        event = DealStageChanged(**self._of_deal(id), from_stage=before, from_entered_at=since)
        self._add(f"deal-{id}", event, at, imputed)
        deal["visits"] = entered(deal["visits"], stage, self.now, imputed)

    def value(self, id: str, value: int, at: int | None = None, currency: str | None = None) -> None:
        deal = self.deals[id]
        code = currency or deal["currency"] or "USD"
        deal |= {"value": value, "currency": code, "rate": RATES[code], "base_value": in_base(value, code)}
        self._add(f"deal-{id}", DealValueChanged(**self._of_deal(id), lines=deal["lines"]), at)

    def lines(self, id: str, *lines: DealLine, at: int | None = None) -> None:
        self.deals[id]["lines"] = list(lines)
        self._add(f"deal-{id}", DealLinesChanged(**self._of_deal(id), lines=list(lines)), at)

    def contacts(self, id: str, *contacts: str, at: int | None = None) -> None:
        self.deals[id]["contact_ids"] = list(contacts)
        self._add(f"deal-{id}", DealContactsChanged(**self._of_deal(id)), at)

    def owner(self, id: str, owner: str | None, at: int | None = None) -> None:
        before, self.deals[id]["owner_id"] = self.deals[id]["owner_id"], owner
        self._add(f"deal-{id}", DealAssigned(**self._of_deal(id), from_owner=before), at)

    def touch(self, id: str, at: int | None = None) -> None:
        ids = {name: self.deals[id][name] for name in ("deal_id", "client_id", "funnel_id", "stage_id")}
        self._add(f"deal-{id}", DealTouched(**ids), at)

    def hand_over(self, id: str, client: str | None, at: int | None = None) -> None:
        deal = self.deals[id]
        before, deal["client_id"] = deal["client_id"], client
        self._add(f"deal-{id}", DealLeftClient(deal_id=id, client_id=before, to_client=client), at)
        joined = DealJoinedClient(
            **self._of_deal(id), number=1, from_client=before, lines=deal["lines"], opened_at=deal["opened_at"],
            opened_imputed=deal["opened_imputed"], visits=deal["visits"],
        )  # fmt: skip
        self._add(f"deal-{id}", joined, at)

    # ------------------------------------------------------------ orders

    def order(self, id: str = "o1", status: str = "new", at: int | None = None, *, client: str | None = "c1",
              owner: str | None = "u1", contacts: Any = (), lines: Any = (), total: int | None = None,
              currency: str = "USD", shipping: int = 0, tax: int = 0, deal: str | None = None,
              required_at: int | None = None, branch: str | None = None, imputed: bool = False) -> None:  # fmt: skip
        self.orders[id] = {
            "order_id": id, "client_id": client, "contact_ids": list(contacts), "owner_id": owner, "deal_id": deal,
            "funnel_id": "o", "status": status, "currency": currency, "rate": RATES[currency],
            "base_shipping": shipping, "base_tax": tax, "number": 1, "required_at": required_at, "branch": branch,
        } | self._priced(lines, total, currency)  # fmt: skip
        self._add(f"order-{id}", OrderPlaced(**self.orders[id]), at, imputed)
        self.orders[id] |= {
            "visits": [Visit(stage_id=status, entered_at=self.now, imputed=imputed)],
            "ordered_at": self.now, "ordered_imputed": imputed, "shipment": None,
        }  # fmt: skip

    def _priced(self, lines: Any, total: int | None, currency: str) -> dict[str, Any]:
        """`lines`: (product, quantity, total, cost of the line or None)."""
        made = [
            OrderLine(line_no=n, product_id=p, quantity=str(q), unit_price="1", total=t, cost=c)
            for n, (p, q, t, c) in enumerate(lines, 1)
        ]
        costs = [line.cost for line in made if line.cost is not None]
        whole = sum(line.total for line in made) if total is None else total
        return {
            "lines": made, "total": whole, "base_total": in_base(whole, currency),
            "base_cost": in_base(sum(costs), currency) if costs else None,
        }  # fmt: skip

    def _of_order(self, id: str, *more: str) -> dict[str, Any]:
        hidden = {"lines", "visits", "ordered_at", "ordered_imputed", "shipment", "number", "required_at", "branch"}
        return {name: value for name, value in self.orders[id].items() if name not in hidden or name in more}

    def status(self, id: str, status: str, at: int | None = None) -> None:
        order = self.orders[id]
        before, order["status"] = order["status"], status
        since = order["visits"][-1].entered_at
        event = OrderStatusChanged(**self._of_order(id), from_status=before, from_entered_at=since)
        self._add(f"order-{id}", event, at)
        order["visits"] = entered(order["visits"], status, self.now, False)

    def order_lines(self, id: str, lines: Any, at: int | None = None) -> None:
        self.orders[id] |= self._priced(lines, None, self.orders[id]["currency"])
        self._add(f"order-{id}", OrderLinesChanged(**self._of_order(id, "lines")), at)

    def order_owner(self, id: str, owner: str | None, at: int | None = None) -> None:
        self.orders[id]["owner_id"] = owner
        self._add(f"order-{id}", OrderAssigned(**self._of_order(id)), at)

    def ship(self, id: str, at: int | None = None, branch: str | None = None) -> None:
        order = self.orders[id]
        event = OrderShipped(**self._of_order(id, "lines", "ordered_at"), branch=branch)
        self._add(f"order-{id}", event, at)
        order["shipment"] = Shipment(
            shipped_at=self.now, branch=branch, goods=order["base_total"], cost=order["base_cost"],
            shipping=order["base_shipping"],
        )  # fmt: skip

    def order_client(self, id: str, client: str | None, at: int | None = None) -> None:
        order = self.orders[id]
        before, order["client_id"] = order["client_id"], client
        self._add(f"order-{id}", OrderLeftClient(order_id=id, client_id=before, to_client=client), at)
        self._add(f"order-{id}", OrderJoinedClient(**order, from_client=before), at)

    # ------------------------------------------------------------ payments

    def pay(self, id: str, amount: int, at: int | None = None, *, client: str | None = "c1", owner: str | None = "u1",
            branch: str | None = None) -> None:  # fmt: skip
        self.payments[id] = {
            "payment_id": id, "client_id": client, "owner_id": owner, "amount": amount, "currency": "USD",
            "base_amount": amount, "branch": branch,
        }  # fmt: skip
        self._add(f"payment-{id}", PaymentReceived(**self.payments[id]), at)
        self.payments[id] |= {"paid_at": self.now, "reversed_at": None}

    def _of_payment(self, id: str) -> dict[str, Any]:
        return {k: v for k, v in self.payments[id].items() if k not in {"paid_at", "reversed_at"}}

    def reverse(self, id: str, at: int | None = None) -> None:
        self._add(f"payment-{id}", PaymentReversed(**self._of_payment(id)), at)
        self.payments[id]["reversed_at"] = self.now

    def payment_client(self, id: str, client: str | None, at: int | None = None) -> None:
        payment = self.payments[id]
        before, payment["client_id"] = payment["client_id"], client
        self._add(f"payment-{id}", PaymentLeftClient(payment_id=id, client_id=before, to_client=client), at)
        self._add(f"payment-{id}", PaymentJoinedClient(**payment, from_client=before), at)

    # ------------------------------------------------------------ folding

    def recorded(self) -> list[Any]:
        """Return the events as stored."""
        versions: Counter[str] = Counter()
        stored = []
        for position, (stream, event) in enumerate(self.events, 1):
            versions[stream] += 1
            stored.append(recorded(event, stream=stream, version=versions[stream], position=position))
        return stored

    def fold(self, *, work: bool = True) -> MemoryContext:
        """Fold the story in memory, then do the background work."""
        context = MemoryContext(ANALYTICS)
        for event in self.recorded():
            context.take(event)
        if work:
            context.work()
        return context


def entered(visits: list[Visit], stage: str, at: int, imputed: bool) -> list[Visit]:
    last = visits[-1]
    if last.stage_id == stage:
        return visits
    left = last.model_copy(update={"left_at": at, "imputed": last.imputed or imputed})
    return [*visits[:-1], left, Visit(stage_id=stage, entered_at=at, imputed=imputed)]


# ------------------------------------------------------------ looking at what was folded


def lane(context: MemoryContext) -> Any:
    return context.documents["lane"]["lane"]


def row(context: MemoryContext, subject: str = "c1") -> Any:
    """The row of a client or contact under the active rules; None if there is none."""
    return context.documents["rows"].get(f"{lane(context).active.id}:{subject}")


def eight(found: Any) -> tuple[int, ...]:
    return (
        found.sales_count, found.sales_sum, found.avg_check, found.in_work_count, found.in_work_sum,
        found.refused_count, found.refused_sum,
    )  # fmt: skip


def sums(context: MemoryContext, counter: str, *by: str, **where: Any) -> dict[Any, tuple[int, ...]]:
    """Add up a counter by these keys: one key alone, or a tuple of them; () for none. Rows of 0 are left out."""
    shape = next(c for c in context.projection.counters if c.name == counter)
    names = list(shape.keys)
    if "rules" in names:
        where.setdefault("rules", lane(context).active.id)
    found: dict[Any, tuple[int, ...]] = {}
    for key, values in context.counters[counter].items():
        known = dict(zip(names, key, strict=True))
        if all(known[name] == value for name, value in where.items()):
            group: Any = tuple(known[name] for name in by)
            group = group[0] if len(by) == 1 else group
            found[group] = tuple(map(sum, zip(found.get(group, (0,) * len(values)), values, strict=True)))
    return {group: values for group, values in found.items() if any(values)}


def total(context: MemoryContext, counter: str, **where: Any) -> SimpleNamespace:
    """Return a counter's sums over all keys by the names of its values; 0 where nothing was counted."""
    names = next(c for c in context.projection.counters if c.name == counter).values
    values = sums(context, counter, **where).get((), (0,) * len(names))
    return SimpleNamespace(**dict(zip(names, values, strict=True)))


def values(context: MemoryContext, dist: str, **where: Any) -> list[int]:
    """Return the plain list that a distribution stands for."""
    found = sums(context, "dist_values", "value", dist=dist, **where)
    return sorted(v for v, (times,) in found.items() for _ in range(times))
