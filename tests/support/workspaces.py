"""Whole workspaces in a folder: imported into, folded, verified and exported in this process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from services.analytics.oracle.difference import Difference
from services.cli.metrics import present_tables, write
from services.cli.past import tables_as_of
from services.cli.standing import findings
from services.cli.verify import verify
from services.cli.workspace import SERVICES, engine, ports
from services.importer.run import Report, import_bundle
from services.kit import clock
from services.kit.codec import Codec
from services.kit.engine import Engine
from services.kit.rebuild import rebuild
from tests.support.open_data import ROOT
from tests.support.patience import PATIENCE

T = TypeVar("T")
Numbers = tuple[dict[str, list[dict[str, str]]], dict[str, Any]]
"""Every exported table, and every JSON file, by name."""


async def settled(running: Engine, seconds: float = PATIENCE) -> None:
    """Wait until every read model shows the newest event."""
    assert await running.settle(seconds), running.failure or [
        (name, lane.number, lane.stop) for name, r in running.runners.items() for lane in r.lanes.values()
    ]


async def take(running: Engine, bundle: Path) -> Report:
    """Import a bundle that has no bad rows, and wait until it is folded."""
    store, keyring = running.ports.store, running.ports.keyring
    report = await import_bundle(bundle, store, keyring, running.codec, now=clock.now())
    assert report.errors == []
    running.handler.forget_all()
    await running.learn()
    await settled(running)
    return report


async def imported(
    data: Path, *bundles: Path, now: int, lanes: int = 1, shuffle_seed: int | None = None
) -> tuple[Numbers, list[int]]:
    """Import bundles one after the other; return the numbers then, and how many events each import stored."""
    async with engine(data, lanes=lanes, shuffle_seed=shuffle_seed) as running:
        events = [(await take(running, bundle)).events for bundle in bundles]
        return await present_tables(running, now), events


async def imported_and_rebuilt(data: Path, bundle: Path, now: int) -> Numbers:
    """Import a bundle without folding, build the read models from the log, return the numbers."""
    async with ports(data) as opened:
        codec = Codec(opened.keyring)
        report = await import_bundle(bundle, opened.store, opened.keyring, codec, now=clock.now())
        assert report.errors == []
    await rebuilt(data)
    async with engine(data) as running:
        await settled(running)
        return await present_tables(running, now)


async def rebuilt(data: Path) -> None:
    """Build all read models anew, as `voronka rebuild` does."""
    async with ports(data) as opened:
        codec = Codec(opened.keyring)
        for service in SERVICES:
            for projection in service.projections:
                await rebuild(projection, opened.store, codec, opened.documents, opened.bus.lanes)


async def present(data: Path, now: int) -> Numbers:
    """Return the numbers of a workspace as it is."""
    async with engine(data) as running:
        await settled(running)
        return await present_tables(running, now)


async def past(data: Path, moments: list[int]) -> list[Numbers]:
    """Return the numbers as of past moments."""
    async with ports(data) as opened:
        return [await tables_as_of(opened, Codec(opened.keyring), moment, nothing) for moment in moments]


async def differences(running: Engine) -> tuple[list[Difference], list[str]]:
    """Return what `voronka verify` finds: differences, and what it says of lanes that stand or are incomplete."""
    await settled(running)
    found = await verify(running, clock.now())
    return found, await findings(running.ports)


def compared(numbers: Numbers, expected: Path, folder: Path) -> str:
    """Write the numbers and return what the data's own compare.py prints of them."""
    write(folder, *numbers)
    command = [sys.executable, str(ROOT / "compare.py"), str(folder), str(expected)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False).stdout


def nothing(_what: str, _done: int, _total: int) -> None:
    """Show no progress."""


Work = Callable[[Engine], Coroutine[Any, Any, T]]


async def within(data: Path, work: Work[T], *, lanes: int = 1, shuffle_seed: int | None = None) -> T:
    """Run work on a workspace that is opened for it alone."""
    async with engine(data, lanes=lanes, shuffle_seed=shuffle_seed) as running:
        return await work(running)
