"""The accounting example on real Kafka: killed in the middle of its work it loses nothing and books nothing twice."""

import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from aiokafka import AIOKafkaProducer
from granian.constants import Interfaces
from granian.server.embed import Server

from contracts.envelope import RecordedEvent
from contracts.pipeline import commands as pipeline
from contracts.pipeline.commands import LineSpec
from examples.accounting_sync.fold import BILLED
from examples.accounting_sync.follow import Follower
from examples.accounting_sync.follow import Kafka as Where
from examples.accounting_sync.ledger import Gap, Ledger
from services.cli.workspace import SERVICES
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_topics import ensure
from services.kit.adapters.kafka_wire import write
from services.kit.web import create_app
from tests.servers.followed import eventually_relayed, relayed
from tests.servers.native.kafka import Kafka
from tests.servers.native.process import free_ports
from tests.servers.relayed import eventually, own
from tests.support.app import App, running
from tests.support.company import Company
from tests.support.patience import PATIENCE
from tests.support.staff import STAFF

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[2]
_KILLS = 8
AS_PROGRAM = ("--header", "Authorization: Bearer administrator:local")


@asynccontextmanager
async def served(app: App) -> AsyncIterator[str]:
    """Serve the application on a free port; yields its address."""
    (port,) = free_ports(1)
    web = create_app(app.engine, SERVICES, gate=STAFF)
    server = Server(web, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        await asyncio.wait({serving}, timeout=PATIENCE)


class Program:
    """The example as its own process."""

    def __init__(self, settings: KafkaSettings, ledger: Path) -> None:
        options = ["--ledger", str(ledger), "--kafka", settings.servers, "--prefix", settings.prefix, "--session", "1"]
        self._command = ["-m", "examples.accounting_sync", *options]

    async def start(self, *more: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable, *self._command, *more, cwd=ROOT, stdout=pipe, stderr=pipe
        )

    async def run(self, *more: str) -> tuple[int | None, str]:
        """Run it to its end; returns its exit code and what it said."""
        process = await self.start(*more)
        try:
            async with asyncio.timeout(PATIENCE):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode, out.decode() + err.decode()


async def test_killed_in_the_middle_it_loses_nothing_and_doubles_nothing(kafka: Kafka, tmp_path: Path):
    settings, path, random = own(kafka.address), tmp_path / "ledger.sqlite", Random(7)
    program = Program(settings, path)
    async with running(tmp_path / "data") as app, relayed(app, settings), served(app) as url:
        told = Company(app.engine)
        await told.all()

        enough, line = asyncio.Event(), [LineSpec(product_id="p1", quantity="1")]

        async def trade() -> int:
            number = 0
            while not enough.is_set():
                id, client = f"x{number}", f"c{number % 3 + 1}"
                await told.send(pipeline.PlaceOrder(order_id=id, client_id=client, lines=line, shipping=7))
                await told.send(pipeline.ChangeOrderStatus(order_id=id, status="confirmed"))
                await told.send(pipeline.ShipOrder(order_id=id, status="shipped"))
                paid = pipeline.ReceivePayment(payment_id=f"z{number}", order_id=id, amount=5_000, currency="USD")
                await told.send(paid)
                number += 1
                await asyncio.sleep(0.005)  # its pace
            return number

        trading = asyncio.create_task(trade())
        try:
            for _ in range(_KILLS):
                process = await program.start()
                before = _entries(path)
                try:
                    await eventually(lambda at=before: _entries(path) > at, "the ledger goes on")
                    await asyncio.sleep(random.random() * 0.3)  # the moment of the crash
                finally:
                    process.send_signal(signal.SIGKILL)
                    await process.wait()
        finally:
            enough.set()
        traded = await trading
        await app.engine.settle()
        await eventually_relayed(app, settings)
        assert await program.run("--until-end") == (0, "")
        code, said = await program.run("--reconcile", "--voronka", url, *AS_PROGRAM)
        assert (code, said.splitlines()[-1].endswith(" 0 differ")) == (0, True), said
        with sqlite3.connect(path) as db:  # a cent that goes missing is found and told
            db.execute("UPDATE entry SET amount = amount - 1 WHERE document = 'payment-z0'")
        db.close()
        code, said = await program.run("--reconcile", "--voronka", url, *AS_PROGRAM)
        assert (code, said.splitlines()[-1].endswith(" 1 differ")) == (1, True), said
        assert "received" in said
        ledger = Ledger(path)
        shipped = sum(documents for (account, _, _), (documents, _, _) in ledger.totals().items() if account == BILLED)
        ledger.close()
        assert shipped > traded > 0


async def test_a_message_that_is_missing_is_noticed_and_booked_when_it_comes(kafka: Kafka, tmp_path: Path):
    settings = own(kafka.address)
    await ensure(settings)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    producer = AIOKafkaProducer(bootstrap_servers=kafka.address, acks="all")
    await producer.start()

    async def send(position: int, prev: int) -> None:
        data = b'{"client_id": "acme", "currency": "EUR", "amount": 10, "base_amount": 10}'
        event = RecordedEvent(
            id=f"e{position}",
            type="pipeline.PaymentReceived.v1",
            key="acme",
            occurred_at=0,
            actor="a",
            command_id="c",
            command_hash="h",
            data=data,
            stream=f"payment-{position}",
            version=1,
            position=position,
            recorded_at=0,
        )
        message = write(event, prev, "a-log")
        await producer.send_and_wait(
            settings.topic("pipeline.events"), message.value, key=message.key, headers=message.headers, partition=3
        )

    async def follow() -> dict[str, Gap]:
        follower = Follower(Where(kafka.address, prefix=settings.prefix), ledger, alarm=0.3)
        async with asyncio.timeout(PATIENCE):
            await follower.run(asyncio.Event(), until_end=True)
        return follower.gaps

    try:
        for position, prev in ((1, 0), (5, 4), (6, 5)):
            await send(position, prev)
        assert await follow() == {f"{settings.topic('pipeline.events')}[3]": Gap(1, 5)}
        assert ledger.totals() == {("paid", "acme", "EUR"): (1, 10, 10)}
        await send(4, 1)  # the relay sends again what is missing, behind
        assert await follow() == {}
        assert ledger.totals() == {("paid", "acme", "EUR"): (4, 40, 40)}
    finally:
        await producer.stop()
        ledger.close()


def _entries(path: Path) -> int:
    if not path.exists():
        return 0
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        try:
            found = db.execute("SELECT count(*) FROM entry").fetchone()[0]
        except sqlite3.OperationalError:  # it is just being made
            found = 0
    db.close()
    return int(found)
