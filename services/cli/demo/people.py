"""The demo company's employees, and its clients with who they are and how much they buy."""

from __future__ import annotations

from array import array
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from services.cli.demo.goods import CURRENCIES
from services.cli.demo.naming import Naming
from services.cli.demo.sheets import Sheets
from services.cli.demo.window import Window
from services.cli.demo.words import CITIES, COUNTRIES, EMPLOYEES, REGIONS, SEGMENTS

LANGUAGES = ("uk", "ru", "en")
NOBODY = -1
_IN_EUROS = 0.15
"""Share of clients who buy in EUR wherever they are."""
_EARLIER = 0.12
"""Share of clients from before the demo's first day: when they came is not known."""
_FLAT, _STEEP = 0.005, -0.9
"""Zipf: the weight of the client at rank r (0..1) is (flat + r) ** steep."""


@dataclass(slots=True)
class Clients:
    """What is kept of each client, by its place, in the order of their coming."""

    since: array[int] = field(default_factory=lambda: array("q"))
    weight: array[float] = field(default_factory=lambda: array("d"))
    """Sum of the weights of all clients up to this one."""
    country: bytearray = field(default_factory=bytearray)
    currency: bytearray = field(default_factory=bytearray)
    """Place in CURRENCIES."""
    language: bytearray = field(default_factory=bytearray)
    owner: bytearray = field(default_factory=bytearray)
    sold: bytearray = field(default_factory=bytearray)
    """1 once it won a deal: an importer makes it a current one then, as deals are the bundle's source of sales."""
    _known: int = 0

    def any(self, rng: Random, at: int) -> int:
        """Return a client who was there at the time, big buyers more often. Times must not decrease between rewinds."""
        since, count = self.since, self._known
        while count < len(since) and since[count] <= at:
            count += 1
        self._known = count
        return bisect(self.weight, rng.random() * self.weight[count - 1], 0, count - 1)

    def rewind(self) -> None:
        """Begin again with the first day."""
        self._known = 0


def client_id(place: int) -> str:
    """Return the id of a client; empty for NOBODY."""
    return "" if place == NOBODY else f"C-{place + 1:05d}"


def user_id(place: int) -> str:
    """Return the id of an employee."""
    return f"U-{place + 1:02d}"


def manager_of(place: int) -> int:
    """Return the leader of the employee's team, who may be the same."""
    team = EMPLOYEES[place][1]
    return next(n for n, employee in enumerate(EMPLOYEES) if employee[1] == team)


def write_employees(sheets: Sheets) -> int:
    """Write users.csv; return the number of events it makes."""
    for place, (name, team, _, _) in enumerate(EMPLOYEES):
        leader = manager_of(place)
        manager = "" if leader == place else EMPLOYEES[leader][0]
        sheets.users.add([user_id(place), name, team, manager, REGIONS[team]])
    return len(EMPLOYEES)


def write_clients(sheets: Sheets, window: Window, rng: Random, count: int) -> Clients:
    """Write customers.csv; each row makes one event, and one more with its first deal won."""
    clients, naming = Clients(), Naming(rng)
    earlier = max(1, int(count * _EARLIER))
    arrivals = window.arrivals(rng, count - earlier)
    country_of = _drawn([country[1] for country in COUNTRIES])
    segment_of = _drawn([segment[1] for segment in SEGMENTS])
    sellers = {team: _sellers(team) for team in REGIONS}
    total = 0.0
    for place in range(count):
        known = place >= earlier
        at = next(arrivals) if known else 0
        country = country_of(rng.random())
        code, _, currency, team = COUNTRIES[country]
        segment, _, size = SEGMENTS[segment_of(rng.random())]
        if rng.random() < _IN_EUROS:
            currency = "EUR"
        language = naming.language(code)
        owner = sellers[team](rng.random())
        name = naming.name(language, code, segment)
        sheets.customers.add(
            [
                client_id(place),
                name,
                segment,
                code,
                rng.choice(CITIES[code]),
                currency,
                user_id(owner),
                naming.email(name, place + 1) if rng.random() < 0.93 else "",
                naming.phone(code) if rng.random() < 0.88 else "",
                window.text(at) if known else "",
            ]
        )
        total += size * (_FLAT + rng.random()) ** _STEEP
        clients.since.append(at)
        clients.weight.append(total)
        clients.country.append(country)
        clients.currency.append(CURRENCIES.index(currency))
        clients.language.append(LANGUAGES.index(language))
        clients.owner.append(owner)
    clients.sold = bytearray(count)
    return clients


def _sellers(team: str) -> Callable[[float], int]:
    places = [place for place, employee in enumerate(EMPLOYEES) if employee[1] == team]
    pick = _drawn([EMPLOYEES[place][2] for place in places])
    return lambda share: places[pick(share)]


def _drawn(shares: list[float]) -> Callable[[float], int]:
    """Return what tells whose share of 0..1 a number falls into."""
    sums = [sum(shares[: place + 1]) for place in range(len(shares) - 1)]
    return lambda share: bisect(sums, share)
