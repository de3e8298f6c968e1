"""Histories by chance: everything that can legally happen to several clients, deals, orders and payments."""

from __future__ import annotations

from random import Random
from typing import Any

from contracts.pipeline.facts import DealLine
from tests.unit.analytics.support import DAY, H, Story


class Chance:
    """Adds legal events by chance: several clients, deals, orders, payments; everything they can do."""

    def __init__(self, rng: Random, story: Story, *, clients: int = 3, rules: bool = True) -> None:
        self.rng, self.story, self._rules, self.count = rng, story, rules, 0
        self.clients = [f"c{n}" for n in range(clients)]
        self.owners = ["u1", "u2", None]
        for id in self.clients:
            story.client(id, country=rng.choice(["UA", "PL", None]), owner_id=rng.choice(self.owners))

    @staticmethod
    def go_on(rng: Random, story: Story, steps: int) -> Story:
        """Add to a story that began before, with the same clients."""
        chance = Chance(rng, story, clients=0, rules=False)
        chance.clients, chance.count = sorted(story.people), len(story.events)
        return chance.steps(steps)

    def steps(self, count: int) -> Story:
        for _ in range(count):
            self.step()
        return self.story

    def _some(self, of: Any) -> Any:
        return self.rng.choice(sorted(of)) if of else None

    def _client(self) -> str | None:
        return self.rng.choice([*self.clients, None])

    def _contacts(self) -> list[str]:
        return self.rng.sample(["p1", "p2", "p3"], self.rng.randint(0, 2))

    def _lines(self) -> list[tuple[str, Any, int, int | None]]:
        rng = self.rng
        return [
            (rng.choice(["x", "y"]), rng.choice([1, 3, "0.5"]), rng.randint(1, 9_999), rng.choice([None, 7, 50]))
            for _ in range(rng.randint(0, 3))
        ]

    def step(self) -> None:
        rng, story = self.rng, self.story
        # Ties at one instant, then hours, then months.
        story.now += rng.choice([0, 0, 1, 977, H, 7 * H, 3 * DAY, 20 * DAY])
        self.count += 1
        deal, order, payment = self._some(story.deals), self._some(story.orders), self._some(story.payments)
        choices = ["deal", "order", "pay", "walk", "person", *(["rules", "zone"] if self._rules else [])]
        choices += ["move", "move", "move", "change", "hand_over"] if deal else []
        choices += ["status", "ship", "lines", "order_client", "order_owner"] if order else []
        choices += ["payment"] if payment else []
        getattr(self, "_do_" + rng.choice(choices))(deal, order, payment)

    def _do_deal(self, *_: Any) -> None:
        rng = self.rng
        currency = rng.choice(["USD", "EUR", "JPY", None])
        value = rng.choice([0, rng.randint(1, 100_000)])
        lines = rng.choice([[], [DealLine(product_id="x", cost=rng.choice([None, 40]))]])
        self.story.deal(
            f"d{self.count}", rng.choice("AABWLN"), value, client=self._client(), owner=rng.choice(self.owners),
            contacts=self._contacts(), currency=currency, lines=lines, imputed=rng.random() < 0.2,
        )  # fmt: skip

    def _do_move(self, deal: str, *_: Any) -> None:
        stage = self.rng.choice(["A", "B", "B", "W", "W2", "L", "N"])
        self.story.move(deal, stage, imputed=self.rng.random() < 0.1)

    def _do_change(self, deal: str, *_: Any) -> None:
        rng = self.rng
        match rng.choice(["value", "lines", "contacts", "owner", "touch"]):
            case "value":
                self.story.value(deal, rng.randint(0, 90_000), currency=rng.choice(["EUR", None]))
            case "lines":
                two = [
                    DealLine(product_id=p, quantity="2", total=rng.randint(1, 500), cost=rng.choice([None, 9]))
                    for p in "xy"
                ]
                self.story.lines(deal, *two)
            case "contacts":
                self.story.contacts(deal, *self._contacts())
            case "owner":
                self.story.owner(deal, rng.choice(self.owners))
            case _:
                self.story.touch(deal)

    def _do_hand_over(self, deal: str, *_: Any) -> None:
        self.story.hand_over(deal, self._client())

    def _do_order(self, deal: str | None, *_: Any) -> None:
        rng = self.rng
        self.story.order(
            f"o{self.count}", rng.choice(["new", "done"]), client=self._client(), owner=rng.choice(self.owners),
            contacts=self._contacts(), lines=self._lines(), currency=rng.choice(["USD", "EUR", "JPY"]),
            shipping=rng.choice([0, 500]), tax=rng.choice([0, 20]), deal=rng.choice([deal, None]),
            required_at=rng.choice([None, self.story.now + DAY]), branch=rng.choice(["Kyiv", None]),
            imputed=rng.random() < 0.2,
        )  # fmt: skip

    def _do_status(self, _: Any, order: str, *__: Any) -> None:
        self.story.status(order, self.rng.choice(["new", "done", "off"]))

    def _do_ship(self, _: Any, order: str, *__: Any) -> None:
        if self.story.orders[order]["shipment"] is None:
            self.story.ship(order, branch=self.rng.choice(["Lviv", None]))

    def _do_lines(self, _: Any, order: str, *__: Any) -> None:
        self.story.order_lines(order, self._lines())

    def _do_order_client(self, _: Any, order: str, *__: Any) -> None:
        self.story.order_client(order, self._client())

    def _do_order_owner(self, _: Any, order: str, *__: Any) -> None:
        self.story.order_owner(order, self.rng.choice(self.owners))

    def _do_pay(self, *_: Any) -> None:
        rng = self.rng
        self.story.pay(
            f"m{self.count}", rng.randint(1, 50_000), client=self._client(), owner=rng.choice(self.owners),
            branch=rng.choice(["Kyiv", None]),
        )  # fmt: skip

    def _do_payment(self, _: Any, __: Any, payment: str) -> None:
        if self.rng.random() < 0.5:
            self.story.payment_client(payment, self._client())
        elif self.story.payments[payment]["reversed_at"] is None:
            self.story.reverse(payment)

    def _do_walk(self, *_: Any) -> None:
        rng = self.rng
        stage = rng.choice(["lead", "buyer", "gone"])
        self.story.walk(rng.choice(self.clients), stage, rng.randint(0, 999), owner=rng.choice(self.owners))

    def _do_person(self, *_: Any) -> None:
        rng, id = self.rng, self.rng.choice(self.clients)
        match rng.choice(["country", "owner", "status", "temperature", "archive"]):
            case "country":
                self.story.details(id, country=rng.choice(["UA", "PL", None]), segment=rng.choice(["S", None]))
            case "owner":
                self.story.client_owner(id, rng.choice(self.owners))
            case "status":
                self.story.client_status(id, rng.choice(["current", "potential"]))
            case "archive":
                self.story.archive(id, back=rng.random() < 0.5)
            case _:
                self.story.temperature(id, rng.choice(["hot", None]))

    def _do_rules(self, *_: Any) -> None:
        rng = self.rng
        sources = rng.sample(["clients", "deals", "orders"], rng.randint(1, 3))
        kinds = ["in_work", "bought", "refused", "none"]
        some = rng.sample(["A", "B", "W", "W2", "L", "N", "o_new", "o_done", "k_lead"], rng.randint(0, 3))
        self.story.rules(*sources, **{stage: rng.choice(kinds) for stage in some})

    def _do_zone(self, *_: Any) -> None:
        self.story.zone(self.rng.choice(["UTC", "Europe/Kyiv", "America/New_York"]))
