"""What the demo company sells, and the exchange rates of its days."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from services.cli.demo.sheets import Sheets
from services.cli.demo.window import Window
from services.cli.demo.words import PRODUCTS

CURRENCIES = ("EUR", "USD", "UAH", "PLN")
"""The first one is the base."""
RATE = 10_000
"""Rates are whole numbers of this part of a unit."""
_BEGIN = {"USD": (1.085, 0.0001, 0.0045), "UAH": (42.3, 0.0001, 0.0035), "PLN": (4.31, 0.0, 0.0040)}
"""Currency → units per EUR on the first day, daily drift and spread (of the logarithm)."""


@dataclass(frozen=True, slots=True)
class Product:
    """Price in cents, cost in 1/100 of a cent, both EUR and as they are at the end."""

    id: str
    name: str
    category: str
    price: int
    cost: int


def catalogue() -> list[Product]:
    """Return all products by category."""
    products: list[Product] = []
    for category, items in PRODUCTS.items():
        for item in items.split(";"):
            name, price, cost = item.split(":")
            id = f"{category[:3].upper()}-{len(products) + 1:02d}"
            products.append(Product(id, name, category, int(Decimal(price) * 100), int(Decimal(cost) * 10_000)))
    return products


def write_products(sheets: Sheets, products: list[Product]) -> int:
    """Write products.csv; return the number of events it makes: each is added, priced and given a cost."""
    for it in products:
        price, cost = Decimal(it.price).scaleb(-2), Decimal(it.cost).scaleb(-4)
        sheets.products.add([it.id, it.name, it.category, price, cost, CURRENCIES[0]])
    return 3 * len(products)


class Rates:
    """Units of each currency for one EUR by day; `used` counts the ones that were needed.

    Those of the last day always are: today's orders want them."""

    def __init__(self, window: Window, rng: Random) -> None:
        self._texts = window.texts
        self._all: dict[str, list[int]] = {}
        self._used = {currency: bytearray(window.days + 1) for currency in CURRENCIES[1:]}
        for currency, (begin, drift, spread) in _BEGIN.items():
            rate = begin
            walk: list[int] = []
            for _ in window.texts:
                walk.append(round(rate * RATE))
                rate *= 1 + rng.gauss(drift, spread)
            self._all[currency] = walk
            self._used[currency][-1] = 1
        self.used = len(self._all)

    def on(self, day: int, currency: str) -> int:
        """Return the rate of a day (from 0) in ten-thousandths; it will be in the file."""
        if currency == CURRENCIES[0]:
            return RATE
        days = self._used[currency]
        if not days[day]:
            days[day] = 1
            self.used += 1
        return self._all[currency][day]

    def write(self, sheets: Sheets) -> None:
        """Write the rates that were needed to fx_rates.csv, day by day."""
        for day, text in enumerate(self._texts):
            for currency, used in self._used.items():
                if used[day]:
                    rate = self._all[currency][day]
                    sheets.fx_rates.add([text, currency, f"{rate // RATE}.{rate % RATE:04d}"])
