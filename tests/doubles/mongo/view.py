"""What an operation sees: the file at a moment, with a transaction's own changes over it; finds by the best index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bson

from tests.doubles.mongo.errors import MongoError
from tests.doubles.mongo.match import conditions, matcher
from tests.doubles.mongo.storage import Catalog, Changes, Document, Index, Kept
from tests.doubles.mongo.values import END, at, key

Sort = list[tuple[str, int]]
_ID = Index("_id_", "", ("_id",))


@dataclass
class Path:
    """A way to the candidates: ranges of an index (or of the collection itself), read in this direction."""

    index: Index
    ranges: list[tuple[bytes, bytes]]
    backwards: bool
    ordered: bool


class View:
    """A consistent view. `changes`: those of the transaction that looks."""

    def __init__(self, db: sqlite3.Connection, catalog: Catalog, changes: Changes | None = None) -> None:
        self.db = db
        self.catalog = catalog
        self.changes: Changes = {} if changes is None else changes

    def get(self, ns: str, id: bytes) -> Document | None:
        """Return the document of this key."""
        changed = self.changes.get(ns, {}).get(id)
        if changed is not None:
            return changed[1]
        return self.stored(ns, id)

    def stored(self, ns: str, id: bytes) -> Document | None:
        """Return the document of this key, without the own changes."""
        kept = self.catalog.get(ns)
        if kept is None:
            return None
        row = self.db.execute(f"SELECT doc FROM {kept.table} WHERE id = ?", (id,)).fetchone()
        return None if row is None else bson.decode(row[0])

    def find(self, ns: str, of: dict[str, Any], sort: Sort, limit: int = 0) -> list[Document]:
        """Return the documents that match, in order; limit 0: all."""
        test = matcher(of)
        own = self.changes.get(ns, {})
        kept = self.catalog.get(ns)
        found: list[Document] = []
        ordered = True
        if kept is not None:
            path = _path(kept, of, sort)
            ordered = path.ordered
            for id, document in self._candidates(kept, path):
                if id not in own and test(document):
                    found.append(document)
                    if ordered and len(found) == limit:
                        break
        mine = [new for _, new in own.values() if new is not None and test(new)]
        if mine or not ordered:
            found = in_order(found + mine, sort)
        return found[:limit] if limit else found

    def _candidates(self, kept: Kept, path: Path) -> Iterator[tuple[bytes, Document]]:
        seen: set[bytes] = set()
        down = " DESC" if path.backwards else ""
        for low, high in path.ranges:
            if path.index is _ID:
                sql = f"SELECT id, doc FROM {kept.table} WHERE id >= ? AND id < ? ORDER BY id{down}"
            else:
                sql = (
                    f"SELECT c.id, c.doc FROM {path.index.table} i CROSS JOIN {kept.table} c ON c.id = i.id"
                    f" WHERE i.key >= ? AND i.key < ? ORDER BY i.key{down}"
                )
            for id, doc in self.db.execute(sql, (low, high)):
                if id not in seen:
                    seen.add(id)
                    yield id, bson.decode(doc)


def in_order(documents: list[Document], sort: Sort) -> list[Document]:
    """Return the documents sorted."""
    for field, direction in reversed(sort):
        documents = sorted(documents, key=lambda each: key(at(each, field)), reverse=direction < 0)
    return documents


def _path(kept: Kept, of: dict[str, Any], sort: Sort) -> Path:
    """Choose the index that answers most equalities, then the order, then a range."""
    held: dict[str, dict[str, Any]] = {}
    for field, operator, value in conditions(of):
        held.setdefault(field, {}).setdefault(operator, value)
    best, best_score = Path(_ID, [(b"", END)], backwards=False, ordered=not sort), -1.0
    for index in (_ID, *kept.indexes):
        path, score = _through(index, held, sort)
        if score > best_score:
            best, best_score = path, score
    return best


def _through(index: Index, held: dict[str, dict[str, Any]], sort: Sort) -> tuple[Path, float]:
    prefixes, score, used = [b""], 0.0, 0
    fixed: set[str] = set()
    for field in index.fields:
        ops = held.get(field, {})
        if "$eq" in ops or "$all" in ops:
            prefixes = [each + key(ops["$eq"] if "$eq" in ops else ops["$all"][0]) for each in prefixes]
        elif "$in" in ops and ops["$in"] is not None:
            wanted = sorted({key(each) for each in ops["$in"]})
            prefixes = [each + one for each in prefixes for one in wanted]
        else:
            break
        used += 1
        score += 4 if index is _ID else 2
        if len(prefixes) == 1:
            fixed.add(field)
    left = [(field, direction) for field, direction in sort if field not in fixed]
    rest = list(index.fields[used:])
    directions = {direction for _, direction in left}
    in_index = len(prefixes) <= 1 and [field for field, _ in left] == rest[: len(left)] and len(directions) <= 1
    ordered = not left or in_index
    ops = held.get(rest[0], {}) if rest else {}
    low, high = _bounds(ops)
    if low or high != END:
        score += 1
    if ordered and left:
        score += 1.5
    ranges = [(each + low, each + high) for each in prefixes]
    return Path(index, ranges, backwards=directions == {-1} and ordered, ordered=ordered), score


def _bounds(ops: dict[str, Any]) -> tuple[bytes, bytes]:
    low, high = b"", END
    for operator, value in ops.items():
        if operator not in {"$gt", "$gte", "$lt", "$lte"}:
            continue
        place = key(value)
        sort = place[:1]
        if operator in {"$gt", "$gte"}:
            low = max(low, place + (END if operator == "$gt" else b""))
            high = min(high, bytes([sort[0] + 1]))
        else:
            high = min(high, place + (END if operator == "$lte" else b""))
            low = max(low, sort)
    return low, high


def check_projection(projection: dict[str, Any]) -> None:
    """Refuse everything but fields to be shown."""
    if any(not wanted for name, wanted in projection.items() if name != "_id"):
        raise MongoError(2, "the double only projects fields in")


def projected(document: Document, projection: dict[str, Any]) -> Document:
    """Return the fields asked for."""
    names = [name for name, wanted in projection.items() if wanted]
    shown = {} if projection.get("_id", 1) == 0 else {"_id": document["_id"]}
    return shown | {name: document[name] for name in names if name in document}
