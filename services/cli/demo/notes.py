"""Notes in the languages of the clients they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from services.cli.demo.goods import Product
from services.cli.demo.people import LANGUAGES, Clients, client_id
from services.cli.demo.sheets import Sheets
from services.cli.demo.texts import CLIENT_NOTES, ORDER_NOTES
from services.cli.demo.window import Window


class Notes:
    """Writes notes.csv; `count` is the number of rows and of events."""

    def __init__(self, sheets: Sheets, window: Window, rng: Random, clients: Clients, products: list[Product]) -> None:
        self._add = sheets.notes.add
        self._window = window
        self._rng = rng
        self._clients = clients
        self._products = [product.name for product in products]
        self.count = 0

    def about_clients(self, count: int) -> None:
        """Write that many notes on clients."""
        self._clients.rewind()
        for at in self._window.arrivals(self._rng, count):
            self._write(self._clients.any(self._rng, at), "", at, CLIENT_NOTES)

    def about_order(self, order: str, client: int, at: int) -> None:
        """Write a note on an order, unless that day has not come yet."""
        if at < self._window.end:
            self._write(client, order, at, ORDER_NOTES)

    def _write(self, client: int, order: str, at: int, texts: Mapping[str, Sequence[str]]) -> None:
        random = self._rng.random
        choice = texts[LANGUAGES[self._clients.language[client]]]
        product = self._products[int(random() * len(self._products))]
        text = choice[int(random() * len(choice))]
        text = text.format(product=product, n=2 + int(random() * 9), hour=9 + int(random() * 9))
        self.count += 1
        self._add([f"N-{self.count:05d}", client_id(client), order, self._window.text(at), text])
