"""Sentences that are made in English where nobody knows who reads them, said in the reader's language (P14).

What refuses a command does not know pages; so each list here names the sentences of one part of the system, with gaps
such as `%(name)s`, and they are found again by their form. One that is not among them stays in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from gettext import NullTranslations

Naming = Callable[[NullTranslations, str, str], str]
"""(words, gap, what stands in it) → what to write there."""
_GAP = re.compile(r"%\((\w+)\)s")


def N_(message: str) -> str:  # noqa: N802 - the name by which messages are found
    """Mark a message to be translated later."""
    return message


def as_it_is(_words: NullTranslations, _gap: str, text: str) -> str:
    """Name nothing."""
    return text


class Sentences:
    """Some sentences, and what finds each; those with the most words of their own come first."""

    def __init__(self, sentences: Sequence[str], naming: Naming = as_it_is) -> None:
        ordered = sorted(sentences, key=lambda sentence: -len(_GAP.sub("", sentence)))
        self._patterns = [(sentence, re.compile(_pattern(sentence), re.DOTALL)) for sentence in ordered]
        self._naming = naming

    def said(self, words: NullTranslations, text: str) -> str:
        """Return the text in the language of `words`."""
        for sentence, pattern in self._patterns:
            found = pattern.fullmatch(text)
            if found is not None:
                translated = words.gettext(sentence)
                given = {gap: self._naming(words, gap, part) for gap, part in found.groupdict().items()}
                return text if translated == sentence else translated % given
        return text


def _pattern(sentence: str) -> str:
    parts = _GAP.split(sentence)
    return "".join(f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
