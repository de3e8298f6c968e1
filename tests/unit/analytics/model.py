"""DEFINITIONS once more, in plain Python over the final facts; shares no code with services/."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from contracts.base import Event
from tests.unit.analytics.support import Story

CLASSES = ("bought", "in_work", "refused", "none")


class Model:
    """What is true after a story, under its last rules and zone."""

    def __init__(self, story: Story) -> None:
        self.kinds: dict[tuple[str, str], str] = {}
        self.named: dict[tuple[str, str], str] = {}
        self.sources = ["clients", "deals", "orders"]
        self.zone = "UTC"
        self.people: dict[str, dict[str, Any]] = {}
        self.away: set[str] = set()
        ways: dict[str, dict[str, Any]] = {}
        for _, event in story.events:
            self._take(event, ways)
        self.facts = [self._deal(d) for d in story.deals.values()] + [self._order(o) for o in story.orders.values()]
        self.facts += ways.values()
        self.payments = list(story.payments.values())
        for fact in self.facts:
            fact["class"] = self.kind(fact["funnel"], fact["stage"])
            fact["counted"] = fact["source"] in self.sources and not (fact["of_deal"] and "deals" in self.sources)
            fact["at"] = self._since(fact)

    def _take(self, event: Event, ways: dict[str, dict[str, Any]]) -> None:
        name, data = type(event).__name__, event.model_dump()
        if name == "StageAdded":
            self.kinds[data["funnel_id"], data["stage_id"]] = data["kind"]
        elif name == "SalesRulesSet":
            self.sources = data["sources"]
            self.named = {(c["funnel_id"], c["stage_id"]): c["kind"] for c in data["classes"]}
        elif name == "WorkspaceSettingsChanged":
            self.zone = data["zone"]
        elif name in ("ClientRegistered", "ClientDetailsChanged", "ClientAssigned"):
            mine = self.people.setdefault(data["client_id"], {})
            mine |= {k: data[k] or "" for k in ("country", "segment", "category", "owner_id") if k in data}
            mine |= {"owner_id": data["to_owner"] or ""} if "to_owner" in data else {}
        elif name == "ClientArchived":
            self.away.add(data["client_id"])
        elif name == "ClientRestored":
            self.away.discard(data["client_id"])
        elif name == "ClientStageChanged":
            way = ways.setdefault(data["client_id"], {"created": event.occurred_at, "stays": []})
            if not way["stays"] or way["stays"][-1][0] != data["to_stage"]:
                if way["stays"]:
                    way["stays"][-1][2] = event.occurred_at
                way["stays"].append([data["to_stage"], event.occurred_at, None, False])
            way |= {
                "source": "clients", "funnel": data["funnel_id"], "stage": data["to_stage"], "contacts": [],
                "client": data["client_id"], "owner": data["owner_id"] or "", "value": data["base_value"],
                "local": data["value"], "currency": data["currency"], "cost": None, "extra": 0, "of_deal": None,
            }  # fmt: skip

    def _deal(self, deal: dict[str, Any]) -> dict[str, Any]:
        costs = [line.cost for line in deal["lines"] if line.cost is not None]
        return self._fact(deal) | {
            "source": "deals", "stage": deal["stage_id"], "value": deal["base_value"], "local": deal["value"],
            "cost": sum(costs) if costs else None, "extra": 0, "of_deal": None, "created": deal["opened_at"],
            "imputed": deal["opened_imputed"],
        }  # fmt: skip

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        return self._fact(order) | {
            "source": "orders", "stage": order["status"], "value": order["base_total"], "local": order["total"],
            "cost": order["base_cost"], "extra": order["base_shipping"] + order["base_tax"],
            "of_deal": order["deal_id"], "created": order["ordered_at"], "shipment": order["shipment"],
        }  # fmt: skip

    def _fact(self, known: dict[str, Any]) -> dict[str, Any]:
        return {
            "funnel": known["funnel_id"], "client": known["client_id"], "contacts": known["contact_ids"],
            "owner": known["owner_id"] or "", "currency": known["currency"] or "",
            "stays": [[v.stage_id, v.entered_at, v.left_at, v.imputed] for v in known["visits"]],
        }  # fmt: skip

    def kind(self, funnel: str, stage: str) -> str:
        return self.named.get((funnel, stage)) or self.kinds.get((funnel, stage), "none")

    def _since(self, fact: dict[str, Any]) -> int:
        """A sale of an order is of the day it was placed; else the present unbroken run of its class began it."""
        since = fact["created"]
        if fact["source"] != "orders" and fact["class"] != "in_work":
            run = False
            for stage, entered, _, _ in fact["stays"]:
                same = self.kind(fact["funnel"], stage) == fact["class"]
                since = entered if same and not run else since
                run = same
        return int(since)

    def imputed(self, fact: dict[str, Any]) -> bool:
        """Nobody knows how long a won deal took: its first time, or that of the stay before it was won, is imputed."""
        before = [
            stay
            for stay in fact["stays"]
            if stay[1] < fact["at"] or self.kind(fact["funnel"], stay[0]) != fact["class"]
        ]
        return bool(fact["imputed"] or (before and before[-1][3]))

    def month(self, at: int) -> str:
        return datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(self.zone)).strftime("%Y-%m")

    def of(self, subject: str) -> list[dict[str, Any]]:
        return [f for f in self.facts if f["counted"] and subject in (f["client"], *f["contacts"])]

    def metrics(self, subject: str) -> dict[str, Any]:
        """The eight fields and their companions of a client or a contact person."""
        by = {kind: [f for f in self.of(subject) if f["class"] == kind] for kind in CLASSES}
        sales, paid = by["bought"], [p for p in self.payments if p["client_id"] == subject]
        money = {kind: sum(f["value"] for f in facts) for kind, facts in by.items()}
        shipped = [
            f["shipment"].shipped_at for f in self.facts if f.get("shipment") is not None and f["client"] == subject
        ]
        billed = sum(f["value"] + f["extra"] for f in sales)
        received = sum(p["amount"] for p in paid if p["reversed_at"] is None)
        times = [f["at"] for f in sales]
        return {
            "sales_count": len(sales), "sales_sum": money["bought"],
            "avg_check": (2 * money["bought"] + len(sales)) // (2 * len(sales)) if sales else 0,
            "in_work_count": len(by["in_work"]), "in_work_sum": money["in_work"],
            "refused_count": len(by["refused"]), "refused_sum": money["refused"],
            "none_count": len(by["none"]), "none_sum": money["none"],
            "first_sale_at": min(times, default=None), "last_sale_at": max(times, default=None),
            "profit": sum(f["value"] - (f["cost"] or 0) for f in sales),
            "billed": billed, "paid": received, "balance": received - billed,
            "first_shipment_at": min(shipped, default=None), "last_shipment_at": max(shipped, default=None),
        }  # fmt: skip

    def stage(self, funnel: str, stage: str) -> dict[str, Any]:
        """Statistics of a stage; `imputed` stays are counted, but are in no timing."""
        mine = [f for f in self.facts if f["funnel"] == funnel]
        there = [f for f in mine if f["stays"][-1][0] == stage]
        stays = [[s for s in f["stays"] if s[0] == stage] for f in mine]
        times = [[s[2] - s[1] for s in of if s[2] is not None and not s[3]] for of in stays]
        took = sorted(t for of in times for t in of)
        per_subject = sorted(sum(of) for of in times if of)
        return {
            "entered": sum(map(bool, stays)), "visits": sum(map(len, stays)), "completed": len(took),
            "sum_ms": sum(took), "current": len(there), "current_sum": sum(f["value"] for f in there),
            "median": median(took) if took else None, "p90": took[-(-9 * len(took) // 10) - 1] if took else None,
            "least": min(took, default=None), "most": max(took, default=None),
            "subjects": len(per_subject), "subjects_ms": sum(per_subject),
            "subject_median": median(per_subject) if per_subject else None,
        }  # fmt: skip

    def moves(self, funnel: str) -> dict[tuple[str, str], tuple[int, int, int, int]]:
        """Direct moves: how many, of how many subjects, how many timed, ms before."""
        found: dict[tuple[str, str], list[tuple[int, int | None]]] = defaultdict(list)
        for n, fact in enumerate(f for f in self.facts if f["funnel"] == funnel):
            for left, entered in zip(fact["stays"], fact["stays"][1:], strict=False):
                found[left[0], entered[0]].append((n, None if left[3] else left[2] - left[1]))
        return {
            pair: (len(of), len({n for n, _ in of}), sum(t is not None for _, t in of), sum(t or 0 for _, t in of))
            for pair, of in found.items()
        }
