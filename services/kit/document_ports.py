"""The port of the document store: reads of a snapshot, one atomic commit, bulk building (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from services.kit.documents import Counter, Cursor, Filter, LaneState, Page, Positions, Row, Stored, Write


class Reader(Protocol):
    """Reads of one consistent snapshot. `group` is the full versioned name of the owner, such as `clients.1`."""

    async def get(self, group: str, collection: str, id: str) -> list[Stored]:
        """Return the document of this id in every lane that has it: [] or one, seldom more (a subject on its move)."""
        ...

    async def get_many(self, group: str, collection: str, ids: Sequence[str], lane: int | None = None) -> list[Stored]:
        """Return the documents that exist among `ids`, in any order."""
        ...

    async def find(
        self,
        group: str,
        collection: str,
        where: Sequence[Filter] = (),
        sort: Sequence[tuple[str, bool]] = (),
        *,
        cursor: Cursor | None = None,
        limit: int = 50,
        lane: int | None = None,
        columns: Sequence[str] = (),
    ) -> Page:
        """Return a page of documents. `sort`: (declared column, descending), missing values last either way, then
        always by id and lane ascending. Keyset cursors: stable under writes; a bad one raises Invalid. With `columns`
        the bodies are not read: rows hold those instead. A column that is not declared raises KeyError."""
        ...

    async def search(self, group: str, collection: str, text: str, limit: int = 20) -> list[Stored]:
        """Return documents whose declared text holds all words of `text` (substrings from 3 letters on)."""
        ...

    async def near(
        self, group: str, collection: str, text: str, where: Sequence[Filter] = (), limit: int = 20
    ) -> list[Stored]:
        """Return documents that match `where`, and that `search` does not find but would with some words of `text`
        written a little otherwise: with one slip in a word of 4 to 7 letters, two in a longer one, against a word of
        the document's declared names or its beginning. A slip is a letter that is missing, too much or another one, or
        two that changed places. Words with digits, and addresses, must be there as they are. Fewest slips first, then
        by id and lane; out of 5,000 that look alike. A collection that declares no names raises KeyError."""
        ...

    async def count(self, group: str, collection: str, where: Sequence[Filter] = (), most: int = 10_000) -> int:
        """Return how many documents match, counting at most `most` + 1."""
        ...

    async def sums(self, group: str, collection: str, where: Sequence[Filter] = (), columns: Sequence[str] = ()) -> Row:
        """Return what these int columns add up to over all documents that match, a missing value as nothing, and how
        many documents that are, as `count`."""
        ...

    async def counters(
        self,
        group: str,
        counter: str,
        where: Sequence[Filter] = (),
        by: Sequence[str] = (),
        *,
        sort: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """Return sums over lanes of a counter's values, grouped by the key columns `by` (all keys: every column).

        Each Row is a dict of the `by` columns and the value columns; groups whose values are all 0 are left out.
        `where` filters key columns; `sort`: key columns ascending ('-name' descending)."""
        ...

    async def lanes(self, group: str) -> list[LaneState]:
        """Return the state of every lane of the group that was ever opened."""
        ...


class BulkWriter(Protocol):
    """Writes a versioned group from nothing, for a rebuild: each row once and final. The group exists when `finish` has
    returned, and not before: left unfinished, by a crash too, nothing is left of it."""

    async def put_many(self, collection: str, lane: int, rows: Sequence[tuple[str, Any]]) -> None:
        """Store documents, each (id, document), no (id, lane) twice."""
        ...

    async def add_many(self, counter: str, lane: int, rows: Sequence[tuple[tuple[Any, ...], tuple[int, ...]]]) -> None:
        """Store final counter rows, each (key, values), no key twice; fastest with all rows of a lane in one call."""
        ...

    async def finish(self, lanes: Sequence[LaneState]) -> None:
        """Index what was put, store the lanes as given (rev too) and make the group exist."""
        ...


class Documents(Protocol):
    """The document store of read models: one atomic commit of writes with the lane's positions (DESIGN 5)."""

    @property
    def system(self) -> str:
        """Name of the technology, as traces give it."""
        ...

    async def define(self, group: str, collections: Sequence[Any], counters: Sequence[Counter]) -> None:
        """Create what the versioned group needs, if missing. `collections`: kit.documents.Collection. Raises
        RuntimeError if the group exists with other declarations: its version must be raised."""
        ...

    def bulk(
        self, group: str, collections: Sequence[Any], counters: Sequence[Counter]
    ) -> AbstractAsyncContextManager[BulkWriter]:
        """Build a versioned group, which must not exist yet; commits to other groups go on meanwhile."""
        ...

    async def open_lane(self, group: str, lane: int, log_id: str) -> LaneState:
        """Take the lane over: raises its revision, so that an older owner's commit is refused; returns its state.

        The log's id is stored if none was; if another one is, that one stays and is returned: the caller decides."""
        ...

    async def commit(
        self,
        group: str,
        lane: int,
        rev: int,
        positions: Positions,
        writes: Sequence[Write],
        *,
        incomplete: bool = False,
    ) -> None:
        """Store all writes and the new positions at once, or nothing. Raises LaneMoved if the lane's revision is not
        `rev`. `positions` holds only the topics that moved; `incomplete` marks the lane for ever (a skipped event)."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Reader]:
        """Open a consistent snapshot for reading."""
        ...

    def current(self) -> AbstractAsyncContextManager[Reader]:
        """Open for reads each of which sees what is stored durably by then, as cheaply as can be: for those who own the
        lanes that they read, and of what only grows. A group that was dropped may be read as empty."""
        ...

    async def active(self, name: str) -> str | None:
        """Return the versioned group that serves reads of `name`, None before the first."""
        ...

    async def activate(self, name: str, group: str) -> None:
        """Serve `name` from this versioned group from now on: one write switches all lanes."""
        ...

    async def drop(self, group: str) -> None:
        """Delete all that the versioned group owns."""
        ...

    async def groups(self) -> list[str]:
        """Return the versioned groups that exist."""
        ...

    async def compact(self) -> None:
        """Rewrite the files so that nothing deleted can be read from them any more (DESIGN 8)."""
        ...

    async def close(self) -> None: ...
