"""Bytes of a text file as text: UTF-8, UTF-16, and the usual one-byte encodings of Cyrillic and Western texts."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CYRILLIC = ("cp1251", "koi8_u", "koi8_r", "cp866")
_OTHERS = ["cp1252", "cp1250", "iso8859_2"]
_SAMPLE = 200_000
"""Bytes with letters beyond ASCII that decide."""
_WORDS = re.compile(r"[^\W\d_]+")
_USUAL = frozenset("оаиіетнрслвкдмупяыьзбгчйхжшєюїщцэфґъёОАИІЕТНРСЛВКДМУПЯЗБГЧХЖШЄЮЇЩЦЭФҐ")
_FREQUENT = frozenset("оаиентсрвлі")
_SIGNS = frozenset("«»№–—…’“”„₴€\xa0")
_ENOUGH = 0.9
"""Likeness from which on a text is Cyrillic."""


class Undecodable(Exception):
    """No usual encoding gives a text."""


def decoded(data: bytes) -> str:
    """Return the text of a file. Raises Undecodable."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding)
    if (wide := _wide(data)) is not None:
        return _strict(data, wide)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _strict(data, _one_byte(data))


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Undecodable(
            f"it is no valid {encoding.removesuffix('-sig').upper()} from byte {error.start} on"
        ) from error


def _wide(data: bytes) -> str | None:
    """Return UTF-16 without a mark if separators and digits show it: every second byte of them is NUL."""
    head = data[:4000]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if min(even, odd) or max(even, odd) * 20 < len(head):
        return None
    return "utf-16-be" if even else "utf-16-le"


def _one_byte(data: bytes) -> str:
    """Return the encoding that makes words of the bytes: a Cyrillic one by how its words look, else what the library
    finds. Detection by frequency alone mistakes short Ukrainian lists for Greek or Turkish."""
    lines = [line for line in data.splitlines() if not line.isascii()]
    sample = b"\n".join(lines)[:_SAMPLE]
    scores = {encoding: _likeness(sample, encoding) for encoding in _CYRILLIC}
    best = max(scores, key=lambda encoding: scores[encoding])
    if scores[best] >= _ENOUGH:
        return best
    found = from_bytes(sample, cp_isolation=_OTHERS).best()
    if found is None:
        raise Undecodable("its text encoding is not known")
    return found.encoding


def _likeness(sample: bytes, encoding: str) -> float:
    """Return the share of bytes beyond ASCII that stand in words as people write them in Cyrillic (all letters usual;
    small, capital, or a capital followed by small ones), and one and a half times that of the most frequent letters."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    high = sum(letter > "\x7f" for letter in text)
    good = 0
    for word in _WORDS.findall(text):
        cyrillic = sum(letter in _USUAL for letter in word)
        if cyrillic == len(word) and (word.islower() or word.isupper() or word[1:].islower()):
            good += cyrillic
    signs = sum(letter in _SIGNS for letter in text)
    frequent = sum(letter in _FREQUENT for letter in text.lower())
    return (good + signs + frequent * 1.5) / high if high else 0.0
