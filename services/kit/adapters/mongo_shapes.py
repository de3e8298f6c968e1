"""What a group's collections in MongoDB consist of: names, fields, indexes, documents made from declared shapes.

A group lives in a *space* of its own: the first part of its collections' names, never used twice. `_id` of a document
is its id and lane as one text, in whose order rows are listed. Fields that begin with `_` are the adapter's: `_l`
(lane), `_b` (body as JSON), `_t` (text as it is searched), `_w` (words of the names in it), `_g` (what the index holds
of both). Declared columns are fields of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.inspect import IntType, StructType, type_info

from services.kit.adapters.document_shapes import (
    Values,
    check_names,
    check_shapes,
    declared,
    folded,
    getter,
    nullable,
)
from services.kit.adapters.mongo_grams import grams, name_grams
from services.kit.adapters.near_names import name_words
from services.kit.documents import Collection, ColumnKind, Counter

FORMAT = 1
"""Raised when data of older code must not be read as it is."""
LANES = "lanes"
_JSON = msgspec.json.Encoder().encode
Fields = dict[str, Any]
Keys = list[tuple[str, int]]


def place(id: str, lane: int) -> str:
    """Return the `_id` of a document."""
    return f"{id}\0{lane:05}"


def id_of(place: str) -> str:
    """Return the document's id."""
    return place[:-6]


class MongoRows:
    """One collection: a document per (id, lane)."""

    def __init__(self, shape: Collection) -> None:
        check_names("collection", shape.name, shape.columns)
        self.name = shape.name
        self.suffix = f"c.{shape.name}"
        self.kinds = shape.columns
        self.text = shape.text
        self.names = shape.names
        self.nullable = nullable(shape)
        self.encode = msgspec.json.Encoder().encode
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(shape.model).decode
        self.indexes: list[Keys] = [[(self.column(name), 1) for name in each] + [("_id", 1)] for each in shape.indexes]
        if shape.text is not None:
            self.indexes.append([("_g", 1)])
        self._columns = tuple(shape.columns)
        self._values = getter(self._columns)
        self._truths = _truths(shape)
        self._getters: dict[frozenset[str], tuple[tuple[str, ...], Values]] = {}

    def column(self, name: str) -> str:
        """Return the field of a column; KeyError if it was not declared. `id` is always there."""
        if name in self.kinds:
            return name
        if name == "id":
            return "_id"
        raise KeyError(f"collection {self.name} has no column {name!r}")

    def row(self, id: str, lane: int, document: Any) -> Fields:
        """Return the document as it is stored."""
        made = {"_id": place(id, lane), "_l": lane, **dict(zip(self._columns, self._values(document), strict=True))}
        for name in self._truths:
            if isinstance(made[name], bool):
                made[name] = int(made[name])
        return self._filled(made, document)

    def change(self, changed: frozenset[str], document: Any) -> Fields:
        """Return the fields that an update of these columns sets."""
        known = self._getters.get(changed)
        if known is None:
            if unknown := changed - self.kinds.keys():
                raise KeyError(f"collection {self.name} has no column {sorted(unknown)}")
            names = tuple(sorted(changed))
            known = self._getters[changed] = (names, getter(names))
        names, values = known
        made = dict(zip(names, values(document), strict=True))
        for name in self._truths & changed:
            if isinstance(made[name], bool):
                made[name] = int(made[name])
        return self._filled(made, document)

    def _filled(self, made: Fields, document: Any) -> Fields:
        made["_b"] = self.encode(document)
        if self.text is not None:
            text = folded(self.text(document))
            made["_t"] = text
            made["_g"] = grams(text)
            if self.names is not None:
                made["_w"] = name_words(self.names(document))
                made["_g"] += name_grams(made["_w"])
        return made


class MongoSums:
    """One counter: a document per (keys, lane)."""

    def __init__(self, shape: Counter) -> None:
        check_names("counter", shape.name, (*shape.keys, *shape.values))
        self.name = shape.name
        self.suffix = f"n.{shape.name}"
        self.kinds: dict[str, ColumnKind] = shape.keys
        self.keys = tuple(shape.keys)
        self.values = shape.values
        self.indexes: list[Keys] = [[(name, 1) for name in each] for each in (self.keys, *shape.indexes) if each]
        self.zero: Fields = dict.fromkeys(shape.values, 0)

    def column(self, name: str) -> str:
        """Return the field of a key column; KeyError if it was not declared."""
        if name not in self.kinds:
            raise KeyError(f"counter {self.name} has no key {name!r}")
        return name

    def place(self, key: tuple[Any, ...], lane: int) -> str:
        """Return the `_id` of a row."""
        return _JSON((*key, lane)).decode()

    def row(self, key: tuple[Any, ...], lane: int, values: tuple[int, ...]) -> Fields:
        """Return a new row as it is stored."""
        made = {"_id": self.place(key, lane), "_l": lane, **dict(zip(self.keys, key, strict=True))}
        return made | dict(zip(self.values, values, strict=True))

    def addition(self, key: tuple[Any, ...], lane: int, deltas: tuple[int, ...]) -> Fields:
        """Return the update that adds to a row, making it if there is none."""
        new = {"_l": lane, **dict(zip(self.keys, key, strict=True))}
        return {"$inc": dict(zip(self.values, deltas, strict=True)), "$setOnInsert": new}


class MongoShape:
    """All collections of one group."""

    def __init__(self, collections: Sequence[Collection], counters: Sequence[Counter]) -> None:
        check_shapes(collections, counters)
        self.collections = {each.name: MongoRows(each) for each in collections}
        self.counters = {each.name: MongoSums(each) for each in counters}
        self.declared = declared(collections, counters)

    @property
    def parts(self) -> list[MongoRows | MongoSums]:
        """All collections and counters."""
        return [*self.collections.values(), *self.counters.values()]


def _truths(shape: Collection) -> frozenset[str]:
    """Return the whole-number columns that may hold true and false, which MongoDB does not take for numbers."""
    info = type_info(shape.model)
    fields = {each.name: each.type for each in info.fields} if isinstance(info, StructType) else {}
    whole = {name for name, kind in shape.columns.items() if kind == "int"}
    return frozenset(name for name in whole if not isinstance(fields.get(name), IntType))
