"""Mentions in a text: shown with present names, and read from a form (#5).

A form sends the text as it reads, and beside it whom its signs @ mean: `0:<id> 2:<id>` for the first and the third of
them. A number of an @ is the same however a browser writes ends of lines and counts signs. A full name typed by hand
after @ means whoever has it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.clients.events import Mention
from contracts.problem import Invalid
from services.gateway.known import GatewayKnown

_MARK = re.compile(r"(\d{1,5}):([A-Za-z0-9_.:-]{1,64})", re.ASCII)


@dataclass(frozen=True)
class Part:
    """A piece of a text; `employee_id`: whom it names, "" for plain text."""

    text: str
    employee_id: str = ""


def parts(text: str, mentions: Sequence[Any], names: Mapping[str, str]) -> list[Part]:
    """Return the text in pieces, who is mentioned with their present names; all pieces make the text."""
    found, end = [], 0
    for each in mentions:
        if each.start < end or each.start + each.length > len(text):
            continue  # a text that was blanked
        found.append(Part(text[end : each.start]))
        end = each.start + each.length
        name = names.get(each.employee_id)
        found.append(Part(text[each.start : end] if name is None else f"@{name}", each.employee_id))
    return [part for part in (*found, Part(text[end:])) if part.text]


def plain(found: Iterable[Part]) -> str:
    """Return the pieces as one text."""
    return "".join(part.text for part in found)


def marks(found: Iterable[Part]) -> str:
    """Return whom the signs @ of the pieces mean, as a form sends it."""
    count, said = 0, []
    for part in found:
        if part.employee_id:
            said.append(f"{count}:{part.employee_id}")
        count += part.text.count("@")
    return " ".join(said)


def read(text: str, said: str, known: GatewayKnown) -> list[Mention]:
    """Return whom a text of a form mentions. Raises Invalid where it is not clear whom a name means."""
    chosen = {int(number): id for number, id in _MARK.findall(said)}
    found: list[Mention] = []
    end = 0
    for number, start in enumerate(_signs(text)):
        if start < end:
            continue
        id = _chosen(text, start, chosen.get(number, ""), known) or _typed(text, start, known)
        if id:
            end = start + 1 + len(known.employees[id].name)
            found.append(Mention(employee_id=id, start=start, length=end - start))
    return found


def _signs(text: str) -> Iterator[int]:
    return (at for at, sign in enumerate(text) if sign == "@")


def _chosen(text: str, start: int, id: str, known: GatewayKnown) -> str:
    """Return the id if its name still stands there."""
    employee = known.employees.get(id)
    return id if employee is not None and text.startswith(employee.name, start + 1) else ""


def _typed(text: str, start: int, known: GatewayKnown) -> str:
    """Return who has the longest name that stands behind the sign as a word of its own; "" for nobody."""
    if start and _in_word(text[start - 1]):
        return ""  # an email address
    named: dict[str, list[str]] = {}
    for id, employee in known.employees.items():
        after = start + 1 + len(employee.name)
        if text.startswith(employee.name, start + 1) and not _in_word(text[after : after + 1]):
            named.setdefault(employee.name, []).append(id)
    if not named:
        return ""
    name = max(named, key=len)
    ids = [id for id in named[name] if known.active(id)] or named[name]
    if len(ids) > 1:
        raise Invalid(f"more than one employee is called {name}; choose from the list that @ opens", field="text")
    return ids[0]


def _in_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"
