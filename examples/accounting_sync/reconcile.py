"""Compares the ledger with Voronka's own numbers, per client and currency, by its JSON API (P19: reconciliation)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from examples.accounting_sync.fold import BILLED, PAID
from examples.accounting_sync.ledger import Ledger

_TRIES = 3
_TIMEOUT = 30.0


class Line(NamedTuple):
    """What is compared: of a client (empty: nobody's), in a currency (empty: amounts without one)."""

    client_id: str
    currency: str
    what: str


class Difference(NamedTuple):
    """A number that differs; money in minor units."""

    line: Line
    ledger: int
    voronka: int


class Api:
    """Voronka's JSON API. `headers`: what the door in front of it wants, such as an authorization."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._headers = headers or {}

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Return an answer. Raises OSError."""
        request = Request(f"{self._url}{path}?{urlencode(params)}", headers=self._headers)  # noqa: S310 - the user's own URL
        with urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
        return found

    def all(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Walk a list to its end. Raises OSError."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=200, **params, **cursor)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}


def reconcile(ledger: Ledger, api: Api) -> tuple[int, list[Difference]]:
    """Return how many numbers were compared, and those that differ. Raises OSError if the API does not answer.

    If something was booked meanwhile, the two were not looked at in the same moment: then once more."""
    compared: dict[Line, tuple[int, int]] = {}
    for _ in range(_TRIES):
        before = ledger.booked()
        theirs = voronka(api)
        ours = own(ledger, base=theirs.base, balances=theirs.balances)
        lines = ours.keys() | theirs.numbers.keys()
        compared = {line: (ours.get(line, 0), theirs.numbers.get(line, 0)) for line in lines}
        if ledger.booked() == before:
            break
    return len(compared), [Difference(line, *pair) for line, pair in sorted(compared.items()) if pair[0] != pair[1]]


def own(ledger: Ledger, *, base: str, balances: bool) -> dict[Line, int]:
    """Return the ledger's numbers. `balances`: billed, paid and balance in the base currency too."""
    found: dict[Line, int] = {}
    for (account, client, currency), (documents, amount, in_base) in ledger.totals().items():
        if account == BILLED and client:
            found[Line(client, currency, "sales")] = documents
            found[Line(client, currency, "goods billed")] = amount
        if account == PAID:
            found[Line(client, currency, "payments")] = documents
            found[Line(client, currency, "received")] = amount
        if balances and client:
            sign = 1 if account == PAID else -1
            for what, value in ((f"{account} in base", in_base), ("balance in base", sign * in_base)):
                line = Line(client, base, what)
                found[line] = found.get(line, 0) + value
    return found


class Theirs(NamedTuple):
    """Voronka's numbers; `balances`: it keeps them (it does from the first payment on)."""

    base: str
    balances: bool
    numbers: dict[Line, int]


def voronka(api: Api) -> Theirs:
    """Return Voronka's numbers: metrics of all clients, and all payments."""
    found: dict[Line, int] = {}
    base = api.get("/metrics/clients", limit=1)["currency"] or ""
    balances = False
    for item in api.all("/metrics/clients"):
        client = item["id"]
        for each in item["by_currency"]:
            found[Line(client, each["currency"], "sales")] = each["sales_count"]
            found[Line(client, each["currency"], "goods billed")] = each["sales_sum"]
        if item["balance"] is not None:
            balances = True
            for what in (BILLED, PAID, "balance"):
                found[Line(client, base, f"{what} in base")] = item[what]
    for payment in api.all("/payments"):
        client, currency = payment["client_id"] or "", payment["currency"]
        count, amount = Line(client, currency, "payments"), Line(client, currency, "received")
        found[count] = found.get(count, 0) + 1
        found[amount] = found.get(amount, 0) + (0 if payment["reversed_at"] is not None else payment["amount"])
    return Theirs(base, balances, found)
