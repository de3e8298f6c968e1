"""Puts a demo bundle together and sees to it that it makes as many events as were asked for."""

from __future__ import annotations

from datetime import date
from math import exp
from pathlib import Path
from random import Random

from contracts.problem import Invalid
from services.cli.demo.deals import EVENTS_PER_DEAL, Deals
from services.cli.demo.funnels import write_stages
from services.cli.demo.goods import CURRENCIES, Rates, catalogue, write_products
from services.cli.demo.notes import Notes
from services.cli.demo.orders import EVENTS_PER_ORDER, FOREIGN, STATUSES, Orders
from services.cli.demo.payments import Payments
from services.cli.demo.people import write_clients, write_employees
from services.cli.demo.sheets import Sheets
from services.cli.demo.window import Window

_FIXED = 250
"""More than employees, products, funnels, rules, settings and blocks of numbers make."""
_WORKSPACE = 5
"""Events of the workspace itself: sales rules, settings, and a block of numbers for clients, deals and orders each."""
_DEALS, _ORDERS = 0.53, 0.74
"""Deals get the first share of the events that are not spoken for, orders the second one of what is left then. The rest
are notes, which make up for chance."""


def least_events(clients: int) -> int:
    """Return the smallest number of events a demo with so many clients can have."""
    return _FIXED + 2 * clients


def write_bundle(folder: Path, *, clients: int = 2000, events: int = 60_000, seed: int = 1, until: date) -> None:
    """Write a canonical bundle (DEFINITIONS 1) of the 24 months before `until` into `folder`, the same for the same
    arguments. Its import makes `events` events, give or take one in a hundred. Raises Invalid if that is fewer than
    `least_events`.

    It holds deals and orders, both meant to count as sales, and names `deals` as a bundle can name but one."""
    if clients < 1:
        raise Invalid("a demo needs at least one client", field="clients")
    if events < least_events(clients):
        raise Invalid(f"{clients} clients need at least {least_events(clients)} events", field="events")
    window = Window(until)

    def rng(name: str) -> Random:
        return Random(f"{seed}/{name}")

    with Sheets(folder) as sheets:
        products = catalogue()
        made = _WORKSPACE + write_employees(sheets) + write_products(sheets, products) + write_stages(sheets)
        buyers = write_clients(sheets, window, rng("clients"), clients)
        made += clients
        payments = Payments(sheets, window, rng("payments"))
        deals = Deals(sheets, window, rng("deals"), buyers, products, payments)
        deals.write(max(1, int((events - made) * _DEALS / EVENTS_PER_DEAL)))
        made += deals.events + sum(buyers.sold)
        rates = Rates(window, rng("rates"))
        notes = Notes(sheets, window, rng("notes"), buyers, products)
        orders = Orders(sheets, window, rng("orders"), buyers, products, rates, payments, notes)
        left = events - made - len(STATUSES) - 1
        orders.write(_order_count(left * _ORDERS, window), left)
        rates.write(sheets)
        made += orders.events + payments.count + rates.used + 1 + len(orders.statuses)
        notes.about_clients(max(0, events - made - notes.count))
        sheets.meta(
            {
                "dataset": "demo",
                "sales_source": "deals",
                "as_of": f"{until.isoformat()}T00:00:00Z",
                "base_currency": CURRENCIES[0],
                "time_zone": "UTC",
                "has_amounts": True,
                "has_costs": True,
                "has_payments": True,
            }
        )


def _order_count(events: float, window: Window) -> int:
    """Return how many orders make so many events, the rates they need included."""
    days = len(CURRENCIES[1:]) * window.days
    count = events / EVENTS_PER_ORDER
    for _ in range(8):
        count = max(1.0, (events - days * (1 - exp(-FOREIGN * count / days))) / EVENTS_PER_ORDER)
    return int(count)
