"""Orders with their lines, shipments and payments.

The product converts goods only (DEFINITIONS, details), so payments are in EUR, as the bank books them; orders in other
currencies are exports: the buyer collects them, and no tax is due."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from services.cli.demo.funnels import Kind
from services.cli.demo.goods import CURRENCIES, RATE, Product, Rates
from services.cli.demo.notes import Notes
from services.cli.demo.payments import Payments
from services.cli.demo.people import NOBODY, Clients, client_id, user_id
from services.cli.demo.sheets import Sheets, euros
from services.cli.demo.window import DAY, Window
from services.cli.demo.words import COUNTRIES, EMPLOYEES

EVENTS_PER_ORDER = 3.03
"""Measured: placed, shipped, paid, notes; without rates."""
FOREIGN = 0.57
"""Share of orders that need a rate."""
_KINDS: dict[str, Kind] = {
    "New": "in_work",
    "Confirmed": "in_work",
    "In production": "in_work",
    "Shipped": "won",
    "Completed": "won",
    "Cancelled": "lost",
}
STATUSES = tuple(_KINDS)
_FORGOTTEN = STATUSES[:4]
"""The first orders stay in these: the order in which an importer meets statuses is that of the funnel it makes."""
_DISCOUNTS = (0, 0, 0, 0, 0, 0, 3, 5, 5, 10, 15)
_TAX = {"UA": 20, "PL": 23, "DE": 19, "GB": 20, "US": 0, "KZ": 12, "CZ": 21}
"""Percent of the goods."""
_PRICES = (92, 95, 98, 100)
"""Percent of today's prices and costs in each half year."""
_SMALL, _LARGE = 0.72, 0.95
"""Share of lines that are coffee and accessories; up to the second share grinders, furniture and service too."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an order; None: did not happen (yet)."""

    status: str
    confirmed_at: int | None = None
    shipped_at: int | None = None


class Orders:
    """Writes orders.csv and order_lines.csv; tells payments and notes. `events` counts orders and shipments."""

    def __init__(
        self,
        sheets: Sheets,
        window: Window,
        rng: Random,
        clients: Clients,
        products: list[Product],
        rates: Rates,
        payments: Payments,
        notes: Notes,
    ) -> None:
        self._sheets = sheets
        self._window = window
        self._rng = rng
        self._clients = clients
        self._small = [p for p in products if p.category in ("Coffee", "Accessories")]
        self._middle = [p for p in products if p.category in ("Grinders", "Furniture", "Service")]
        self._large = [p for p in products if p.category == "Coffee machines"]
        self._rates = rates
        self._payments = payments
        self._notes = notes
        self.statuses: set[str] = set()
        self.events = 0

    def write(self, count: int, most: int) -> None:
        """Write that many orders, fewer if all that belongs to them would make more than `most` events."""
        self._clients.rewind()
        before = self._notes.count
        for number, at in enumerate(self._window.arrivals(self._rng, count, office=False), start=1):
            self._place(number, at)
            notes = self._notes.count - before
            if self.events + self._payments.count + notes + self._rates.used >= most:
                break

    def _place(self, number: int, at: int) -> None:
        rng, clients = self._rng, self._clients
        random = rng.random
        id, day = f"O-{number:05d}", at // DAY
        client = NOBODY if random() < 0.015 else clients.any(rng, at)
        country = COUNTRIES[rng.randrange(len(COUNTRIES)) if client == NOBODY else clients.country[client]][0]
        owner = rng.randrange(len(EMPLOYEES)) if client == NOBODY or random() < 0.1 else clients.owner[client]
        foreign = client != NOBODY and random() < 0.93
        currency = CURRENCIES[clients.currency[client]] if foreign else CURRENCIES[0]
        fate = Fate(_FORGOTTEN[number - 1]) if number <= len(_FORGOTTEN) else self._fate(at)
        rate = self._rates.on(day, currency)
        goods = self._lines(id, day, rate)
        at_home = currency == CURRENCIES[0]
        shipping = rng.choice((0, 690, 990, 1490, 2900)) if at_home else 0
        tax = (goods * _TAX[country] + 50) // 100 if at_home else 0
        self._sheets.orders.add(
            [
                id,
                client_id(client),
                user_id(owner),
                self._window.text(at),
                self._required(day),
                "" if fate.shipped_at is None else self._window.text(fate.shipped_at),
                fate.status,
                _KINDS[fate.status],
                currency,
                euros(shipping) if at_home else "",
                euros(tax) if at_home else "",
                country,
            ]
        )
        self.events += 1 if fate.shipped_at is None else 2
        self.statuses.add(fate.status)
        self._payments.pay(id, client, _divided(goods, rate) + shipping + tax, fate)
        if client != NOBODY and random() < 0.1:
            self._notes.about_order(id, client, at + 600 + int(random() * 6 * DAY))

    def _fate(self, at: int) -> Fate:
        """Return what had become of the order when the window ended."""
        window, rng = self._window, self._rng
        random, end = rng.random, window.end
        chance = random()
        worked = window.worked(at)

        def later(mean: float, spread: float) -> int:
            nonlocal worked
            worked += 300 + int(rng.lognormvariate(mean, spread))
            return window.working(worked)

        confirmed = later(9.2, 0.9)
        if chance < 0.04:
            return Fate("Cancelled" if confirmed < end else "New")
        if confirmed >= end or chance < 0.045:
            return Fate("New")
        produced = later(10.2, 0.8)
        if chance < 0.08:
            return Fate("Cancelled" if produced < end else "Confirmed", confirmed)
        if produced >= end:
            return Fate("Confirmed", confirmed)
        shipped = later(11.3, 0.7)
        if shipped >= end:
            return Fate("In production", confirmed)
        completed = later(12.1, 0.6)
        if completed >= end or chance > 0.985:
            return Fate("Shipped", confirmed, shipped)
        return Fate("Cancelled" if chance > 0.977 else "Completed", confirmed, shipped)

    def _required(self, day: int) -> str:
        """Return when the client wants the goods; that may lie after the window."""
        chance = self._rng.random()
        if chance < 0.2:
            return ""
        wanted = day + 5 + int(chance * 20)
        return f"{self._window.texts[wanted]}T00:00:00Z" if wanted < len(self._window.texts) else ""

    def _lines(self, id: str, day: int, rate: int) -> int:
        """Write the order's lines; return the sum of their totals in minor units of its currency."""
        rng = self._rng
        random = rng.random
        percent = _PRICES[day * len(_PRICES) // self._window.days]
        total = 0
        for number in range(1, 2 + int(random() ** 2.2 * 5)):
            chance = random()
            if chance < _SMALL:
                goods, most = self._small, 24
            elif chance < _LARGE:
                goods, most = self._middle, 3
            else:
                goods, most = self._large, 1
            product = goods[int(random() * len(goods))]
            quantity = 1 + int(random() ** 2 * most)
            price = (product.price * percent * rate + 50 * RATE) // (100 * RATE)
            cost = (product.cost * percent * rate + 50 * RATE) // (100 * RATE)
            discount = _DISCOUNTS[int(random() * len(_DISCOUNTS))]
            line = (quantity * price * (100 - discount) + 50) // 100
            total += line
            self._sheets.order_lines.add(
                [
                    id,
                    number,
                    product.id,
                    quantity,
                    euros(price),
                    f"0.{discount:02d}",
                    euros(line),
                    f"{cost // 10_000}.{cost % 10_000:04d}",
                ]
            )
        return total


def _divided(cents: int, rate: int) -> int:
    """Return minor units of a currency as cents of EUR, rounded half up, as the product does it."""
    return (2 * cents * RATE + rate) // (2 * rate)
