"""What the suites of the event store, bus, keyring and limits run on: the next adapter adds a line here, no test."""

from __future__ import annotations

import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from services.kit.adapters.local_limits import LocalLimits
from services.kit.adapters.log_bus import LogBus
from services.kit.adapters.redis_limits import RedisLimits
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.ports import Bus, EventStore, Keyring, Limits
from tests.servers.relayed import RelayedBus, own

_numbers = count()


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Let no file of the folder grow: the kernel refuses it, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(file.stat().st_size for file in folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@dataclass(frozen=True)
class StoreCase:
    """An event store: how to open the one of a folder, and what can be done to it."""

    name: str
    open: Callable[[Path], Awaitable[EventStore]]
    gapless: bool
    """Positions grow by exactly one."""
    file: str | None = None
    """Name of its file in the folder, if it is in this process: it can be killed, filled and damaged then."""


STORES = [StoreCase("sqlite", lambda folder: SqliteEventStore.open(folder / "log.db"), gapless=True, file="log.db")]


@dataclass(frozen=True)
class KeyringCase:
    """A keyring, as above."""

    name: str
    open: Callable[[Path], Awaitable[Keyring]]
    file: str | None = None


KEYRINGS = [KeyringCase("sqlite", lambda folder: SqliteKeyring.open(folder / "keys.db"), file="keys.db")]


@dataclass(frozen=True)
class BusCase:
    """A bus fed from an event store. `shuffles`: topics come in another order than in the log."""

    name: str
    make: Callable[[Any], Bus]
    lanes: int
    shuffles: bool = False
    finish: Callable[[], Awaitable[None]] | None = None
    """To be awaited after the test."""

    def __str__(self) -> str:
        return self.name


def _log_bus(lanes: int, seed: int | None = None) -> BusCase:
    name = f"log-{lanes}" + ("" if seed is None else f"-shuffled-{seed}")
    return BusCase(name, lambda store: LogBus(store, lanes, seed), lanes, seed is not None)


BUSES = [_log_bus(1), _log_bus(12), *(_log_bus(lanes, seed) for lanes in (1, 12) for seed in (1, 2, 3))]


def kafka_bus(address: str) -> BusCase:
    """Return the bus of the distributed profile, fed by its relay, on this broker; each store has topics of its own."""
    made: list[RelayedBus] = []

    def make(store: Any) -> Bus:
        made.append(RelayedBus(own(address), store))
        return made[-1]

    async def finish() -> None:
        for bus in made:
            await bus.finish()

    return BusCase("kafka-12", make, 12, shuffles=True, finish=finish)


SERVED_BUSES: dict[str, Callable[[str], BusCase]] = {"kafka": kafka_bus}
"""Fixture that starts the server → case on it; marked `servers`."""

LIMITS: list[tuple[str, Callable[[], Limits]]] = [("local", LocalLimits)]


def redis_limits(address: str) -> RedisLimits:
    """Return limits in this Redis that nobody else counts in."""
    return RedisLimits(address, prefix=f"test-{next(_numbers)}:", patience=5.0)


SERVED_LIMITS: dict[str, Callable[[str], RedisLimits]] = {"redis": redis_limits}
"""Fixture that starts the server → limits on it; marked `servers`."""
