"""The accounting example agrees with Voronka's own numbers to the last cent, however its messages come (P19)."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contracts.pipeline import commands as pipeline
from examples.accounting_sync.follow import TOPICS
from examples.accounting_sync.ledger import Ledger
from examples.accounting_sync.reconcile import Api, Difference, reconcile
from tests.support.app import App, running
from tests.support.company import Company
from tests.support.wired import dealt


class InProcess(Api):
    """The API of the application in this process, asked from another thread."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__("http://localhost")
        self._app = app
        self._loop = loop

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = asyncio.run_coroutine_threadsafe(self._app.get(path, **params), self._loop).result(20)
        return answer


async def compare(app: App, path: Path) -> tuple[int, list[Difference]]:
    """Reconcile the ledger in the file with the application, when all is folded."""
    await app.engine.settle()
    api = InProcess(app, asyncio.get_running_loop())

    def work() -> tuple[int, list[Difference]]:
        ledger = Ledger(path)
        try:
            return reconcile(ledger, api)
        finally:
            ledger.close()

    return await asyncio.to_thread(work)


async def deliver(app: App, path: Path, seed: int) -> None:
    """Let the ledger read everything from the beginning: partitions in any order, batches of any size, some twice."""
    await app.engine.settle()
    store = app.engine.ports.store
    places = {
        place: messages
        for place, messages in dealt(await store.read_all(0, 1_000_000), store.log_id).items()
        if place[0] in TOPICS
    }
    random = Random(seed)
    at = dict.fromkeys(places, 0)
    ledger = Ledger(path)
    try:
        while open_ := [place for place, messages in places.items() if at[place] < len(messages)]:
            place = random.choice(open_)
            size = random.randint(1, 20)
            outcome = ledger.book(*place, places[place][at[place] : at[place] + size])
            assert outcome.gap is None
            at[place] += size if random.random() < 0.7 else 0  # as after a crash: the same again
    finally:
        ledger.close()


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[tuple[App, Company]]:
    async with running(tmp_path / "data") as app:
        told = Company(app.engine)
        await told.all()
        yield app, told


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_totals_are_those_of_voronka(company: tuple[App, Company], tmp_path: Path, seed: int):
    app, told = company
    ledger = tmp_path / "ledger.sqlite"
    await deliver(app, ledger, seed)
    compared, differences = await compare(app, ledger)
    assert differences == []
    assert compared >= 15
    # Orders, payments and deals that change their client, and other sales rules: the same ledger goes on.
    await told.send(pipeline.ChangeOrderClient(order_id="o1", client_id="c2"), "2026-04-03")
    await told.send(pipeline.ChangeOrderClient(order_id="o1", client_id="c3"), "2026-04-04")
    await told.send(pipeline.ChangePaymentClient(payment_id="y1", client_id="c3"), "2026-04-04")
    await told.send(pipeline.ChangePaymentClient(payment_id="y3", client_id="c1"), "2026-04-04")
    await told.send(pipeline.ChangeDealClient(deal_id="d4", client_id="c3"), "2026-04-05")
    await told.rules("orders", "clients", W="none", B="bought")
    await deliver(app, ledger, seed + 10)
    assert (await compare(app, ledger))[1] == []
    await told.rules("orders", "deals", A="bought", L="bought")
    await deliver(app, ledger, seed + 20)
    assert (await compare(app, ledger))[1] == []


async def test_a_cent_that_is_missing_is_found(company: tuple[App, Company], tmp_path: Path):
    app, _ = company
    ledger = tmp_path / "ledger.sqlite"
    await deliver(app, ledger, 1)
    with sqlite3.connect(ledger) as db:
        db.execute("UPDATE entry SET base_amount = base_amount + 1 WHERE document = 'payment-y1'")
    db.close()
    _, differences = await compare(app, ledger)
    assert [(each.line.client_id, each.line.what, each.ledger - each.voronka) for each in differences] == [
        ("c1", "balance in base", 1),
        ("c1", "paid in base", 1),
    ]


async def test_an_order_that_was_not_booked_is_found(company: tuple[App, Company], tmp_path: Path):
    app, _ = company
    ledger = tmp_path / "ledger.sqlite"
    await deliver(app, ledger, 1)
    with sqlite3.connect(ledger) as db:
        assert db.execute("DELETE FROM entry WHERE document = 'order-o1'").rowcount
    db.close()
    _, differences = await compare(app, ledger)
    found = {each.line.what: each.ledger - each.voronka for each in differences}
    assert set(found) == {"sales", "goods billed", "billed in base", "balance in base"}
    assert found["sales"] == -1
