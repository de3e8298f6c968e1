"""What the suites of the event store, bus, keyring and limits run on: the next adapter adds a line here, no test."""

from __future__ import annotations

import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from services.kit.adapters.local_limits import LocalLimits
from services.kit.adapters.log_bus import LogBus
from services.kit.adapters.mongo_keyring import MongoKeyring
from services.kit.adapters.redis_limits import RedisLimits
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.ports import Bus, EventStore, Keyring, Limits
from tests.conformance.kurrent import open_kurrent
from tests.conformance.kurrent_container import open_container
from tests.doubles.mongo import MongoDouble
from tests.servers.mongo_java import Relay
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
    marker: str = ""
    """The marker of its tests, if any."""
    needs: str = ""
    """The fixture that puts its server into SERVERS, if any."""


SERVERS: dict[str, Any] = {}


async def _mongo_keyring(folder: Path) -> Keyring:
    """Open a keyring on a double that ends with it."""
    double = await MongoDouble(folder / "mongo").start()
    return _closing_too(await MongoKeyring.open(double.uri, "test"), double.stop)


async def _mongo_java_keyring(folder: Path) -> Keyring:
    """Open a keyring on mongo-java-server behind a relay that ends with it, in the folder's database."""
    relay = Relay(SERVERS["mongo_java"].port)
    await relay.start()
    return _closing_too(await MongoKeyring.open(relay.uri, _database(folder)), relay.stop)


async def _mongo_container_keyring(folder: Path) -> Keyring:
    """Open a keyring on a real MongoDB, in the folder's database."""
    return await MongoKeyring.open(SERVERS["mongo_container"], _database(folder))


def _closing_too(keyring: MongoKeyring, stop: Callable[[], Awaitable[None]]) -> Keyring:
    opened: Any = keyring
    close = keyring.close

    async def close_both() -> None:
        await close()
        await stop()

    opened.close = close_both
    return keyring


def _database(folder: Path) -> str:
    return "keys-" + sha256(str(folder).encode()).hexdigest()[:20]


KEYRINGS = [
    KeyringCase("sqlite", lambda folder: SqliteKeyring.open(folder / "keys.db"), file="keys.db"),
    KeyringCase("mongo-double", _mongo_keyring),
    KeyringCase("mongo-java", _mongo_java_keyring, marker="servers", needs="mongo_java"),
    KeyringCase("mongo-container", _mongo_container_keyring, marker="containers", needs="mongo_container"),
]


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
