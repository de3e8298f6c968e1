"""Any sequence of commands, with restarts, redelivery and new rules between any two steps: the read models are what the
recomputation from the log says, and a command sent again changes nothing (#3)."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from contracts.analytics.commands import SetSalesRules
from contracts.analytics.events import StageClass
from contracts.base import Command
from contracts.clients import commands as clients
from contracts.clients.events import Mention
from contracts.gateway.account_commands import OpenAccount
from contracts.gateway.commands import ChangeWorkspaceSettings
from contracts.ids import command_id
from contracts.pipeline import commands as pipeline
from contracts.pipeline.commands import LineSpec
from contracts.pipeline.facts import DealLine
from contracts.problem import Refusal
from services.cli.workspace import engine
from services.kit.engine import Engine
from services.kit.handle import Effect, Meta
from tests.support.company import Company, at
from tests.support.workspaces import differences, settled, within

HOUR = 3_600_000
BEGIN = at("2026-01-01")
DAYS = 20
LANES = {"one lane": (1, None), "twelve shuffled lanes": (12, 5)}
ZONES = ("UTC", "Europe/Kyiv", "America/Los_Angeles", "Pacific/Kiritimati")


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A workspace with reference data alone, for each number of lanes."""

    async def fill(running: Engine) -> None:
        company = Company(running, "base")
        await company.reference()
        for day in range(1, DAYS + 1):
            await company.send(pipeline.SetRate(currency="EUR", day=f"2026-01-{day:02}", rate=f"0.{70 + day}"))
        await company.send(OpenAccount(account_id="u1", login="u1", role="director"))
        await company.send(
            SetSalesRules(sources=["deals", "orders", "clients"], classes=[], promote_on_first_sale=False)
        )
        await settled(running)

    made: dict[str, Path] = {}
    for name, (lanes, seed) in LANES.items():
        made[name] = tmp_path_factory.mktemp("base") / "data"
        asyncio.run(within(made[name], fill, lanes=lanes, shuffle_seed=seed))
    return made


class Story:
    """Turns chosen numbers into commands about what is there."""

    def __init__(self, steps: list[tuple[str, int, int]]) -> None:
        self.steps = steps
        self.now = BEGIN
        self.made: Counter[str] = Counter()

    def commands(self) -> Iterator[Command | str]:
        """Yield commands, and the words restart, redeliver, settle."""
        for number, (what, a, b) in enumerate(self.steps):
            self.now = min(self.now + b % 8 * HOUR, BEGIN + DAYS * 24 * HOUR - 1)
            if what in ("restart", "redeliver", "settle"):
                yield what
            else:
                made = getattr(self, what)(a, b, number)
                if made is not None:
                    yield made.model_copy(update={"at": self.now})

    def new(self, kind: str) -> str:
        self.made[kind] += 1
        return f"{kind}{self.made[kind]}"

    def one(self, kind: str, chosen: int) -> str:
        return f"{kind}{1 + chosen % max(self.made[kind], 1)}"

    def maybe(self, kind: str, chosen: int) -> str | None:
        return None if chosen % 5 == 0 or not self.made[kind] else self.one(kind, chosen)

    def owner(self, chosen: int) -> str | None:
        return (None, "u1", "u2")[chosen % 3]

    def contacts(self, chosen: int) -> list[str]:
        return sorted(
            {self.one("contact", chosen), self.one("contact", chosen // 3)} if self.made["contact"] else set()
        )

    # ------------------------------------------------------------ clients

    def client(self, a: int, b: int, _: int) -> Command:
        country = (None, "UA", "PL")[b % 3]
        return clients.RegisterClient(client_id=self.new("client"), name="A", owner_id=self.owner(a), country=country)

    def details(self, a: int, b: int, _: int) -> Command:
        segment = (None, "S", "M")[b % 3]
        return clients.ChangeClientDetails(client_id=self.one("client", a), name=f"B{b}", segment=segment, category="K")

    def client_owner(self, a: int, b: int, _: int) -> Command:
        return clients.AssignClient(client_id=self.one("client", a), owner_id=self.owner(b))

    def contact(self, a: int, _b: int, _: int) -> Command:
        return clients.AddContact(contact_id=self.new("contact"), client_id=self.one("client", a), name="P")

    def no_contact(self, a: int, _b: int, _: int) -> Command:
        return clients.RemoveContact(contact_id=self.one("contact", a))

    def contact_again(self, a: int, _b: int, _: int) -> Command:
        return clients.RestoreContact(contact_id=self.one("contact", a))

    def main_contact(self, a: int, b: int, _: int) -> Command:
        return clients.ChooseMainContact(client_id=self.one("client", b), contact_id=self.one("contact", a))

    def note(self, a: int, b: int, _: int) -> Command:
        return clients.AddNote(note_id=self.new("note"), client_id=self.one("client", a), **self.text(b))

    def text(self, b: int) -> dict[str, Any]:
        """A text that mentions u1, or nobody."""
        named = [Mention(employee_id="u1", start=0, length=10)]
        return {"text": f"@Seller u1 t{b}", "mentions": named} if b % 2 else {"text": f"t{b}"}

    def mention(self, a: int, b: int, _: int) -> Command:
        return (clients.ReadMention, clients.UnreadMention)[b % 2](note_id=self.one("note", a))

    def other_note(self, a: int, b: int, number: int) -> Command:
        id = self.one("note", a)
        kinds: list[Callable[[], Command]] = [
            lambda: clients.EditNote(note_id=id, **self.text(b // 4 + 256 * number)),
            lambda: clients.RemoveNote(note_id=id),
            lambda: clients.RestoreNote(note_id=id),
            lambda: clients.ChangeNotePriority(note_id=id, priority="high"),
        ]
        return kinds[b % 4]()

    def way(self, a: int, b: int, _: int) -> Command:
        value = (None, 0, 700, 1_234)[b % 4]
        move = {"client_id": self.one("client", a), "stage_id": "XYZ"[b % 3], "value": value}
        return clients.MoveClient(funnel_id="way", currency="EUR" if value and a % 2 else None, **move)

    # ------------------------------------------------------------ deals

    def deal(self, a: int, b: int, _: int) -> Command:
        lines = [DealLine(product_id="p1", quantity="1.5", total=300), DealLine(product_id="p2", total=33)]
        return pipeline.OpenDeal(
            deal_id=self.new("deal"),
            client_id=self.maybe("client", a),
            contact_ids=self.contacts(b),
            owner_id=self.owner(a + b),
            funnel_id="f",
            stage_id="ABWLN"[b % 5],
            value=(0, 333, 100_001)[a % 3],
            currency=("USD", "EUR")[b % 2],
            lines=lines[: a % 3],
        )

    def move(self, a: int, b: int, _: int) -> Command:
        value = None if b % 3 else 77 * (a % 50)
        return pipeline.MoveDeal(deal_id=self.one("deal", a), stage_id="ABWLN"[b % 5], value=value)

    def deal_value(self, a: int, b: int, _: int) -> Command:
        return pipeline.ChangeDealValue(deal_id=self.one("deal", a), value=b * 11, currency=("USD", "EUR")[b % 2])

    def deal_lines(self, a: int, b: int, _: int) -> Command:
        line = DealLine(product_id=("p1", "p2")[b % 2], quantity="2", total=None if b % 3 else 50)
        return pipeline.ChangeDealLines(deal_id=self.one("deal", a), lines=[line])

    def deal_contacts(self, a: int, b: int, _: int) -> Command:
        return pipeline.ChangeDealContacts(deal_id=self.one("deal", a), contact_ids=self.contacts(b))

    def deal_owner(self, a: int, b: int, _: int) -> Command:
        return pipeline.AssignDeal(deal_id=self.one("deal", a), owner_id=self.owner(b))

    def deal_client(self, a: int, b: int, _: int) -> Command:
        return pipeline.ChangeDealClient(deal_id=self.one("deal", a), client_id=self.maybe("client", b))

    def touch(self, a: int, _b: int, _: int) -> Command:
        return pipeline.TouchDeal(deal_id=self.one("deal", a))

    # ------------------------------------------------------------ orders and payments

    def order(self, a: int, b: int, _: int) -> Command:
        lines = [LineSpec(product_id="p1", quantity="3"), LineSpec(product_id="p2", quantity="0.5", discount="0.1")]
        return pipeline.PlaceOrder(
            order_id=self.new("order"),
            client_id=self.maybe("client", a),
            contact_ids=self.contacts(b),
            owner_id=self.owner(b),
            deal_id=self.maybe("deal", b) if a % 4 == 0 else None,
            currency=("USD", "EUR")[a % 2] if b % 2 else "USD",
            lines=lines[: b % 3] if a % 2 == 0 else [LineSpec(product_id="p1", quantity="1", unit_price="9.99")],
            shipping=b % 300,
            required_at=self.now + 5 * HOUR if b % 2 else None,
            branch=(None, "Kyiv", "Lviv")[a % 3],
        )

    def order_lines(self, a: int, b: int, _: int) -> Command:
        line = LineSpec(product_id=("p1", "p2")[b % 2], quantity=str(1 + b % 4), unit_price="3.335")
        return pipeline.ChangeOrderLines(order_id=self.one("order", a), lines=[line])

    def status(self, a: int, b: int, _: int) -> Command:
        statuses = ("confirmed", "in_production", "shipped", "completed", "cancelled", "new")
        return pipeline.ChangeOrderStatus(order_id=self.one("order", a), status=statuses[b % 6])

    def ship(self, a: int, b: int, _: int) -> Command:
        return pipeline.ShipOrder(order_id=self.one("order", a), branch=(None, "Kyiv")[b % 2])

    def order_owner(self, a: int, b: int, _: int) -> Command:
        return pipeline.AssignOrder(order_id=self.one("order", a), owner_id=self.owner(b))

    def order_client(self, a: int, b: int, _: int) -> Command:
        return pipeline.ChangeOrderClient(order_id=self.one("order", a), client_id=self.maybe("client", b))

    def payment(self, a: int, b: int, _: int) -> Command:
        return pipeline.ReceivePayment(
            payment_id=self.new("payment"),
            client_id=self.maybe("client", a),
            order_id=self.maybe("order", b) if a % 2 else None,
            amount=a * 7,
            currency=("USD", "EUR")[b % 2],
        )

    def reverse(self, a: int, _b: int, _: int) -> Command:
        return pipeline.ReversePayment(payment_id=self.one("payment", a))

    def payment_client(self, a: int, b: int, _: int) -> Command:
        return pipeline.ChangePaymentClient(payment_id=self.one("payment", a), client_id=self.maybe("client", b))

    # ------------------------------------------------------------ reference

    def rules(self, a: int, b: int, _: int) -> Command:
        kinds = ("in_work", "bought", "refused", "none")
        classes: list[Any] = [
            StageClass(funnel_id="f", stage_id=stage, kind=kinds[(a >> place) % 4])  # type: ignore[arg-type]
            for place, stage in enumerate("ABWLN")
            if (b >> place) % 2
        ]
        sources: list[Any] = [s for place, s in enumerate(("deals", "orders", "clients")) if (a + b) >> place & 1]
        return SetSalesRules(sources=sources or ["deals"], classes=classes, promote_on_first_sale=False)

    def zone(self, a: int, _b: int, _: int) -> Command:
        return ChangeWorkspaceSettings(base_currency="USD", zone=ZONES[a % 4], branches=["Kyiv", "Lviv"])

    def stage(self, a: int, b: int, number: int) -> Command:
        kind = ("in_work", "bought")[b % 2]
        return pipeline.AddStage(funnel_id="f", stage_id=f"s{number}", name="S", position=1 + a % 3, kind=kind)  # type: ignore[arg-type]


OFTEN = ("client", "contact", "deal", "move", "move", "order", "status", "way", "payment")
SELDOM = (
    "details", "client_owner", "no_contact", "note", "note", "other_note", "mention", "deal_value", "deal_lines",
    "deal_contacts",
    "deal_owner", "deal_client", "deal_client", "touch", "order_lines", "ship", "order_owner", "order_client",
    "reverse", "payment_client", "rules", "rules", "zone", "stage", "restart", "redeliver", "settle",
)  # fmt: skip
step = st.tuples(st.sampled_from((*OFTEN, *OFTEN, *SELDOM)), st.integers(0, 255), st.integers(0, 255))
stories = st.lists(step, min_size=15, max_size=60)
SEED = [("client", 1, 1), ("client", 2, 2), ("contact", 0, 0), ("contact", 1, 0), ("deal", 1, 3), ("order", 2, 4)]


async def told(folder: Path, lanes: int, seed: int | None, steps: list[tuple[str, int, int]]) -> None:
    """Tell the story; at its end nothing differs, and each command sent again has no effect."""
    done: list[tuple[Command, Meta, Effect]] = []
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(engine(folder, lanes=lanes, shuffle_seed=seed))
        for number, command in enumerate(Story([*SEED, *steps]).commands()):
            if command == "restart":
                await stack.aclose()
                running = await stack.enter_async_context(engine(folder, lanes=lanes, shuffle_seed=seed))
            elif command == "redeliver":
                for runner in running.runners.values():
                    for lane in list(runner.lanes):
                        await running.ports.bus.resend(runner.group, lane)
            elif command == "settle":
                await settled(running)
            elif not isinstance(command, str):
                actor = "u1" if isinstance(command, clients.ReadMention | clients.UnreadMention) else "ann"
                meta = Meta(actor, command_id(actor, f"key-{number}"))
                try:
                    effect = await running.send(command, meta)
                except Refusal:
                    continue
                if effect.events:
                    done.append((command, meta, effect))
        assert len(done) >= len(SEED)
        assert await differences(running) == ([], [])
        head = await running.ports.store.head()
        for command, meta, effect in done:
            again = await running.send(command, meta)
            assert (again.repeated, again.version, again.position) == (True, effect.version, effect.position)
        assert await running.ports.store.head() == head


@pytest.mark.parametrize("lanes", LANES)
@given(steps=stories)
@example(steps=[("payment", 0, 228), ("settle", 0, 0), ("reverse", 235, 109)])  # of nothing: its sign tells nothing
@settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # shrinking would take minutes
def test_the_read_models_are_what_the_log_says(
    bases: dict[str, Path], lanes: str, steps: list[tuple[str, int, int]]
) -> None:
    with TemporaryDirectory(prefix="voronka-history-") as folder:
        data = Path(folder) / "data"
        shutil.copytree(bases[lanes], data)
        asyncio.run(told(data, *LANES[lanes], steps))
