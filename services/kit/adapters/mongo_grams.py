"""Text search by trigrams in a multikey index: which documents may hold the words; the words themselves are tested.

The same index holds what names are found by when they are mistyped, told apart by a mark."""

from __future__ import annotations

import re
from typing import Any

from services.kit.adapters.near_names import LOOKED_AT, Sought, Typed, starts

WALK = 20_000
"""Documents that words of one or two letters alone look through."""
_SIZE = 3
_MARK = "^"
"""Before what is of a name; with it no entry is as long as a trigram."""
Condition = dict[str, Any]


def grams(text: str) -> list[str]:
    """Return all that is three letters long in the words of folded text, each once, in order."""
    return sorted({word[at : at + _SIZE] for word in text.split() for at in range(len(word) - _SIZE + 1)})


def name_grams(names: str) -> list[str]:
    """Return what the index holds of names, each once, in order."""
    return sorted(_MARK + each for each in starts(names).split())


def pipeline(words: list[str], limit: int, fields: dict[str, int]) -> list[dict[str, Any]]:
    """Return the stages that find documents which hold all these words."""
    tests: list[Condition] = [{"_t": {"$regex": re.escape(word)}} for word in words]
    asked = grams(" ".join(words))
    if asked:
        return [{"$match": {"$and": [{"_g": {"$all": asked}}, *tests]}}, {"$limit": limit}, {"$project": fields}]
    return [{"$limit": WALK}, {"$match": {"$and": tests}}, {"$limit": limit}, {"$project": fields}]


def near_pipeline(sought: Sought, where: list[Condition], fields: dict[str, int]) -> list[dict[str, Any]]:
    """Return the stages that find all documents which match, and have all the words, or nearly."""
    tests = [test for each in sought.words if (test := _asked(each, alone=len(sought.words) == 1))]
    return [{"$match": {"$and": [*tests, *where]}}, {"$limit": LOOKED_AT}, {"$project": fields}]


def _asked(typed: Typed, *, alone: bool) -> Condition | None:
    """`alone`: there is no other word, so that those that have it as it is written are not wanted. None: the index
    does not know."""
    near = {"$and": [{"_g": {"$in": [_MARK + each for each in some]}} for some in typed.asked]}
    if typed.parts and alone:
        return near
    if not (asked := grams(typed.text)):
        return None
    written = {"_g": {"$all": asked}}
    return {"$or": [near, written]} if typed.parts else written
