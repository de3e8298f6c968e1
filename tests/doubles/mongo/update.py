"""What an update makes of a document."""

from __future__ import annotations

from typing import Any

from tests.doubles.mongo.errors import MongoError
from tests.doubles.mongo.match import conditions


def updated(document: dict[str, Any], change: dict[str, Any], *, inserting: bool = False) -> dict[str, Any]:
    """Return the changed document: a replacement, or `$set`, `$unset`, `$inc`, `$setOnInsert`."""
    if not any(name.startswith("$") for name in change):
        if change.get("_id", document["_id"]) != document["_id"]:
            raise MongoError(66, "the (immutable) field '_id' was found to have been altered")
        return {"_id": document["_id"], **change}
    made = dict(document)
    for operator, fields in change.items():
        for path, value in fields.items():
            if operator == "$setOnInsert" and not inserting:
                continue
            holder, name = _holder(made, path)
            if operator in {"$set", "$setOnInsert"}:
                holder[name] = value
            elif operator == "$unset":
                holder.pop(name, None)
            elif operator == "$inc":
                holder[name] = _sum(holder.get(name, 0), value, made["_id"])
            else:
                raise MongoError(9, f"Unknown modifier: {operator}")
    if made["_id"] != document["_id"]:
        raise MongoError(66, "Performing an update on the path '_id' would modify the immutable field '_id'")
    return made


def upserted(query: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return the document that an update of nothing inserts: the filter's equalities with the change on them."""
    seed = {field: value for field, operator, value in conditions(query) if operator == "$eq"}
    if "_id" not in seed:
        raise MongoError(2, "the double makes no ids: an upsert must name _id")
    return updated(seed, change, inserting=True)


def _holder(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *way, name = path.split(".")
    for each in way:
        inner = dict(document.get(each) or {})
        document[each] = inner
        document = inner
    return document, name


def _sum(number: Any, more: Any, id: Any) -> int:
    if not isinstance(number, int) or not isinstance(more, int):
        raise MongoError(14, f"Cannot apply $inc to a value of non-numeric type in {id}")
    if not -(2**63) <= number + more < 2**63:
        raise MongoError(
            2,
            f"Failed to apply $inc operations to current value ((NumberLong){number}) for document {{_id: {id!r}}}",
        )
    return number + more
