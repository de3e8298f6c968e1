"""A small company told by commands: everything that can be a fact, once or more. Times as texts such as 2026-01-05."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from contracts.analytics import commands as analytics
from contracts.analytics.events import StageClass
from contracts.base import Command, to_millis
from contracts.clients import commands as clients
from contracts.clients.events import Mention
from contracts.gateway import commands as gateway
from contracts.gateway.account_commands import OpenAccount
from contracts.ids import command_id
from contracts.pipeline import commands as pipeline
from contracts.pipeline.commands import LineSpec, StageSpec
from contracts.pipeline.facts import DealLine
from services.kit.engine import Engine
from services.kit.handle import Effect, Meta

CLASSES = {"A": "in_work", "B": "in_work", "W": "bought", "L": "refused", "N": "none"}
WAY = {"X": "in_work", "Y": "in_work", "Z": "bought"}


def at(text: str) -> int:
    """UTC milliseconds of an ISO 8601 text; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return to_millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


class Company:
    """Sends commands. Each gets its own key, in order: the same commands sent again are repeats."""

    def __init__(self, engine: Engine, name: str = "ann") -> None:
        self.engine = engine
        self.name = name
        self.sent = 0

    async def send(self, command: Command, when: str | None = None) -> Effect:
        """Send the command, at this time if one is given."""
        self.sent += 1
        meta = Meta(self.name, command_id(self.name, f"key-{self.sent}"))
        if when is not None:
            command = command.model_copy(update={"at": at(when)})
        return await self.engine.send(command, meta)

    async def reference(self) -> None:
        """Settings, employees, products, rates and funnels."""
        await self.send(gateway.ChangeWorkspaceSettings(base_currency="USD", branches=["Kyiv", "Lviv"]))
        for employee in ("u1", "u2"):
            await self.send(gateway.AddEmployee(employee_id=employee, name=f"Seller {employee}"))
        for day, rate in (("2026-02-02", "0.8"), ("2026-03-02", "0.9"), ("2026-03-07", "0.75")):
            await self.send(pipeline.SetRate(currency="EUR", day=day, rate=rate))
        for product, price, cost in (("p1", "50", "30.1234"), ("p2", "7.50", "2")):
            await self.send(pipeline.AddProduct(product_id=product, names={"": product.upper()}))
            since = at("2000-01-01")
            await self.send(pipeline.SetPrice(product_id=product, price=price, currency="USD", valid_from=since))
            await self.send(pipeline.SetCost(product_id=product, cost=cost, currency="USD", valid_from=since))
        deals = [StageSpec(stage_id=s, name=s, kind=kind, probability="0.5") for s, kind in CLASSES.items()]  # type: ignore[arg-type]
        await self.send(pipeline.DefineFunnel(funnel_id="f", name="Sales", subject="deal", stages=deals))
        way = [StageSpec(stage_id=s, name=s, kind=kind) for s, kind in WAY.items()]  # type: ignore[arg-type]
        await self.send(pipeline.DefineFunnel(funnel_id="way", name="Way", subject="client", stages=way))

    async def people(self) -> None:
        """Two clients with contacts and notes, and leads of every status."""
        send = self.send
        details: dict[str, Any] = {"country": "UA", "segment": "S", "category": "C", "temperature": "hot"}
        await send(clients.RegisterClient(client_id="c1", name="Acme", owner_id="u1", **details), "2026-01-01")
        await send(clients.RegisterClient(client_id="c2", name="Bo", kind="person", owner_id="u2"), "2026-01-02")
        await send(clients.RegisterClient(client_id="c3", name="Idle"), "2026-01-02")
        await send(clients.ChangeClientTerms(client_id="c1", discount="5", currency="EUR"), "2026-01-02")
        await send(clients.AddContact(contact_id="k1", client_id="c1", name="Olha", email="o@acme.test"), "2026-01-03")
        await send(clients.AddContact(contact_id="k2", client_id="c1", name="Ivan"), "2026-01-03")
        await send(clients.RemoveContact(contact_id="k2"), "2026-01-04")
        await send(clients.ChooseMainContact(client_id="c1", contact_id="k1"), "2026-01-04")
        await send(clients.AddNote(note_id="n1", client_id="c1", text="call her", priority="high"), "2026-01-05")
        await send(clients.EditNote(note_id="n1", text="call her after ten"), "2026-01-06")
        await send(clients.AddNote(note_id="n2", client_id="c1", text="gone"), "2026-01-06")
        await send(clients.RemoveNote(note_id="n2"), "2026-01-07")
        # Before any sale: a first sale changes the client now, and nothing is told before a last change.
        for client, stage, value, day in (
            ("c1", "X", 100, "08"), ("c1", "Y", None, "09"), ("c1", "Z", 900, "12"), ("c2", "X", 50, "10"),
        ):  # fmt: skip
            move = clients.MoveClient(client_id=client, funnel_id="way", stage_id=stage, value=value)
            await send(move, f"2026-01-{day}")
        for lead in ("l1", "l2", "l3"):
            await send(clients.CaptureLead(lead_id=lead, name=f"Lead {lead}", company="Leads Ltd"), "2026-01-05")
        await send(clients.TakeLead(lead_id="l2", owner_id="u1"), "2026-01-06")
        await send(clients.TakeLead(lead_id="l3", owner_id="u1"), "2026-01-06")
        await send(clients.ConvertLead(lead_id="l3", funnel_id="f"), "2026-01-07")

    async def mentions(self) -> None:
        """Mentions of both employees in notes: read, written out, removed with the note."""
        send = self.send
        for employee in ("u1", "u2"):
            await send(OpenAccount(account_id=employee, login=employee, role="director"))
        text = "@Seller u1 and @Seller u2, see this"
        both = [Mention(employee_id="u1", start=0, length=10), Mention(employee_id="u2", start=15, length=10)]
        for note in ("m1", "m2", "m3"):
            await send(clients.AddNote(note_id=note, client_id="c1", text=text, mentions=both))
        await send(clients.EditNote(note_id="m2", text=text, mentions=both[1:]))
        await send(clients.RemoveNote(note_id="m3"))
        seen = clients.ReadMention(note_id="m1")
        await self.engine.send(seen, Meta("u1", command_id("u1", "read")))

    async def sales(self) -> None:
        """Deals won, lost, open, moved back and handed over; orders shipped and not; payments and a reversal."""
        send = self.send
        await self._deal("d1", "c1", "u1", 10_000, contact_ids=["k1"], lines=[DealLine(product_id="p1", quantity="2")])
        await self._deal("d2", "c1", "u2", 5_000, currency="EUR", contact_ids=["k1"])
        await self._deal("d3", "c2", "u1", 700)
        await self._deal("d4", None, None, 900)
        await self._deal("d5", "c2", "u2", 1_100)
        for deal, stage, day in (
            ("d1", "B", "05"), ("d1", "A", "07"), ("d1", "B", "08"), ("d1", "W", "10"), ("d2", "B", "06"),
            ("d3", "L", "08"), ("d5", "N", "09"), ("d4", "W", "09"), ("d2", "W", "20"),
        ):  # fmt: skip
            await send(pipeline.MoveDeal(deal_id=deal, stage_id=stage), f"2026-02-{day}")
        await send(pipeline.TouchDeal(deal_id="d2"), "2026-02-21")
        await self._deal("d6", "c1", "u1", 4_000, contact_ids=["k1"])
        await self._deal("d7", "c1", "u1", 300, contact_ids=["k1"])
        await send(pipeline.MoveDeal(deal_id="d7", stage_id="L"), "2026-02-22")
        await send(pipeline.ChangeDealClient(deal_id="d5", client_id="c1"), "2026-02-23")
        two = [LineSpec(product_id="p1", quantity="2"), LineSpec(product_id="p2", quantity="3", discount="0.1")]
        order: dict[str, Any] = {"lines": two, "shipping": 500, "tax": 100, "required_at": at("2026-03-05")}
        for name, client, owner in (("o1", "c1", "u1"), ("o2", "c1", "u2"), ("o3", "c2", "u1"), ("o4", None, None)):
            placed = pipeline.PlaceOrder(order_id=name, client_id=client, owner_id=owner, branch="Kyiv", **order)
            await send(placed, "2026-03-01")
        await send(pipeline.PlaceOrder(order_id="o5", client_id="c2", currency="EUR", lines=two), "2026-03-02")
        for name in ("o1", "o2", "o3"):
            await send(pipeline.ChangeOrderStatus(order_id=name, status="confirmed"), "2026-03-03")
        await send(pipeline.ShipOrder(order_id="o1", status="shipped", manager_id="u1"), "2026-03-04")
        await send(pipeline.ShipOrder(order_id="o3", status="shipped", branch="Lviv"), "2026-03-08")
        await send(pipeline.ChangeOrderStatus(order_id="o2", status="cancelled"), "2026-03-05")
        await send(pipeline.ReceivePayment(payment_id="y1", order_id="o1", amount=6_000, currency="USD"), "2026-03-06")
        await send(pipeline.ReceivePayment(payment_id="y2", client_id="c2", amount=900, currency="EUR"), "2026-03-07")
        await send(pipeline.ReceivePayment(payment_id="y3", amount=55, currency="USD", branch="Kyiv"), "2026-04-01")
        await send(pipeline.ReversePayment(payment_id="y2", reason="twice"), "2026-04-02")

    async def rules(self, *sources: str, **classes: str) -> None:
        """Set which sources count; stages of the deal funnel with other classes than their own."""
        named = [StageClass(funnel_id="f", stage_id=stage, kind=kind) for stage, kind in classes.items()]  # type: ignore[arg-type]
        await self.send(analytics.SetSalesRules(sources=list(sources), classes=named))  # type: ignore[arg-type]

    async def settings(self, **fields: Any) -> None:
        """Replace the workspace settings."""
        await self.send(gateway.ChangeWorkspaceSettings(**fields))

    async def all(self) -> None:
        """The whole story."""
        await self.reference()
        await self.people()
        await self.sales()

    async def _deal(self, deal: str, client: str | None, owner: str | None, value: int, **more: Any) -> None:
        opened = pipeline.OpenDeal(
            deal_id=deal, client_id=client, owner_id=owner, funnel_id="f", value=value, country="UA", **more
        )
        await self.send(opened, f"2026-02-0{min(int(deal[1]), 4)}")
