"""Lists of clients: pages as the server makes them, each after a change, so that no total is kept from the page before.

In this process and without a socket: what is timed is the server's own work, rights, queries, templates and all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2
import msgspec

from benchmarks.data import RARE_OWNER, RARE_TAG
from benchmarks.lag import Percentiles
from benchmarks.measure import NORMAL, Line, Results
from contracts.ids import command_id
from contracts.pipeline.commands import ReceivePayment
from services.cli.collector import seldom
from services.cli.workspace import SERVICES, engine
from services.gateway.pages.routes import pages
from services.kit.engine import Engine
from services.kit.handle import Meta
from services.kit.web import create_app
from tests.support.staff import STAFF, bearer

_ALL = "administrator:local"
_OWNER = "owner-01"
_OWN = f"manager:{_OWNER}"
_WARM = 2
"""Rounds before the timed ones."""


@dataclass(frozen=True)
class Asked:
    """A page: `who` asks, the address behind /clients?, which clients of the data it lists (None: not known there)."""

    who: str
    query: str
    lists: Callable[[dict[str, Any]], bool] | None


PAGES = {
    "cards": Asked(_ALL, "view=cards", lambda _: True),
    "cards, current + hot": Asked(
        _ALL, "view=cards&status=current&temperature=hot", lambda c: (c["status"], c["temperature"]) == _HOT
    ),
    "cards of own clients": Asked(_OWN, "view=cards", lambda c: c["owner_id"] == _OWNER),
    "table": Asked(_ALL, "view=table", lambda _: True),
    "table by name": Asked(_ALL, "view=table&sort=name", lambda _: True),
    "table, rare owner": Asked(_ALL, f"view=table&owner={RARE_OWNER}", lambda c: c["owner_id"] == RARE_OWNER),
    "table, rare tag": Asked(_ALL, f"view=table&tag={RARE_TAG}", lambda c: RARE_TAG in c["tags"]),
    "table, current + hot": Asked(
        _ALL, "view=table&status=current&temperature=hot", lambda c: (c["status"], c["temperature"]) == _HOT
    ),
    "table, a country": Asked(_ALL, "view=table&country=PL", lambda c: c["country"] == "PL"),
    "table, a segment and hot": Asked(
        _ALL, "view=table&segment=s1&temperature=hot", lambda c: (c["segment"], c["temperature"]) == ("s1", "hot")
    ),
    "table, balance < 0": Asked(_ALL, "view=table&balance=lt:0", None),
    "table of own clients": Asked(_OWN, "view=table", lambda c: c["owner_id"] == _OWNER),
}
_HOT = ("current", "hot")
_TYPED = {
    "palette": ("Client 7712",),
    "palette, a name with a slip": (
        *("зоар", "smtih", "groop", "ярлио", "walkre", "єдінсть", "їжакевчи", "kitchnes"),
        *("подільсикй", "peterr fostr", "шевчнеко олена", "roomss hotel"),
    ),
    "palette, nothing is near": ("жзкртт", "qwrtzxpl"),
}
"""What is typed into the palette, round by round."""
_SIMILAR = "Similar names"


async def lists(results: Results, data: Path, clients: int, rounds: int) -> None:
    """Measure the pages by turns in a workspace with read models; how many clients each lists must be what it has."""
    known = _registered(data)
    async with engine(data) as running:
        if not await running.settle(900):
            raise AssertionError(f"the workspace does not settle: {running.failure!r}")
        transport = httpx2.ASGITransport(create_app(running, SERVICES, pages(running), gate=STAFF))
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http,
            AsyncExitStack() as stack,
        ):
            stack.enter_context(seldom())  # as every process that serves
            for name, asked in PAGES.items():
                await _check(http, name, asked, known)
            took: dict[str, list[float]] = {name: [] for name in (*PAGES, *_TYPED)}
            for turn in range(_WARM + rounds):
                for name, samples in took.items():
                    await _changed(running, known[turn]["client_id"], f"{turn}-{name}")
                    seconds = await (_page(http, PAGES[name]) if name in PAGES else _palette(http, name, turn))
                    if turn >= _WARM:
                        samples.append(seconds)
    for name, samples in took.items():
        times = Percentiles(samples)
        line = Line("lists", f"{name}, {clients:,} clients: {times}", NORMAL, "ms (p95)", [times.at(0.95)])
        results.add(line.judged(at_most=50 if name in _TYPED else 25))
    results.note("lists: each page after a change of numbers; how many clients it lists is what the data has")
    if clients < 100_000:
        results.note("lists: the goals are for 100,000 clients (make bench-quick ARGS=--full)")


def _registered(data: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(data / "log.sqlite")) as db:
        rows = db.execute("SELECT data FROM events WHERE type='clients.ClientRegistered.v1'").fetchall()
    return [msgspec.json.decode(each) for (each,) in rows]


async def _check(http: httpx2.AsyncClient, name: str, asked: Asked, known: list[dict[str, Any]]) -> None:
    if asked.lists is None:
        return
    given = dict(pair.split("=") for pair in asked.query.split("&"))
    params = {"owner_id" if key == "owner" else key: value for key, value in given.items() if key not in _SHOWN}
    answer = await http.get("/api/v1/metrics/clients", params={**params, "listed": True}, headers=bearer(asked.who))
    found, wanted = answer.raise_for_status().json()["totals"]["clients"], sum(map(asked.lists, known))
    if found != wanted:
        raise AssertionError(f"{name}: {found} clients are listed, not {wanted}")


_SHOWN = frozenset({"view", "sort"})


async def _changed(running: Engine, client: str, turn: str) -> None:
    """Change a client's numbers, and wait until that is seen."""
    id = command_id("user:bench", f"lists {turn}")
    effect = await running.send(
        ReceivePayment(payment_id=id, client_id=client, amount=100, currency="EUR"), Meta("user:bench", id)
    )
    if not await running.wait(running.token(effect), ["analytics"], 60):
        raise AssertionError("a payment is not seen within 60 s")


async def _page(http: httpx2.AsyncClient, asked: Asked) -> float:
    begun = perf_counter()
    answer = await http.get(f"/clients?{asked.query}", headers=bearer(asked.who))
    took = perf_counter() - begun
    answer.raise_for_status()
    return took


async def _palette(http: httpx2.AsyncClient, name: str, turn: int) -> float:
    typed = _TYPED[name][turn % len(_TYPED[name])]
    begun = perf_counter()
    answer = await http.get("/palette", params={"q": typed}, headers={**bearer(_ALL), "accept-language": "en"})
    took = perf_counter() - begun
    if (_SIMILAR in answer.raise_for_status().text) is not (name == "palette, a name with a slip"):
        raise AssertionError(f"{name}: {typed!r} finds {answer.text}")
    return took
