"""A consumer of version 1 gets events of a version 2 that only adds (DESIGN 8, ADR 0004, TORTURE R16; #4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.commands import ChangeClientStatus
from contracts.envelope import RecordedEvent
from contracts.pipeline.events import DealTouched
from contracts.registry import REFERENCE_TYPES
from services.kit.codec import Codec
from services.kit.handle import Effect
from services.kit.lanes import lane_of
from services.kit.ports import Ports
from services.kit.profiles import embedded
from services.kit.reaction import Reaction
from services.kit.reactor import Reactor
from services.kit.runner import ProjectionRunner
from tests.contracts.newer import NEXT, Reader, append, keyring, newer_log, of_next_version
from tests.support.patience import PATIENCE


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    opened = await embedded(tmp_path, lanes=12, shuffle_seed=3)
    yield opened
    await opened.close()


async def until(condition: Callable[[], Any], task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            if task.done():
                task.result()
            await asyncio.sleep(0.005)


def runner_of(reader: Reader, ports: Ports) -> ProjectionRunner:
    return ProjectionRunner(
        reader.projection, "reader.1", ports.bus, ports.documents, Codec(keyring()), ports.store.log_id
    )


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def test_events_of_a_version_that_only_adds_are_read(ports: Ports) -> None:
    log = newer_log()
    await append(ports.store, log)
    reader = Reader()
    runner = runner_of(reader, ports)
    running = asyncio.create_task(runner.run())
    head = await ports.store.head()
    await until(lambda: runner.passed >= head, running)
    await end(running)
    assert [lane.stop for lane in runner.lanes.values()] == [None] * 12
    reader.check()
    assert all((len(found) == 12) == (name in REFERENCE_TYPES) for name, found in reader.read.items())


async def test_a_type_of_the_next_version_stops_its_lane_and_no_other(ports: Ports) -> None:
    await append(ports.store, [of_next_version(), *newer_log()])
    reader = Reader()
    runner = runner_of(reader, ports)
    running = asyncio.create_task(runner.run())
    head = await ports.store.head()
    await until(lambda: runner.passed >= head, running)
    stops = {number: lane.stop for number, lane in runner.lanes.items() if lane.stop is not None}
    await end(running)
    assert list(stops) == [lane_of(of_next_version().key, 12)]
    (stop,) = stops.values()
    assert stop.reason == f"event type {NEXT!r} is not known to this version"
    others = {lane for lane, _ in reader.read["gateway.EmployeeAdded.v1"]}
    assert others >= set(range(12)) - set(stops), "what is in every lane was read in all others"
    assert NEXT not in reader.read


async def test_a_reaction_passes_a_type_of_the_next_version_and_reads_what_only_adds(ports: Ports) -> None:
    seen: list[str] = []
    sent: list[Any] = []

    def react(data: Any, event: RecordedEvent) -> list[ChangeClientStatus]:
        seen.append(event.id)
        return [ChangeClientStatus(client_id=data.client_id, status="current")]

    async def send(command: Any, _: Any) -> Effect:
        sent.append(command.client_id)
        return Effect("", 1, 1)

    reactor = Reactor(
        "test", [Reaction("test", (DealTouched,), react)], ports.bus, ports.documents, Codec(keyring()), send, {}, 0,
        ports.store.log_id,
    )  # fmt: skip
    running = asyncio.create_task(reactor.run())
    await append(ports.store, [replace(event, origin="live") for event in (of_next_version(), *newer_log())])
    head = await ports.store.head()
    await until(lambda: reactor.passed >= head, running)
    await end(running)
    touched = next(event for event in newer_log() if event.type == DealTouched.type)
    assert (seen, sent) == ([touched.id], [touched.key])
