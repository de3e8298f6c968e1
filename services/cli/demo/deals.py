"""Deals on their way through the funnels: in working hours, back and forth, some for ever open."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from services.cli.demo.funnels import SALES, TENDERS, Funnel
from services.cli.demo.goods import CURRENCIES, Product
from services.cli.demo.payments import Payments
from services.cli.demo.people import NOBODY, Clients, client_id, manager_of, user_id
from services.cli.demo.sheets import Sheets, euros
from services.cli.demo.window import Window
from services.cli.demo.words import COUNTRIES, EMPLOYEES

EVENTS_PER_DEAL = 4.55
"""Measured; the last deals, cut short by the end, included."""
_NO_CLIENT, _NO_OWNER, _NO_AMOUNT = 0.01, 0.004, 0.03
_FORGOTTEN, _STALLED = 0.015, 0.03
_TOUCHED, _REVALUED = 0.24, 0.15
_MOST_MOVES = 24
_PRICED = ("Proposal", "Submitted")
"""Stages in which a client is told a price."""


class _Event(NamedTuple):
    """A row of deal_events.csv without its seq. Of two at the same second, the one made first comes first."""

    at: int
    nth: int
    deal: str
    type: str
    left: str
    entered: str
    amount: str
    actor: str


@dataclass(slots=True)
class _Deal:
    """A deal while its story is told. `amount` in cents; `told`: it was written down."""

    id: str
    client: int
    owner: int
    amount: int
    told: bool
    skill: float


class Deals:
    """Writes deals.csv and deal_events.csv; `events` counts what they make."""

    def __init__(
        self,
        sheets: Sheets,
        window: Window,
        rng: Random,
        clients: Clients,
        products: list[Product],
        payments: Payments,
    ) -> None:
        self._payments = payments
        self._sheets = sheets
        self._window = window
        self._rng = rng
        self._clients = clients
        self._products = [p for p in products if p.price >= 10_000]
        self._managers = [manager_of(place) for place in range(len(EMPLOYEES))]
        self._pending: list[_Event] = []
        """A heap: events to come of deals begun; so the file is in order and no list of all is kept."""
        self._made = self._seq = 0
        self.events = 0

    def write(self, count: int) -> None:
        """Write that many deals."""
        self._clients.rewind()
        pending = self._pending
        for number, at in enumerate(self._window.arrivals(self._rng, count), start=1):
            while pending and pending[0].at <= at:
                self._emit(heappop(pending))
            self._open(f"D-{number:05d}", at)
        while pending:
            self._emit(heappop(pending))

    def _emit(self, event: _Event) -> None:
        self._seq += 1
        at, _, deal, type_, left, entered, amount, actor = event
        self._sheets.deal_events.add([self._seq, deal, self._window.text(at), type_, left, entered, amount, actor, ""])

    def _open(self, id: str, at: int) -> None:
        rng, clients = self._rng, self._clients
        random = rng.random
        funnel = TENDERS if random() < TENDERS.share else SALES
        client = NOBODY if random() < _NO_CLIENT else clients.any(rng, at)
        country = rng.randrange(len(COUNTRIES)) if client == NOBODY else clients.country[client]
        owner = rng.randrange(len(EMPLOYEES)) if client == NOBODY or random() < 0.1 else clients.owner[client]
        product = self._products[int(random() * len(self._products))]
        pieces = 1 + int(rng.lognormvariate(0.3, 0.9) * (1 if product.price > 100_000 else 4))
        amount = int(product.price * pieces * funnel.size * (0.9 + 0.2 * random())) // 1000 * 1000
        deal = _Deal(id, client, owner, amount, random() >= _NO_AMOUNT, EMPLOYEES[owner][3])
        value = euros(amount) if deal.told else ""
        begins = self._window.text(at)
        seller = "" if random() < _NO_OWNER else user_id(owner)
        self._sheets.deals.add(
            [id, funnel.id, client_id(client), seller, product.id, COUNTRIES[country][0], value, CURRENCIES[0], begins]
        )
        entry = next(stage for share, stage in funnel.entries if random() < share)
        self._event(deal, at, "DealCreated", "", funnel.stages[entry].id, value)
        self._live(deal, funnel, entry, at)

    def _live(self, deal: _Deal, funnel: Funnel, place: int, at: int) -> None:
        """Tell what happens to the deal until it rests or the window ends."""
        window, rng = self._window, self._rng
        random, end = rng.random, window.end
        worked = window.worked(at)
        settled = False
        for _ in range(_MOST_MOVES):
            stage = funnel.stages[place]
            chance = random()
            if stage.kind == "in_work":
                if chance < _FORGOTTEN:
                    return
                chance = random() / deal.skill
            elif chance >= stage.moves[0][0]:
                return
            stay = 60 + int(rng.lognormvariate(stage.stay, stage.spread) * (7 if random() < _STALLED else 1))
            if stage.kind == "in_work" and random() < _TOUCHED:
                self._touch(deal, stage.id, window.working(worked + 1 + int((stay - 1) * random())))
            worked += stay
            at = window.working(worked)
            if at >= end:
                return
            left = stage.id
            place = next((to for share, to in stage.moves if chance < share), stage.moves[-1][1])
            stage = funnel.stages[place]
            amount = self._revalued(deal, stage.kind == "won", stage.id in _PRICED)
            self._event(deal, at, "DealStageChanged", left, stage.id, amount)
            if stage.kind == "won" and deal.client != NOBODY:
                self._clients.sold[deal.client] = 1
                if deal.told and not settled:
                    settled = True
                    self._payments.settle(deal.client, deal.amount, at)

    def _touch(self, deal: _Deal, stage: str, at: int) -> None:
        """Somebody called: the stage is said again, sometimes with another amount."""
        if at >= self._window.end:
            return
        amount = self._scaled(deal, 0.8, 0.45) if self._rng.random() < _REVALUED else ""
        self._event(deal, at, "DealTouched", stage, stage, amount)

    def _revalued(self, deal: _Deal, won: bool, proposed: bool) -> str:
        """Return the new amount that comes with a move, or nothing."""
        if not deal.told and (won or proposed):
            return self._scaled(deal, 1.0, 0.0)
        chance = self._rng.random()
        if won:
            return self._scaled(deal, 0.84, 0.2) if chance < 0.45 else ""
        if proposed:
            return self._scaled(deal, 0.8, 0.5) if chance < 0.35 else ""
        return ""

    def _scaled(self, deal: _Deal, least: float, more: float) -> str:
        """Set another amount, in tens; return it, or nothing if it stays the same."""
        amount = int(deal.amount * (least + more * self._rng.random())) // 1000 * 1000 or deal.amount
        if deal.told and amount == deal.amount:
            return ""
        deal.amount, deal.told = amount, True
        return euros(amount)

    def _event(self, deal: _Deal, at: int, type_: str, left: str, entered: str, amount: str) -> None:
        """Put a row in line. A move or a touch with a new amount makes two events."""
        self._made += 1
        actor = self._managers[deal.owner] if self._rng.random() < 0.06 else deal.owner
        heappush(self._pending, _Event(at, self._made, deal.id, type_, left, entered, amount, user_id(actor)))
        self.events += 2 if amount and type_ != "DealCreated" else 1
