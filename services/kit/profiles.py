"""The only place that picks adapters (DESIGN 5): `embedded` is one process and one folder, `distributed` servers."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from services.kit.adapters.local_limits import LocalLimits
from services.kit.adapters.log_bus import LogBus
from services.kit.adapters.sqlite_documents import SqliteDocuments
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_sessions import SqliteSessions
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.ports import Documents, EventStore, Keyring, Ports
from services.kit.relay import Topics
from services.kit.settings import Settings


class Locked(Unusable):
    """Another process works on this data folder."""


@dataclass
class Folder:
    """A data folder held by this process until `release`."""

    path: Path
    _file: IO[str]

    @staticmethod
    def hold(path: Path) -> Folder:
        """Take the folder for this process, making it if it is not there.

        Raises Locked naming the process that has it, Unusable if it cannot be used."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            file = (path / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise Unusable(
                f"cannot use the data folder {path}: {error.strerror}. Choose another with --data."
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise Locked(
                f"the data folder {path} is in use by {holder}. Stop it first (Ctrl+C or `kill PID`), or choose "
                "another with --data."
            ) from error
        try:
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid()}))
            file.flush()
        except OSError as error:
            raise Unusable(f"cannot write to the data folder {path}: {error.strerror}.") from error
        return Folder(path, file)

    def release(self) -> None:
        """Let other processes use the folder."""
        self._file.close()


async def embedded(path: Path, *, lanes: int = 1, shuffle_seed: int | None = None) -> Ports:
    """Open the stores in the folder (held by the caller). Raises NewerData or Unusable."""
    async with AsyncExitStack() as undo:
        store = await SqliteEventStore.open(path / "log.sqlite")
        undo.push_async_callback(store.close)
        keyring = await SqliteKeyring.open(path / "keys.sqlite")
        undo.push_async_callback(keyring.close)
        documents = await SqliteDocuments.open(path / "documents.sqlite")
        undo.push_async_callback(documents.close)
        sessions = SqliteSessions.open(path / "sessions.sqlite")
        undo.pop_all()
    return Ports(store, LogBus(store, lanes, shuffle_seed), documents, keyring, LocalLimits(), sessions)


async def distributed(settings: Settings, patience: Patience) -> Ports:
    """Open the adapters of the servers that the settings name, each as soon as its server is there.

    Raises Unusable if drivers are missing, or a server will not do."""
    kafka = _adapter("kafka_bus")
    documents_of = _adapter("mongo_documents")
    redis = _adapter("redis_limits")
    address, database = settings.documents.get_secret_value(), settings.database
    async with AsyncExitStack() as undo:
        store = await event_store(settings, patience)
        undo.push_async_callback(store.close)
        documents: Documents = await patience.until(
            "the document store", lambda: documents_of.MongoDocuments.open(address, database)
        )
        undo.push_async_callback(documents.close)
        keys = await keyring(settings, patience)
        undo.push_async_callback(keys.close)
        bus = kafka.KafkaBus(_kafka(settings), store)
        limits = redis.RedisLimits(settings.redis.get_secret_value(), closed={"sign-in"})
        sessions = _adapter("redis_sessions").RedisSessions(settings.redis.get_secret_value())
        news = _adapter("redis_news").RedisNews(settings.redis.get_secret_value(), store.log_id)
        undo.pop_all()

    async def close_more() -> None:
        await bus.close()
        await limits.close()

    return Ports(store, bus, documents, keys, limits, sessions, news, close_more)


async def event_store(settings: Settings, patience: Patience) -> EventStore:
    """Open the event store that the settings name, as soon as it is there. Raises Unusable if its driver is missing."""
    kurrent, address = _adapter("kurrent_store"), settings.event_store.get_secret_value()
    opened: EventStore = await patience.until("the event store", lambda: kurrent.KurrentEventStore.open(address))
    return opened


async def keyring(settings: Settings, patience: Patience) -> Keyring:
    """Open the keyring, as soon as the document store is there. Raises Unusable if its driver is missing."""
    adapter, address = _adapter("mongo_keyring"), settings.documents.get_secret_value()
    opened: Keyring = await patience.until("the keyring", lambda: adapter.MongoKeyring.open(address, settings.database))
    return opened


async def redis_answers(settings: Settings) -> bool:
    """Tell whether Redis counts. Raises Unusable if its driver is missing."""
    limits = _adapter("redis_limits").RedisLimits(settings.redis.get_secret_value(), closed={"doctor"})
    try:
        return bool(await limits.hit("doctor", "doctor", 1_000_000))
    finally:
        await limits.close()


@dataclass(frozen=True)
class TopicTools:
    """What the relay and `voronka topics` need of Kafka."""

    topics: Topics
    lanes: int
    ensure: Callable[[], Awaitable[list[str]]]
    """Create what is missing; returns the names. Raises Unavailable."""
    check: Callable[[], Awaitable[list[str]]]
    """Return what is wrong, each with its remedy. Raises Unavailable."""


def topics(settings: Settings) -> TopicTools:
    """Return the tools for the topics that the settings name. Raises Unusable if the driver is missing."""
    relay, tools, kafka = _adapter("kafka_relay"), _adapter("kafka_topics"), _kafka(settings)

    async def check() -> list[str]:
        return [finding.text for finding in await tools.check(kafka)]

    return TopicTools(relay.KafkaTopics(kafka), kafka.lanes, lambda: tools.ensure(kafka), check)


def _kafka(settings: Settings) -> Any:
    """Return the settings as the adapters of Kafka take them."""
    return _adapter("kafka_settings").KafkaSettings(
        servers=settings.kafka,
        security=settings.kafka_security,
        mechanism=settings.kafka_mechanism,
        username=settings.kafka_user,
        password=settings.kafka_password.get_secret_value(),
        ca_file=Path(settings.kafka_ca_file) if settings.kafka_ca_file else None,
        prefix=settings.kafka_prefix,
        replicas=settings.kafka_replicas,
    )


def _adapter(name: str) -> Any:
    """Return an adapter's module; its driver comes with the extra. Raises Unusable with the remedy."""
    try:
        return import_module(f"services.kit.adapters.{name}")
    except ModuleNotFoundError as error:
        raise Unusable(
            f"the distributed profile needs {error.name}, which is not installed: "
            "run `uv sync --extra distributed`, or `pip install 'voronka[distributed]'`"
        ) from error


async def read_models(path: Path) -> Documents:
    """Open read models alone, in a folder of their own: for a past moment or a simulation."""
    return await SqliteDocuments.open(path / "documents.sqlite")
