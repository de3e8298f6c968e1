"""Processes that work on a workspace until they are killed, forked one by one from a process that has all loaded.

    python -m tests.torture.child

reads a job as a line of JSON from stdin, forks, and when `kill_after` seconds have passed ends that process with
SIGKILL; or it ends itself so where `point` (services.kit.crash) is passed for the `hits`-th time. What the process does
is said on stdout, line by line: `open` before the folder is opened, `ready MS` when that is done, `ack WRITER NUMBER
STREAM VERSION COMMAND` for each command that was answered, `hit POINT` before it kills itself, and `ended STATUS`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import suppress
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from contracts.base import Command
from contracts.clients import commands as clients
from contracts.gateway import commands as gateway
from contracts.ids import command_id
from contracts.pipeline import commands as pipeline
from contracts.pipeline.commands import LineSpec, StageSpec
from contracts.problem import Refusal
from services.cli.in_folder import InFolder
from services.cli.workspace import engine
from services.importer.run import import_bundle
from services.kit import clock, crash
from services.kit.engine import Engine
from services.kit.handle import Meta
from services.kit.settings import Settings

EARLY = 946_684_800_000
"""2000-01-01, UTC ms."""
_DAY = 86_400_000
ERASED_EACH = 3
"""In each n-th round of a writer one of its clients is erased."""


def reference() -> list[Command]:
    """What all writers need: sent at each start, the second time as repeats."""
    stages = [StageSpec(stage_id=s, name=s, kind=kind) for s, kind in zip("ABWL", KINDS, strict=True)]  # type: ignore[arg-type]
    return [
        gateway.ChangeWorkspaceSettings(base_currency="EUR", branches=["Kyiv", "Lviv"]),
        gateway.AddEmployee(employee_id="u1", name="Ann"),
        gateway.AddEmployee(employee_id="u2", name="Bo"),
        pipeline.AddProduct(product_id="p1", names={"": "Chair"}),
        pipeline.SetPrice(product_id="p1", price="50", currency="USD", valid_from=EARLY),
        pipeline.SetCost(product_id="p1", cost="30.1234", currency="USD", valid_from=EARLY),
        pipeline.DefineFunnel(funnel_id="f", name="Sales", subject="deal", stages=stages),
        pipeline.DefineFunnel(funnel_id="way", name="Way", subject="client", stages=stages),
    ]


KINDS = ("in_work", "in_work", "bought", "refused")


def round_of(writer: str, number: int) -> list[Command]:
    """The commands of a writer's n-th round, each time the same."""
    me = f"{writer}-{number}"
    one, two, deal, order, paid = f"{me}-one", f"{me}-two", f"{me}-deal", f"{me}-order", f"{me}-paid"
    lines = [LineSpec(product_id="p1", quantity=str(number % 5 + 1))]
    work: list[Command] = [
        clients.RegisterClient(client_id=one, name=f"One {me}", country="UA", owner_id="u1"),
        clients.RegisterClient(client_id=two, name=f"Two {me}", kind="person", owner_id="u2"),
        clients.AddContact(contact_id=f"{me}-contact", client_id=one, name="Olha", email="o@acme.test"),
        clients.AddNote(note_id=f"{me}-note", client_id=one, text=f"call {me}", priority="high"),
        clients.MoveClient(client_id=one, funnel_id="way", stage_id="A", value=number + 1),
        pipeline.OpenDeal(deal_id=deal, client_id=one, owner_id="u1", funnel_id="f", value=1_000 + number),
        pipeline.OpenDeal(deal_id=f"{deal}-2", client_id=one, funnel_id="f", value=700, currency="USD"),
        pipeline.MoveDeal(deal_id=deal, stage_id="B", value=1_200),
        pipeline.ChangeDealClient(deal_id=deal, client_id=two),
        pipeline.MoveDeal(deal_id=deal, stage_id="W" if number % 2 else "L"),
        pipeline.MoveDeal(deal_id=f"{deal}-2", stage_id="W"),
        pipeline.ChangeDealClient(deal_id=f"{deal}-2", client_id=two),
        clients.EditNote(note_id=f"{me}-note", text=f"called {me}"),
        pipeline.PlaceOrder(order_id=order, client_id=one, owner_id="u2", lines=lines, shipping=500, branch="Kyiv"),
        pipeline.ChangeOrderStatus(order_id=order, status="confirmed"),
        pipeline.ReceivePayment(payment_id=paid, order_id=order, amount=2_000, currency="USD"),
        pipeline.ShipOrder(order_id=order, status="shipped", manager_id="u1"),
        pipeline.ChangeOrderClient(order_id=order, client_id=two),
        pipeline.ChangePaymentClient(payment_id=paid, client_id=two),
        clients.CaptureLead(lead_id=f"{me}-lead", name=f"Lead {me}"),
        clients.TakeLead(lead_id=f"{me}-lead", owner_id="u1"),
        clients.ConvertLead(lead_id=f"{me}-lead", funnel_id="f"),
    ]
    if number % 4 == 0:
        work.append(pipeline.ReversePayment(payment_id=paid, reason="twice"))
    if number % ERASED_EACH == 1:
        work.append(clients.EraseClient(client_id=one))
    return work


def _iso(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def say(*words: object) -> None:
    os.write(1, ("\n" + " ".join(map(str, words)) + "\n").encode())  # what was killed may have left half a line


async def write(running: Engine, writer: str, begin: int) -> None:
    """Send the writer's commands from number `begin` on; what was answered before the last kill comes before it."""
    number = 0
    for round in count():
        for command in round_of(writer, round):
            number += 1
            if number > begin:
                await send(running, writer, number, command)


async def send(running: Engine, writer: str, number: int, command: Command) -> None:
    id = command_id(writer, f"key-{number}")
    try:
        effect = await running.send(command, Meta(writer, id))
    except Refusal as refusal:
        say("refused", writer, number, type(command).__name__, refusal.detail.replace("\n", " "))
        raise
    say("ack", writer, number, effect.stream, effect.version, id)


async def bring_in(running: Engine, bundle: Path, source: str) -> None:
    ports = running.ports
    report = await import_bundle(bundle, ports.store, ports.keyring, running.codec, source=source, now=clock.now())
    if report.errors:
        say("failed", report.errors[0])


async def load(job: dict[str, Any]) -> int:
    """Open the workspace and send commands without end, as all writers at once; beside them import what is there."""
    say("open")
    begun = time.perf_counter()
    async with engine(Path(job["data"]), lanes=job["lanes"]) as running:
        say("ready", round((time.perf_counter() - begun) * 1000))
        for number, command in enumerate(reference(), 1):
            await send(running, "reference", number, command)
        for day in range(clock.now() // _DAY, clock.now() // _DAY + 2):
            await send(running, "rate", day, pipeline.SetRate(currency="USD", day=_iso(day), rate="0.8"))
        async with asyncio.TaskGroup() as group:
            for writer, begin in job["writers"].items():
                group.create_task(write(running, writer, begin))
            if job.get("bundle"):
                group.create_task(bring_in(running, Path(job["bundle"]), job["source"]))
    return 0


async def work(job: dict[str, Any]) -> int:
    """Do what the job says; returns the exit code."""
    data = Path(job["data"])
    on = InFolder(Settings(), data)
    match job["do"]:
        case "load":
            return await load(job)
        case "import":
            say("open")
            return await on.import_(
                Path(job["bundle"]), strict=False, source=None, errors=data.with_name(data.name + "-errors.csv")
            )
        case "rebuild":
            say("open")
            return await on.rebuild(None)
    raise ValueError(job["do"])


def kill_at(point: str, hits: int) -> None:
    passed = count(1)

    def handler(name: str) -> None:
        if name == point and next(passed) == hits:
            say("hit", point)
            os.kill(os.getpid(), signal.SIGKILL)

    crash.install(handler)


def forked(job: dict[str, Any]) -> None:
    """The process that works. It never returns."""
    code = 70
    try:
        if job["point"]:
            kill_at(job["point"], job["hits"])
        code = asyncio.run(work(job))
    except BaseException as error:  # noqa: BLE001 - the parent is told, whatever it is
        say("failed", repr(error).replace("\n", " "))
    finally:
        os._exit(code)


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        until = time.monotonic() + job["kill_after"]
        pid = os.fork()
        if pid == 0:
            with suppress(BaseException):
                forked(job)
            os._exit(70)
        ended, status = 0, 0
        while not ended:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended and time.monotonic() > until:
                os.kill(pid, signal.SIGKILL)
                ended, status = os.waitpid(pid, 0)
            time.sleep(0.002)
        say("ended", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
