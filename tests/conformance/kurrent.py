"""The double of KurrentDB for the suites: one server for each folder, from the first opening to the test's end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from contracts.problem import Unavailable
from services.kit.adapters.kurrent_store import KurrentEventStore
from tests.doubles.kurrent.server import Double
from tests.support.patience import PATIENCE

_doubles: dict[Path, Double] = {}


async def double_of(folder: Path) -> Double:
    """Return the server of the folder, starting it."""
    if folder not in _doubles:
        double = Double(folder)
        await double.start()
        _doubles[folder] = double
    return _doubles[folder]


async def open_kurrent(folder: Path) -> KurrentEventStore:
    """Open a store on the server of the folder."""
    return await KurrentEventStore.open((await double_of(folder)).uri)


async def back(store: KurrentEventStore) -> None:
    """Wait until the store is reached again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await store.head()
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return


async def stop_doubles() -> None:
    """Stop all servers started here."""
    while _doubles:
        await _doubles.popitem()[1].stop()
