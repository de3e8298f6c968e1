"""What the document stores have in common about declared shapes: names, values of columns, text as it is searched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, get_type_hints
from unicodedata import normalize

from msgspec.inspect import BoolType, IntType, StrType, StructType, type_info

from services.kit.documents import Collection, Counter

Values = Callable[[Any], tuple[Any, ...]]


def folded(text: str) -> str:
    """Return the text as search compares it: no case, no compatibility forms, any script."""
    if text.isascii():
        return text.lower().replace("\0", " ")
    text = normalize("NFKC", normalize("NFKC", text).casefold()).replace("\0", " ")
    return text.encode("utf-8", "replace").decode()


def getter(names: Sequence[str]) -> Values:
    """Return what gives a document's values of these columns."""
    if not names:
        return lambda _: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda document: (get(document),)


def check_names(kind: str, name: str, columns: Iterable[str]) -> None:
    """Raises ValueError for a column named as the adapters name theirs."""
    for column in columns:
        if column.startswith("_") or not column:
            raise ValueError(f"{kind} {name}: a column must not be named {column!r}")


def check_shapes(collections: Sequence[Collection], counters: Sequence[Counter]) -> None:
    """Raises ValueError if two of a group have the same name."""
    names, others = {each.name for each in collections}, {each.name for each in counters}
    if len(names) != len(collections) or len(others) != len(counters):
        raise ValueError("two collections or two counters of a group have the same name")
    if twice := names & others:
        raise ValueError(f"a collection and a counter are both named {sorted(twice)}")


def declared(collections: Sequence[Collection], counters: Sequence[Counter]) -> str:
    """Return the declarations as text: groups with the same text are stored alike."""
    return json.dumps(
        [
            sorted((c.name, sorted(c.columns.items()), c.indexes, c.text is not None, *_named(c)) for c in collections),
            sorted((c.name, list(c.keys.items()), c.values, c.indexes) for c in counters),
        ]
    )


def _named(shape: Collection) -> tuple[str, ...]:
    """Groups without names are told as they were before there were any: stored ones stay theirs."""
    return () if shape.names is None else ("names",)


def nullable(shape: Collection) -> frozenset[str]:
    """Return the columns that may be None: all but fields and properties of the model that are plainly a text, int or
    bool."""
    info = type_info(shape.model)
    fields = {each.name: each.type for each in info.fields} if isinstance(info, StructType) else {}
    return frozenset(name for name in shape.columns if not _always(fields.get(name), getattr(shape.model, name, None)))


def _always(field: object, made: object) -> bool:
    if isinstance(made, property) and made.fget is not None:
        return get_type_hints(made.fget).get("return") in (str, int, bool)
    return isinstance(field, (StrType, IntType, BoolType))
