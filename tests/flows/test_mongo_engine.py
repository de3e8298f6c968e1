"""All services with their read models and keys in MongoDB (its double): the numbers are what the recomputation from the
log says, whatever happens to the server meanwhile (issue 4, TORTURE R9, X10)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contracts.base import Command
from contracts.clients import commands as clients
from contracts.ids import command_id
from contracts.pipeline import commands as pipeline
from contracts.problem import Unavailable
from services.cli.workspace import SERVICES
from services.gateway.domain.numbers import NUMBERS
from services.kit.adapters.local_limits import LocalLimits
from services.kit.adapters.log_bus import LogBus
from services.kit.adapters.mongo_documents import MongoDocuments
from services.kit.adapters.mongo_keyring import MongoKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.engine import Engine, Ports
from services.kit.handle import Effect, Meta
from services.kit.rebuild import rebuild
from tests.doubles.mongo import MongoDouble
from tests.support.company import Company, at
from tests.support.patience import PATIENCE
from tests.support.workspaces import differences, settled


@asynccontextmanager
async def engine(folder: Path, double: MongoDouble) -> AsyncIterator[Engine]:
    """Run all services: the log in SQLite, twelve shuffled lanes, read models and keys on the double."""
    store = await SqliteEventStore.open(folder / "log.sqlite")
    documents = await MongoDocuments.open(double.uri, "test", seconds=3, lease=0)
    keyring = await MongoKeyring.open(double.uri, "test", seconds=3)
    running = Engine(SERVICES, Ports(store, LogBus(store, 12, 5), documents, keyring, LocalLimits()), NUMBERS)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


class Patient(Company):
    """Sends a command again, with its key, as long as it is answered that a store is away."""

    answered = 0

    async def send(self, command: Command, when: str | None = None) -> Effect:
        self.sent += 1
        meta = Meta(self.name, command_id(self.name, f"key-{self.sent}"))
        if when is not None:
            command = command.model_copy(update={"at": at(when)})
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    effect = await self.engine.send(command, meta)
                    self.answered += 1
                    return effect
                except Unavailable:
                    await asyncio.sleep(0.05)


@pytest.fixture
async def double(tmp_path: Path) -> AsyncIterator[MongoDouble]:
    made = await MongoDouble(tmp_path / "mongo", lifetime=1.0).start()
    yield made
    await made.stop()


async def test_the_numbers_are_right_after_restart_and_rebuild_too(tmp_path: Path, double: MongoDouble) -> None:
    async with engine(tmp_path, double) as running:
        await Company(running).all()
        assert await differences(running) == ([], [])
    async with engine(tmp_path, double) as running:
        assert await differences(running) == ([], [])
        ports = running.ports
        for service in SERVICES:
            for projection in service.projections:
                await rebuild(projection, ports.store, running.codec, ports.documents, 12)
    async with engine(tmp_path, double) as running:
        assert await differences(running) == ([], [])


async def test_cuts_and_restarts_of_the_server_change_no_number(tmp_path: Path, double: MongoDouble) -> None:
    chance = random.Random(11)
    async with engine(tmp_path, double) as running:
        company = Patient(running)
        await company.reference()
        await company.people()
        stop = asyncio.Event()

        async def torture() -> None:
            while not stop.is_set():
                when = chance.choice(["before", "after"])
                double.faults.plan(None, "cut", when=when, times=chance.choice([1, 1, 3]))
                await asyncio.sleep(chance.random() * 0.1)
                if chance.random() < 0.05:
                    await double.stop()
                    await double.start()
                answered = company.answered
                while company.answered == answered and not stop.is_set():  # a slow machine must come forward too
                    await asyncio.sleep(0.005)

        torturing = asyncio.create_task(torture())
        await company.sales()
        for number in range(25):
            moved = pipeline.MoveDeal(deal_id="d1", stage_id="B" if number % 2 else "A")
            await company.send(moved)
            await asyncio.sleep(0.05)
        stop.set()
        await torturing
        double.faults.planned.clear()
        assert await differences(running) == ([], [])


async def test_an_erased_client_is_blank_in_every_process(tmp_path: Path, double: MongoDouble) -> None:
    async with engine(tmp_path, double) as running:
        company = Company(running)
        await company.all()
        await settled(running)
        await company.send(clients.EraseClient(client_id="c1"))
        await settled(running)
        keyring = await MongoKeyring.open(double.uri, "test")
        assert "c1" in await keyring.tombstones()
        async with keyring.hold(["c1", "k1"]):
            assert keyring.key("c1") is None
            assert keyring.key("k1") is None
        await keyring.close()
        group = await running.ports.documents.active("clients")
        assert group is not None
        async with running.ports.documents.snapshot() as reader:
            (row,) = await reader.get(group, "clients", "c1")
            assert row.document.name == ""
            assert await reader.search(group, "clients", "acme") == []
        assert await differences(running) == ([], [])
