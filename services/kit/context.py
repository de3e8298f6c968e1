"""What a fold sees while a batch is folded: loaded documents with the batch's pending writes over them (DESIGN 4)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from services.kit.documents import Add, Delete, Filter, Purge, Put, Stored, Write, words
from services.kit.projection import Projection

Query = tuple[str, tuple[Filter, ...], tuple[tuple[str, bool], ...]]
Group = dict[tuple[Any, ...], set[str]]
_MISSING: Any = object()
_NONE: dict[tuple[str, ...], Group] = {}
_UNKNOWN = ("not loaded",)
"""Where pending ids are grouped of which it is not known how they are stored."""


class Miss(Exception):
    """A fold asked for something that is not loaded yet: load it and fold the event again (folds are pure)."""

    def __init__(
        self,
        *,
        key: tuple[str, str] | None = None,
        query: Query | None = None,
        limit: int = 0,
        across: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(key or query or across)
        self.key = key
        self.across = across
        self.query = query
        self.limit = limit


class Cache:
    """Documents of one lane as committed, None for those known to be missing. The lane has one writer, so it holds."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self.documents: dict[tuple[str, str], Any] = {}

    def trim(self) -> None:
        """Forget the oldest third when there are too many."""
        if len(self.documents) > self._most:
            for key in list(self.documents)[: self._most // 3]:
                del self.documents[key]


class BatchContext:
    """The context of one batch of one lane. `keep` after each folded event, `discard` after one that failed."""

    def __init__(self, projection: Projection, lane: int, lanes: int, cache: Cache) -> None:
        self.lane = lane
        self.lanes = lanes
        self._across: dict[tuple[str, str], list[Any]] = {}
        self._collections = {c.name: c for c in projection.collections}
        self._cache = cache
        self._fetched: dict[Query, tuple[list[Stored], bool]] = {}
        self._pending: dict[str, dict[str, Any]] = {}
        self._groups: dict[str, dict[tuple[str, ...], Group]] = {}
        """By collection and columns that were searched by: pending ids by the values of these columns."""
        self._staged: dict[tuple[str, str], Any] = {}
        self._adds: dict[tuple[str, tuple[Any, ...]], tuple[int, ...]] = {}
        self._staged_adds: list[tuple[str, tuple[Any, ...], tuple[int, ...]]] = []
        self._purges: list[Purge] = []

    # ------------------------------------------------------------ what folds call

    def get(self, collection: str, id: str) -> Any:
        """Return the lane's document or None."""
        key = (collection, id)
        document = self._staged.get(key, _MISSING)
        if document is _MISSING:
            rows = self._pending.get(collection)
            document = _MISSING if rows is None else rows.get(id, _MISSING)
            if document is _MISSING:
                document = self._cache.documents.get(key, _MISSING)
                if document is _MISSING:
                    raise Miss(key=key)
        return document

    def put(self, collection: str, id: str, document: Any) -> None:
        """Store the document when the batch commits."""
        self._staged[collection, id] = document

    def delete(self, collection: str, id: str) -> None:
        """Remove the document when the batch commits."""
        self._staged[collection, id] = None

    def add(self, counter: str, key: tuple[Any, ...], deltas: tuple[int, ...]) -> None:
        """Add to a counter when the batch commits."""
        self._staged_adds.append((counter, key, deltas))

    def purge(self, name: str, column: str, value: Any, most: int) -> None:
        """Remove up to `most` committed rows whose column has this value."""
        self._purges.append(Purge(name, column, value, most))

    def find(
        self, collection: str, where: Sequence[Filter], sort: Sequence[tuple[str, bool]] = (), limit: int = 1
    ) -> list[Any]:
        """Return the first documents that match, pending writes included."""
        query = (collection, tuple(where), tuple(sort))
        stored, complete = self._fetched.get(query, ([], False))
        changed = self._changed(collection, where)
        for (name, id), document in self._staged.items():
            if name == collection:
                changed[id] = document
        rest = [(row.id, row.document) for row in stored if row.id not in changed]
        if not complete and len(rest) < limit:
            raise Miss(query=query, limit=limit + len(changed) if not stored else 2 * len(stored) + limit)
        rest += [(i, d) for i, d in changed.items() if d is not None and all(matches(f, d) for f in where)]
        return [document for _, document in ordered(rest, sort)][:limit]

    def _changed(self, collection: str, where: Sequence[Filter]) -> dict[str, Any]:
        """Return the pending documents that match or are stored as one that does, and perhaps some more."""
        pending = self._pending.get(collection, {})
        columns = tuple(f.column for f in where if f.op == "=")
        if not columns:
            return dict(pending)
        known = self._groups.setdefault(collection, {})
        group = known.get(columns)
        if group is None:
            group = known[columns] = {}
            for id, document in pending.items():
                self._note(group, columns, collection, id, document)
        ids = group.get(tuple(f.value for f in where if f.op == "="), set()) | group.get(_UNKNOWN, set())
        return {id: pending[id] for id in ids}

    def _note(self, group: Group, columns: tuple[str, ...], collection: str, id: str, document: Any) -> None:
        """Note a pending document under the values it is stored with and under those it has now."""
        for each in (self._cache.documents.get((collection, id), _MISSING), document):
            if each is _MISSING:
                group.setdefault(_UNKNOWN, set()).add(id)
            elif each is not None:
                group.setdefault(tuple(getattr(each, name) for name in columns), set()).add(id)

    def across(self, collection: str, id: str) -> list[Any]:
        """Return the committed documents of this id in all lanes."""
        if (collection, id) not in self._across:
            raise Miss(across=(collection, id))
        return self._across[collection, id]

    # ------------------------------------------------------------ what the runner calls

    def keep(self) -> None:
        """Take over what the event just folded wrote."""
        for (collection, id), document in self._staged.items():
            self._pending.setdefault(collection, {})[id] = document
            for columns, group in self._groups.get(collection, _NONE).items():
                self._note(group, columns, collection, id, document)
        self._staged.clear()
        adds = self._adds
        for counter, key, deltas in self._staged_adds:
            place = (counter, key)
            known = adds.get(place)
            adds[place] = deltas if known is None else tuple(map(operator.add, known, deltas))
        self._staged_adds.clear()

    def discard(self) -> None:
        """Drop what the event being folded wrote."""
        self._staged.clear()
        self._staged_adds.clear()

    def loaded(self, collection: str, ids: Sequence[str], rows: Sequence[Stored]) -> None:
        """Take in documents read from the store; ids without a row are known to be missing."""
        found = {row.id: row.document for row in rows}
        for id in ids:
            self._cache.documents[collection, id] = found.get(id)

    def seen_across(self, collection: str, id: str, rows: Sequence[Stored]) -> None:
        """Take in the documents of an id in all lanes."""
        self._across[collection, id] = [row.document for row in rows]

    def fetched(self, query: Query, rows: list[Stored], complete: bool) -> None:
        """Take in the answer to a query."""
        self._fetched[query] = (rows, complete)

    def unknown(self, keys: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
        """Return which of the documents are not loaded, ids by collection."""
        missing: dict[str, dict[str, None]] = {}
        for collection, id in keys:
            if (collection, id) not in self._cache.documents:
                missing.setdefault(collection, {})[id] = None
        return {collection: list(ids) for collection, ids in missing.items()}

    def writes(self) -> list[Write]:
        """Return all that the batch wrote, with the columns that changed where the old document is known."""
        writes: list[Write] = []
        for collection, rows in self._pending.items():
            columns = tuple(self._collections[collection].columns)
            values = operator.attrgetter(*columns, "__class__", "__class__")  # two more: always a tuple
            for id, document in rows.items():
                old = self._cache.documents.get((collection, id))
                if document is None:
                    if old is not None or (collection, id) not in self._cache.documents:
                        writes.append(Delete(collection, id))
                elif old is None:
                    writes.append(Put(collection, id, document))
                elif old is not document and old != document:
                    pairs = zip(columns, values(old), values(document), strict=False)
                    changed = frozenset([name for name, was, now in pairs if was != now])
                    writes.append(Put(collection, id, document, changed))
        writes += [Add(counter, key, sums) for (counter, key), sums in self._adds.items() if any(sums)]
        writes += self._purges
        return writes

    def changes(self, collections: frozenset[str]) -> bool:
        """Tell whether the batch wrote to any of the collections."""
        return not collections.isdisjoint(self._pending) or any(purge.name in collections for purge in self._purges)

    def committed(self) -> None:
        """Make the pending documents the committed ones."""
        for collection, rows in self._pending.items():
            for id, document in rows.items():
                self._cache.documents[collection, id] = document
        for purge in self._purges:
            for key in [k for k in self._cache.documents if k[0] == purge.name]:
                del self._cache.documents[key]
        self._cache.trim()


class WorkContext(BatchContext):
    """The context of a slice of background work, which also notes where the work looked."""

    def __init__(self, projection: Projection, lane: int, lanes: int, cache: Cache) -> None:
        super().__init__(projection, lane, lanes, cache)
        self.watched: set[str] = set()
        self.elsewhere = False
        """It looked at other lanes too."""

    def get(self, collection: str, id: str) -> Any:
        """Return the lane's document or None."""
        self.watched.add(collection)
        return super().get(collection, id)

    def find(
        self, collection: str, where: Sequence[Filter], sort: Sequence[tuple[str, bool]] = (), limit: int = 1
    ) -> list[Any]:
        """Return the first documents that match, pending writes included."""
        self.watched.add(collection)
        return super().find(collection, where, sort, limit)

    def across(self, collection: str, id: str) -> list[Any]:
        """Return the committed documents of this id in all lanes."""
        self.elsewhere = True
        return super().across(collection, id)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(filter: Filter, document: Any) -> bool:
    """Tell whether the document's column fulfils the condition; a missing value fulfils only `null`."""
    value = getattr(document, filter.column)
    if filter.op == "null":
        return value is None
    if value is None:
        return False
    if filter.op == "not_null":
        return True
    if filter.op == "in":
        return value in filter.value
    if filter.op == "prefix":
        return str(value).startswith(filter.value)
    if filter.op == "word":
        return words((filter.value,)) in value
    return _OPERATORS[filter.op](value, filter.value)


def ordered(rows: list[tuple[str, Any]], sort: Sequence[tuple[str, bool]]) -> list[tuple[str, Any]]:
    """Return (id, document) pairs sorted by the columns, missing values last, then by id."""
    rows = sorted(rows, key=operator.itemgetter(0))
    for column, descending in reversed(sort):
        present = [r for r in rows if getattr(r[1], column) is not None]
        absent = [r for r in rows if getattr(r[1], column) is None]
        present.sort(key=lambda r: getattr(r[1], column), reverse=descending)
        rows = present + absent
    return rows
