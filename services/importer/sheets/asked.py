"""The commands that a row's values stand for: a new client, contact or note, or changes of one that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from contracts.base import Command
from contracts.clients.commands import (
    AddContact,
    AddNote,
    AssignClient,
    ChangeClientDetails,
    ChangeClientStatus,
    ChangeClientTemperature,
    ChangeClientTerms,
    ChangeContact,
    ChangeNotePriority,
    RegisterClient,
)
from contracts.clients.events import Language
from contracts.clients.import_events import Thing
from services.clients.domain.client import Registered
from services.clients.domain.contact import Added
from services.clients.domain.note import Shown
from services.importer.sheets.duplicates import marks

_CLIENT = frozenset(RegisterClient.model_fields)
_TERMS = ("discount", "currency", "language")
_LISTS = ("phones", "links", "tags")

Values = Mapping[str, Any]
"""Field id → value, of filled cells alone."""


def created(thing: Thing, id: str, client_id: str, values: Values, number: int = 0) -> Command:
    """Return the command that makes what a row says. Raises pydantic's ValidationError."""
    match thing:
        case "client":
            said = {name: value for name, value in values.items() if name in _CLIENT}
            return RegisterClient(client_id=id, number=number, owner_id=values.get("owner"), **said)
        case "contact":
            return AddContact(contact_id=id, client_id=client_id, number=number, **values)
        case "note":
            said = {name: value for name, value in values.items() if name != "date"}
            return AddNote(note_id=id, client_id=client_id, at=values.get("date"), **said)


def changed(id: str, state: Registered | Added | Shown, values: Values, region: str | None) -> list[Command]:
    """Return the commands that make a record what a row says. What the row does not say stays; phones, links and tags
    are added to those that are there."""
    match state:
        case Shown():
            return [ChangeNotePriority(note_id=id, priority=values["priority"])] if "priority" in values else []
        case Added():
            return [ChangeContact(contact_id=id, **_merged(state.details, values, region))]
        case Registered():
            return _client_changed(id, state, values, region)


def _client_changed(id: str, client: Registered, values: Values, region: str | None) -> list[Command]:
    asked: list[Command] = [ChangeClientDetails(client_id=id, **_merged(client.details, values, region))]
    if any(name in values for name in _TERMS):
        asked.append(
            ChangeClientTerms(
                client_id=id,
                discount=values.get("discount", client.discount),
                currency=values.get("currency", client.currency),
                language=cast("Language | None", values.get("language", client.language)),
            )
        )
    if "temperature" in values:
        asked.append(ChangeClientTemperature(client_id=id, temperature=values["temperature"]))
    if "status" in values:
        asked.append(ChangeClientStatus(client_id=id, status=values["status"]))
    if "owner" in values:
        asked.append(AssignClient(client_id=id, owner_id=values["owner"]))
    return asked


def _merged(details: Values, values: Values, region: str | None) -> dict[str, Any]:
    given = {name: value for name, value in values.items() if name in details}
    for name in _LISTS:
        if name in given:
            given[name] = united(name, given[name], details[name], region)
    return {**details, **given}


def united(name: str, new: Sequence[str], old: Sequence[str], region: str | None) -> list[str]:
    """Return the old values and those of the new ones that are not among them; phones are compared as numbers."""
    if name != "phones":
        return list(dict.fromkeys([*old, *new]))
    known = {mark for phone in old for mark in marks({"phones": [phone]}, region)}
    return [*old, *(phone for phone in new if not known & set(marks({"phones": [phone]}, region)))]
