"""Conditions of `find` and `counters`: from the port's words to MongoDB's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from services.kit.adapters.document_places import LEAST, checked, prefix_end
from services.kit.adapters.mongo_shapes import MongoRows, MongoSums
from services.kit.documents import Filter, words

Condition = dict[str, Any]
_COMPARE = {"=": "$eq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


def conditions(shape: MongoRows | MongoSums, where: Sequence[Filter], lane: int | None = None) -> list[Condition]:
    """Return all that must hold: the filters, and the lane if it is given."""
    made = [condition(shape, each) for each in where]
    return made if lane is None else [*made, {"_l": lane}]


def together(of: Sequence[Condition]) -> Condition:
    """Return the conditions as one."""
    if len(of) > 1:
        return {"$and": list(of)}
    return of[0] if of else {}


def condition(shape: MongoRows | MongoSums, of: Filter) -> Condition:
    """Return one filter. KeyError: undeclared column; ValueError: no such use; Invalid: a value no column can hold."""
    field = shape.column(of.column)
    kind = shape.kinds.get(of.column, "text")
    if field == "_id":
        return _id_condition(of)
    if of.op == "null":
        return {field: None}
    if of.op == "not_null":
        return {field: {"$gte": LEAST[kind]}}
    if of.op == "in":
        return {field: {"$in": [checked(of, kind, each) for each in of.value]}}
    if of.op == "prefix":
        return {field: _range(checked(of, kind, of.value), prefix_end(of.value))}
    if of.op == "word":
        return {field: {"$regex": re.escape(words((checked(of, kind, of.value),)))}}
    if of.op not in _COMPARE:
        raise ValueError(f"no such operator: {of.op!r}")
    return {field: {_COMPARE[of.op]: checked(of, kind, of.value)}}


def _range(low: str, high: str | None) -> Condition:
    return {"$gte": low} if high is None else {"$gte": low, "$lt": high}


def _id_condition(of: Filter) -> Condition:
    """`_id` is the id, a zero character and the lane: each condition on the id is a range of it."""
    if of.op == "in":
        return {"$or": [_id_condition(Filter(of.column, "=", each)) for each in of.value]} if of.value else _NEVER
    if of.op in {"null", "not_null"}:
        return _NEVER if of.op == "null" else {}
    value = checked(of, "text", of.value)
    first, behind = f"{value}\0", f"{value}\1"
    ranges: dict[str, Condition] = {
        "=": {"$gte": first, "$lt": behind},
        "<": {"$lt": first},
        "<=": {"$lt": behind},
        ">": {"$gte": behind},
        ">=": {"$gte": first},
        "prefix": _range(value, prefix_end(value)),
    }
    if of.op not in ranges:
        raise ValueError(f"no such operator: {of.op!r}")
    return {"_id": ranges[of.op]}


_NEVER: Condition = {"_id": {"$in": []}}
