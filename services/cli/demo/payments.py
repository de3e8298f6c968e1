"""Who pays when: at once, before, after, in parts, late, or not at all."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from services.cli.demo.goods import CURRENCIES
from services.cli.demo.people import NOBODY, client_id
from services.cli.demo.sheets import Sheets, euros
from services.cli.demo.window import DAY, Window

if TYPE_CHECKING:
    from services.cli.demo.orders import Fate


class Payments:
    """Writes payments.csv; `count` is the number of rows and of events."""

    def __init__(self, sheets: Sheets, window: Window, rng: Random) -> None:
        self._add = sheets.payments.add
        self._window = window
        self._rng = rng
        self.count = 0

    def pay(self, order: str, client: int, due: int, fate: Fate) -> None:
        """Write the payments of an order of which `due` cents are to be paid."""
        if fate.confirmed_at is None:
            return
        chance, random = self._rng.random(), self._rng.random
        soon = fate.confirmed_at + 3600 + int(random() * 2 * DAY)
        if fate.status == "Cancelled":
            if chance < 0.06:
                self._receive(client, order, soon, due * 3 // 10)
            return
        first = due * (30 + int(random() * 3) * 10) // 100
        if 0.36 <= chance < 0.52:
            self._receive(client, order, soon, due)
        elif 0.52 <= chance < 0.76:
            self._receive(client, order, soon, first)
        if fate.shipped_at is None:
            return
        later = fate.shipped_at + DAY + int(self._rng.lognormvariate(2.3, 0.6) * DAY)
        if chance < 0.36:
            self._receive(client, order, later, due)
        elif 0.52 <= chance < 0.76:
            self._receive(client, order, later, due - first)
        elif 0.76 <= chance < 0.84:
            self._receive(client, order, later, first)
        elif 0.84 <= chance < 0.93:
            self._receive(client, order, fate.shipped_at + int((45 + 75 * random()) * DAY), due)
        if chance > 0.99 and client != NOBODY:
            self._receive(client, "", later, 5_000 * (1 + int(random() * 20)))

    def settle(self, client: int, due: int, won_at: int) -> None:
        """Write the payment of a won deal: most pay within weeks, some half, some not yet."""
        chance = self._rng.random()
        at = won_at + DAY + int(self._rng.lognormvariate(2.3, 0.6) * DAY)
        if chance < 0.94 and client != NOBODY:
            self._receive(client, "", at, due if chance < 0.87 else due // 2)

    def _receive(self, client: int, order: str, at: int, cents: int) -> None:
        """Write a payment, unless that day has not come yet."""
        if at >= self._window.end or cents <= 0:
            return
        self.count += 1
        paid_at = self._window.text(at)
        self._add([f"P-{self.count:05d}", client_id(client), order, paid_at, euros(cents), CURRENCIES[0]])
