"""The MongoDB document store under test: on the double, on mongo-java-server, on a real MongoDB in a container."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from services.kit.adapters import mongo_bulk, mongo_reader
from services.kit.adapters.mongo_documents import MongoDocuments
from services.kit.clock import new_id
from services.kit.document_ports import Documents
from tests.doubles.mongo import MongoDouble
from tests.doubles.mongo.storage import Storage, id_key
from tests.servers.mongo_java import JavaServer, Relay


class MongoHarness:
    """MongoDocuments on the double, which runs in this process."""

    name = "mongo-double"
    overwrites = False
    rounds = 100
    lacks: frozenset[str] = frozenset()
    marker = needs = ""
    server: Any = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.double = MongoDouble(folder / "mongo")
        self._running = False

    async def open(self) -> Documents:
        """Open it; what builders left is rubbish at once."""
        if not self._running:
            await self.double.start()
            self._running = True
        return await MongoDocuments.open(self.double.uri, "test", lease=0)

    def files(self) -> list[Path]:
        """Return the double's files."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let the double store nothing."""
        self.double.faults.full = True
        yield
        self.double.faults.full = False

    def make_newer(self) -> None:
        """Raise the format."""
        storage = Storage(self.folder / "mongo")
        new: Any = {"_id": "format", "format": 999}
        storage.apply({"test.catalogue": {id_key(new): (None, new)}}, None)
        storage.close()

    def shrink(self, set_attribute: Callable[[object, str, Any], None]) -> None:
        """Lower internal limits."""
        _shrink(set_attribute)

    async def stop(self) -> None:
        """Stop the double."""
        await self.double.stop()


class MongoJavaHarness:
    """MongoDocuments on mongo-java-server behind its relay, each test in a database of its own."""

    name = "mongo-java"
    overwrites = False
    rounds = 20
    lacks = frozenset(
        {
            "test_a_change_of_a_row_that_is_not_there_is_refused_as_a_whole",
            "test_a_sum_beyond_64_bits_is_an_error_and_never_a_rounded_number",
            "test_an_error_inside_a_commit_stores_nothing",
            "test_a_kill_inside_a_commit_stores_all_or_nothing",
            "test_a_full_disk_is_unavailable_and_nothing_is_stored",
            "test_a_cancelled_big_commit_ends_before_the_next_begins",
            "test_a_snapshot_does_not_see_later_commits",
            "test_a_snapshot_taken_during_a_big_commit_is_one_moment_of_all_groups",
            "test_a_snapshot_outlives_the_drop_of_its_group",
            "test_a_bulk_killed_before_its_end_is_no_group",
            "test_after_compacting_no_deleted_text_is_in_any_file",
            "test_a_prefix_is_compared_by_characters",  # it compares text by UTF-16 units, MongoDB by characters
        }
    )
    marker = "servers"
    needs = "mongo_java"
    server: JavaServer

    def __init__(self, folder: Path) -> None:
        self.database = f"test-{new_id()}"
        self.relay: Relay | None = None

    async def open(self) -> Documents:
        """Open it."""
        if self.relay is None:
            self.relay = Relay(self.server.port)
            await self.relay.start()
        return await MongoDocuments.open(self.relay.uri, self.database, lease=0)

    def files(self) -> list[Path]:
        """It has none."""
        return []

    def full(self) -> Any:
        """It has no disk."""
        raise NotImplementedError

    def make_newer(self) -> None:
        """Raise the format."""
        _raise_format(f"mongodb://127.0.0.1:{self.server.port}/", self.database)

    def shrink(self, set_attribute: Callable[[object, str, Any], None]) -> None:
        """Lower internal limits."""
        _shrink(set_attribute)

    async def stop(self) -> None:
        """Stop the relay."""
        if self.relay is not None:
            await self.relay.stop()


class MongoContainerHarness:
    """MongoDocuments on a real MongoDB, each test in a database of its own. `server`: its address."""

    name = "mongo-container"
    overwrites = False
    rounds = 100
    lacks = frozenset(
        {
            "test_a_kill_inside_a_commit_stores_all_or_nothing",
            "test_a_full_disk_is_unavailable_and_nothing_is_stored",
            "test_a_bulk_killed_before_its_end_is_no_group",
            "test_after_compacting_no_deleted_text_is_in_any_file",
        }
    )
    marker = "containers"
    needs = "mongo_container"
    server: str

    def __init__(self, folder: Path) -> None:
        self.database = f"test-{new_id()}"

    async def open(self) -> Documents:
        """Open it."""
        return await MongoDocuments.open(self.server, self.database, lease=0)

    def files(self) -> list[Path]:
        """Return none that we could read."""
        return []

    def full(self) -> Any:
        """Its disk is not ours."""
        raise NotImplementedError

    def make_newer(self) -> None:
        """Raise the format."""
        _raise_format(self.server, self.database)

    def shrink(self, set_attribute: Callable[[object, str, Any], None]) -> None:
        """Lower internal limits."""
        _shrink(set_attribute)

    async def stop(self) -> None:
        """Leave it to the session."""


def _raise_format(uri: str, database: str) -> None:
    with MongoClient[Any](uri, retryWrites=False) as client:
        client[database]["catalogue"].update_one({"_id": "format"}, {"$set": {"format": 999}})


def _shrink(set_attribute: Callable[[object, str, Any], None]) -> None:
    """Insert few rows at once, look up few ids at once."""
    set_attribute(mongo_bulk, "_ROWS", 3)
    set_attribute(mongo_reader, "_CHUNK", 3)
