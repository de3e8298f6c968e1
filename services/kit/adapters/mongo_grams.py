"""Text search by trigrams in a multikey index: which documents may hold the words; the words themselves are tested."""

from __future__ import annotations

import re
from typing import Any

WALK = 20_000
"""Documents that words of one or two letters alone look through."""
_SIZE = 3


def grams(text: str) -> list[str]:
    """Return all that is three letters long in the words of folded text, each once, in order."""
    return sorted({word[at : at + _SIZE] for word in text.split() for at in range(len(word) - _SIZE + 1)})


def pipeline(words: list[str], limit: int, fields: dict[str, int]) -> list[dict[str, Any]]:
    """Return the stages that find documents which hold all these words."""
    tests: list[dict[str, Any]] = [{"_t": {"$regex": re.escape(word)}} for word in words]
    asked = grams(" ".join(words))
    if asked:
        return [{"$match": {"$and": [{"_g": {"$all": asked}}, *tests]}}, {"$limit": limit}, {"$project": fields}]
    return [{"$limit": WALK}, {"$match": {"$and": tests}}, {"$limit": limit}, {"$project": fields}]
