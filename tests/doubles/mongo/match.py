"""Whether a document matches a filter. Operators that our adapters do not use are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.doubles.mongo.errors import MongoError
from tests.doubles.mongo.values import at, key, kind

Test = Callable[[Any], bool]


def _comparison(name: str, value: Any) -> Test:
    if value is None or isinstance(value, list | dict):
        raise MongoError(2, f"the double does not compare {name} {value!r}")
    wanted, sort = key(value), kind(value)
    tests: dict[str, Callable[[bytes], bool]] = {
        "$lt": lambda found: found < wanted,
        "$lte": lambda found: found <= wanted,
        "$gt": lambda found: found > wanted,
        "$gte": lambda found: found >= wanted,
    }
    test = tests[name]
    return lambda found: found is not None and kind(found) == sort and test(key(found))


def _equal(value: Any) -> Test:
    if isinstance(value, list | dict | float):
        raise MongoError(2, f"the double does not compare with {value!r}")
    wanted = key(value)
    return lambda found: (
        any(key(each) == wanted for each in found) if isinstance(found, list) else not_nested(found) == wanted
    )


def not_nested(value: Any) -> bytes:
    """Return the value's key; one that equals nothing for embedded documents."""
    return b"" if isinstance(value, dict) else key(value)


def _operator(name: str, value: Any) -> Test:
    if name in {"$lt", "$lte", "$gt", "$gte"}:
        return _comparison(name, value)
    if name == "$eq":
        return _equal(value)
    if name == "$ne":
        equal = _equal(value)
        return lambda found: not equal(found)
    if name == "$in":
        wanted = {key(each) for each in value}
        return lambda found: (
            any(key(each) in wanted for each in found) if isinstance(found, list) else not_nested(found) in wanted
        )
    if name == "$all":
        return lambda found: isinstance(found, list) and set(value) <= set(found)
    if name == "$regex":
        pattern = re.compile(value)
        return lambda found: isinstance(found, str) and pattern.search(found) is not None
    raise MongoError(2, f"unknown operator: {name}")


def conditions(of: dict[str, Any]) -> Iterable[tuple[str, str, Any]]:
    """Yield (field, operator, value) of all that must hold together, `$and` resolved; `$or` has no field."""
    for name, value in of.items():
        if name == "$and":
            for each in value:
                yield from conditions(each)
        elif name == "$or":
            yield "", "$or", value
        elif name.startswith("$"):
            raise MongoError(2, f"unknown top level operator: {name}")
        elif isinstance(value, dict) and value and all(each.startswith("$") for each in value):
            for operator, wanted in value.items():
                yield name, operator, wanted
        else:
            yield name, "$eq", value


def matcher(of: dict[str, Any]) -> Test:
    """Return the test of a whole filter."""
    tests: list[tuple[str, Test]] = []
    for field, operator, value in conditions(of):
        if operator == "$or":
            any_of = [matcher(each) for each in value]
            tests.append(("", lambda document, some=any_of: any(test(document) for test in some)))  # type: ignore[misc]
        else:
            tests.append((field, _operator(operator, value)))
    return lambda document: all(test(at(document, field) if field else document) for field, test in tests)
