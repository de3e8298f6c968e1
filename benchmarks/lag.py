"""B5: from acknowledged to visible, under commands that come at fixed times whatever happens (open loop)."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from benchmarks.data import STAGES, read
from benchmarks.measure import FULL, Line, Results
from contracts.base import Command
from contracts.clients.commands import AddNote
from contracts.ids import command_id, created_id
from contracts.pipeline.commands import MoveDeal
from services.analytics.queries.numbers import Numbers
from services.cli.collector import seldom
from services.cli.workspace import engine
from services.kit import clock
from services.kit.engine import Engine
from services.kit.handle import Meta

PATIENCE = 120.0
"""Seconds after which something is broken, not slow."""


class Percentiles:
    """Milliseconds, sorted."""

    def __init__(self, seconds: list[float]) -> None:
        self.values = sorted(1000 * each for each in seconds)

    def at(self, share: float) -> float:
        """Return the value that this share does not exceed."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def __str__(self) -> str:
        p50, p95, p99 = (self.at(share) for share in (0.5, 0.95, 0.99))
        return f"p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f}, max {self.values[-1]:.1f} ms"


async def _offered(
    running: Engine, rate: int, seconds: float, deals: list[str], clients: list[str], round_: str
) -> tuple[Percentiles, Percentiles]:
    """Send at the rate for so long; return command times (from when it was due) and lags (acknowledged to visible)."""
    chance = Random(round_)
    answered: list[float] = []
    lags: list[float] = []

    def made(number: int) -> Command:
        if chance.random() < 0.7:
            return MoveDeal(deal_id=chance.choice(deals), stage_id=chance.choice(STAGES)[0])
        note = created_id("user:bench", f"{round_}-{number}")
        return AddNote(note_id=note, client_id=chance.choice(clients), text="Called back about the offer.")

    async def one(number: int, due: float, command: Command) -> None:
        meta = Meta("user:bench", command_id("user:bench", f"{round_}-{number}"))
        effect = await running.send(command, meta)
        acknowledged = perf_counter()
        answered.append(acknowledged - due)
        if effect.events:
            if not await running.wait(running.token(effect), ["analytics"], PATIENCE):
                raise AssertionError(f"not visible within {PATIENCE} s: {running.failure!r}")
            lags.append(perf_counter() - acknowledged)

    await open_loop(rate, seconds, lambda number, due: one(number, due, made(number)))
    return Percentiles(answered), Percentiles(lags)


async def open_loop(rate: int, seconds: float, one: Callable[[int, float], Coroutine[Any, Any, None]]) -> None:
    """Begin `one` (its number, when it is due) at fixed times whatever happens, and wait until all have ended."""
    begun = perf_counter() + 0.05
    tasks: list[asyncio.Task[None]] = []
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        if (early := due - perf_counter()) > 0:
            await asyncio.sleep(early)
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)


def fdatasyncs(folder: Path, count: int = 200) -> Percentiles:
    """Time the disk: 4 KiB written and synced."""
    took: list[float] = []
    descriptor = os.open(folder / "sync", os.O_CREAT | os.O_WRONLY)
    for _ in range(count):
        begun = perf_counter()
        os.pwrite(descriptor, bytes(4096), 0)
        os.fdatasync(descriptor)
        took.append(perf_counter() - begun)
    os.close(descriptor)
    return Percentiles(took)


async def lags(results: Results, data: Path, rates: tuple[int, ...], seconds: float) -> None:
    """Measure B5 in a workspace with history; the numbers shown at the end must be those of the log."""
    events = read(data)
    deals = [event.stream[5:] for event in events if event.type == "pipeline.DealOpened.v1"]
    clients = [event.key for event in events if event.type == "clients.ClientRegistered.v1"]
    del events
    gc.collect()
    disk = fdatasyncs(data)
    async with engine(data) as running, AsyncExitStack() as stack:
        if not await running.settle(900):
            raise AssertionError(f"the workspace does not settle: {running.failure!r}")
        await _offered(running, 100, 1, deals, clients, "warm")
        stack.enter_context(seldom())  # as every process that serves
        for rate in rates:
            took, lag = await _offered(running, rate, seconds, deals, clients, f"rate-{rate}")
            what = f"acknowledged to visible in analytics at {rate} commands/s, open loop"
            line = Line("B5 lag", f"{what}: {lag}", f"{FULL}; documents: NORMAL", "ms (p50)", [lag.at(0.5)])
            tail = Line(
                "B5 lag", f"the same at {rate} commands/s", f"{FULL}; documents: NORMAL", "ms (p99)", [lag.at(0.99)]
            )
            results.add(line.judged(at_most=1) if rate == 500 else line)
            results.add(tail.judged(at_most=5) if rate == 500 else tail)
            results.note(f"B5 at {rate} commands/s: due to acknowledged {took}; fdatasync of this disk {disk}")
            if lag.at(0.5) > 1000:
                results.note(f"B5: {rate} commands/s is more than this machine takes now; higher rates are left out")
                break
            await running.settle(120)
        await running.settle(60)
        await _check(running, deals)


async def _check(running: Engine, deals: list[str]) -> None:
    """The deals that the boards count are those that exist."""
    async with running.reading() as reader:
        numbers = await Numbers.open(reader, await running.serving("analytics"), clock.now())
        counted = await numbers.total("deal_totals")
    if counted["deals"] != len(deals):
        raise AssertionError(f"{counted['deals']} deals are counted, not {len(deals)}")
