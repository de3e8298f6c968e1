"""Names that are nearly what somebody typed: what an index finds them by, and how far from it each is (ADR 0035)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from heapq import nsmallest
from itertools import combinations
from typing import Any, TypeVar

from services.kit.adapters.document_shapes import folded

K = TypeVar("K", str, tuple[str, int, int])
LOOKED_AT = 5_000
"""Documents that one question tests, of those an index finds for it."""
_ONE, _TWO = 4, 8
"""Letters from which on a typed word may have one slip, and two."""
_WORDS = 8
"""Words of one question; a longer text is looked for as it is written only."""
_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ‘`′"))
_LETTERS = re.compile(r"[^\W\d_]+")
_AS_WRITTEN = re.compile(r"[\d@#+_/:]|\w\.\w")
"""In phones, numbers, addresses of mail and sites, which are never guessed at."""


def name_words(text: str) -> str:
    """Return the words of a name as slips are counted in them, with a space between: letters alone, folded, what an
    apostrophe parts together."""
    return " ".join(_LETTERS.findall(folded(text).translate(_APOSTROPHES)))


def starts(names: str) -> str:
    """Return what an index holds of `name_words`, with a space between: of each word all that is left of its first 4
    letters without one, and of its first 6 without two (of a shorter word: that are 4 letters)."""
    return " ".join({each for word in names.split() for each in _starts(word)})


@lru_cache(maxsize=20_000)
def _starts(word: str) -> frozenset[str]:
    return frozenset((*_left(word[:4], 3), *_left(word[:6], 4)))


def _left(letters: str, count: int) -> Iterator[str]:
    return map("".join, combinations(letters, count))


@cache
def _distance() -> Callable[..., Any]:
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - 30 ms of a start, and wanted when somebody mistypes

    return OSA.distance


def _slips(word: str) -> int:
    return (len(word) >= _ONE) + (len(word) >= _TWO)


@dataclass(frozen=True, slots=True)
class Typed:
    """A word that was typed, folded. `parts`: its words of letters; none: it is looked for as it is written only."""

    text: str
    parts: tuple[str, ...]

    @property
    def asked(self) -> list[list[str]]:
        """Every name that nearly has the word has, of each of these lists, one among its `starts`."""
        return [sorted(set(_asked(each))) for each in self.parts if len(each) >= _ONE - 1]


def _asked(word: str) -> Iterator[str]:
    """A slip takes one letter at most from what both have in common: from as many letters of both, take as many."""
    if len(word) <= _ONE:
        return _left(word, _ONE - 1)
    return _left(word[: 4 + _slips(word)], 4)


@dataclass(slots=True)
class Sought:
    """What was typed, word by word."""

    words: list[Typed]
    _far: defaultdict[str, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    """By part and word of a name: how far one is from the other."""

    @staticmethod
    def of(text: str) -> Sought:
        """Read what was typed."""
        made = []
        for word in folded(text).split():
            parts = () if _AS_WRITTEN.search(word) else tuple(name_words(word).split())
            made.append(Typed(word, parts if any(len(each) >= _ONE - 1 for each in parts) else ()))
        return Sought(made)

    @property
    def guessable(self) -> bool:
        """Whether any name can be near."""
        return len(self.words) <= _WORDS and any(each.parts for each in self.words)

    def nearest(self, found: Iterable[tuple[K, str, str]], limit: int) -> list[tuple[int, K]]:
        """Return (slips, key) of each (key, searched text, `name_words`) that nearly has all words and does not have
        all of them as they are written: fewest slips first, then by key; at most so many."""
        near = ((slips, key) for key, text, names in found if (slips := self._slips(text, names)) is not None)
        return nsmallest(limit, near)

    def _slips(self, text: str, names: str) -> int | None:
        missing = [each.parts for each in self.words if each.text not in text]
        if not missing or not all(missing):
            return None
        slips = 0
        for parts in missing:
            for part in parts:
                nearest = self._nearest(part, names)
                if nearest is None:
                    return None
                slips += nearest
        return slips

    def _nearest(self, part: str, names: str) -> int | None:
        known, nearest = self._far[part], None
        for name in names.split():
            if name not in known:
                known[name] = _between(part, name)
            far = known[name]
            if far is not None and (nearest is None or far < nearest):
                nearest = far
        return nearest


def _between(part: str, name: str) -> int | None:
    """Return the slips between a word and a name, or what the name begins with; None: too many."""
    most, length = _slips(part), len(part)
    ends = range(max(length - most, 1), min(length + most, len(name)) + 1)
    far = min((_distance()(part, name[:end], score_cutoff=most) for end in ends), default=most + 1)
    return far if far <= most else None
