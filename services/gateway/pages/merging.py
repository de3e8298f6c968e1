"""When somebody else saved a record first: what they saved and what was typed are put together, field by field; where
both changed one, the form asks (#5).

A form says what it was opened with (`was.<field>`), and answers what was asked by `take.<field>`: mine or theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WAS = "was."
_TAKE = "take."


@dataclass(frozen=True)
class Asked:
    """A field that both changed. The texts are as a form has them."""

    name: str
    theirs: str
    mine: str


@dataclass(frozen=True)
class Merged:
    """`fields`: all, those of `asked` as they were typed. `taken`: (field, before, now) that only they changed."""

    fields: Mapping[str, str]
    asked: Sequence[Asked]
    taken: Sequence[tuple[str, str, str]]


def opened_with(form: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that a sent form was opened with; none if it does not say."""
    return {name.removeprefix(_WAS): _plain(value) for name, value in form.items() if name.startswith(_WAS)}


def answered(form: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields, with theirs where that was answered."""
    theirs = {name for name in fields if form.get(_TAKE + name) == "theirs" and _WAS + name in form}
    return {name: _plain(form[_WAS + name]) if name in theirs else _plain(value) for name, value in fields.items()}


def merged(mine: Mapping[str, str], theirs: Mapping[str, str], was: Mapping[str, str]) -> Merged:
    """Put together what was typed and what is stored now; without `was`, all that differs is asked."""
    fields, asked, taken = dict(mine), [], []
    for name, stored in theirs.items():
        typed, before = mine[name], was.get(name)
        if stored in (typed, before):
            continue
        if typed == before:
            fields[name] = stored
            taken.append((name, before, stored))
        else:
            asked.append(Asked(name, stored, typed))
    return Merged(fields, asked, taken)


def _plain(text: str) -> str:
    """Return a text with ends of lines as they are stored: browsers send CR LF."""
    return text.replace("\r\n", "\n").strip()
