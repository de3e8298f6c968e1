"""A fold's context in memory alone: for rebuilds, which write everything once at the end (DESIGN 5)."""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from services.kit.context import matches, ordered
from services.kit.documents import Filter
from services.kit.projection import Projection


class MemoryContext:
    """One lane of one group as plain dicts. `lanes_of_all`: the contexts of all lanes, this one among them."""

    def __init__(self, projection: Projection, lane: int, lanes_of_all: list[MemoryContext]) -> None:
        self.lane = lane
        self.documents: dict[str, dict[str, Any]] = {c.name: {} for c in projection.collections}
        self.counters: dict[str, dict[tuple[Any, ...], tuple[int, ...]]] = {c.name: {} for c in projection.counters}
        self._keys = {c.name: tuple(c.keys) for c in projection.counters}
        self._all = lanes_of_all
        self._indexes: dict[tuple[str, str], dict[Any, set[str]]] = {}
        """(collection, column) → value → ids; made when first searched by, kept by `put` from then on."""
        self._indexed: dict[str, list[str]] = {}
        self._sorted: dict[str, list[str]] = {}
        """Ids in order; made when a walk by id asks for them, forgotten with the first new or deleted id."""

    @property
    def lanes(self) -> int:
        """How many lanes there are."""
        return len(self._all)

    def get(self, collection: str, id: str) -> Any:
        """Return the document or None."""
        return self.documents[collection].get(id)

    def put(self, collection: str, id: str, document: Any) -> None:
        """Store the document."""
        columns = self._indexed.get(collection)
        if columns is not None:
            self._reindex(collection, columns, id, document)
        rows = self.documents[collection]
        if id not in rows:
            self._sorted.pop(collection, None)
        rows[id] = document

    def delete(self, collection: str, id: str) -> None:
        """Remove the document."""
        columns = self._indexed.get(collection)
        if columns is not None:
            self._reindex(collection, columns, id, None)
        if self.documents[collection].pop(id, None) is not None:
            self._sorted.pop(collection, None)

    def add(self, counter: str, key: tuple[Any, ...], deltas: tuple[int, ...]) -> None:
        """Add to a counter."""
        rows = self.counters[counter]
        known = rows.get(key)
        rows[key] = deltas if known is None else tuple(map(operator.add, known, deltas))

    def purge(self, name: str, column: str, value: Any, most: int) -> None:
        """Remove all rows whose column has this value: in memory there is no need to do it in parts of `most`."""
        _ = most
        if name in self.counters:
            at = self._keys[name].index(column)
            counted = self.counters[name]
            for key in [key for key in counted if key[at] == value]:
                del counted[key]
        else:
            rows = self.documents[name]
            for id in [id for id, row in rows.items() if getattr(row, column) == value]:
                self.delete(name, id)

    def find(
        self, collection: str, where: Sequence[Filter], sort: Sequence[tuple[str, bool]] = (), limit: int = 1
    ) -> list[Any]:
        """Return the first documents that match; a range of ids is walked in order, the first equality on a column is
        answered by an index."""
        rows = self.documents[collection]
        if not sort and where and where[0].column == "id" and where[0].op == ">":
            return self._walk(collection, where, limit)
        chosen = next((f for f in where if f.op == "=" and f.column not in ("rules", "kind", "pending")), None)
        if chosen is None:
            candidates = list(rows.items())
        else:
            ids = self._index(collection, chosen.column).get(chosen.value, set())
            candidates = [(id, rows[id]) for id in ids]
        found = [(id, row) for id, row in candidates if all(matches(f, row) for f in where)]
        return [row for _, row in ordered(found, sort)[:limit]]

    def _walk(self, collection: str, where: Sequence[Filter], limit: int) -> list[Any]:
        """Return the next documents behind an id, in order of ids."""
        rows = self.documents[collection]
        ids = self._sorted.get(collection)
        if ids is None:
            ids = self._sorted[collection] = sorted(rows)
        end = next((bisect_left(ids, f.value) for f in where if f.column == "id" and f.op == "<"), len(ids))
        found: list[Any] = []
        for place in range(bisect_right(ids, where[0].value), end):
            row = rows[ids[place]]
            if all(matches(f, row) for f in where):
                found.append(row)
                if len(found) == limit:
                    break
        return found

    def across(self, collection: str, id: str) -> list[Any]:
        """Return the documents of this id in all lanes."""
        found = [lane.documents[collection].get(id) for lane in self._all]
        return [document for document in found if document is not None]

    def _index(self, collection: str, column: str) -> dict[Any, set[str]]:
        index = self._indexes.get((collection, column))
        if index is None:
            index = self._indexes[collection, column] = {}
            for id, row in self.documents[collection].items():
                index.setdefault(getattr(row, column), set()).add(id)
            self._indexed.setdefault(collection, []).append(column)
        return index

    def _reindex(self, collection: str, columns: list[str], id: str, document: Any) -> None:
        old = self.documents[collection].get(id)
        for column in columns:
            index = self._indexes[collection, column]
            if old is not None:
                index[getattr(old, column)].discard(id)
            if document is not None:
                index.setdefault(getattr(document, column), set()).add(id)
