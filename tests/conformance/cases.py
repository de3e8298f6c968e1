"""What the suites of the event store, bus, keyring and limits run on: the next adapter adds a line here, no test."""

from __future__ import annotations

import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.kit.adapters.local_limits import LocalLimits
from services.kit.adapters.log_bus import LogBus
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.ports import Bus, EventStore, Keyring, Limits
from tests.conformance.kurrent import open_kurrent
from tests.conformance.kurrent_container import open_container


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
    volume: int = 1
    """Tests of volume use so many times fewer events: behind a network each one costs more."""


STORES = [
    StoreCase("sqlite", lambda folder: SqliteEventStore.open(folder / "log.db"), gapless=True, file="log.db"),
    StoreCase("kurrent", open_kurrent, gapless=False, volume=5),
]

REAL_STORES = [StoreCase("kurrentdb", open_container, gapless=False, volume=5)]
"""Servers in containers: the same suite, with the marker `containers`."""


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


def _log_bus(lanes: int, seed: int | None = None) -> BusCase:
    name = f"log-{lanes}" + ("" if seed is None else f"-shuffled-{seed}")
    return BusCase(name, lambda store: LogBus(store, lanes, seed), lanes, seed is not None)


BUSES = [_log_bus(1), _log_bus(12), *(_log_bus(lanes, seed) for lanes in (1, 12) for seed in (1, 2, 3))]

LIMITS: list[tuple[str, Callable[[], Limits]]] = [("local", LocalLimits)]
