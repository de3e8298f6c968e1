"""What was changed of a client, contact person or note, by whom and when, read from its own stream (S2.24, P12, #5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.base import Id
from contracts.problem import Invalid
from services.clients.within import note_within
from services.kit.query import Page, PageParams, Reading, Whose

Value = str | int | list[str] | None
_IDS = frozenset({"client_id", "contact_id", "note_id", "contact_ids", "mentions", "sealed"})
_NAMES: dict[str, str] = {
    "to_status": "status",
    "to_temperature": "temperature",
    "to_owner": "owner_id",
    "to_priority": "priority",
}
"""Field of an event → that of the record."""


class FieldChange(msgspec.Struct, frozen=True):
    """A field before and after; null: empty. A place in a client funnel is called `stages.` and the funnel's id, the
    expected sum there (minor units of the base currency) the same with `.value`."""

    field: str
    before: Value
    after: Value


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `at`: when it happened (UTC ms); `save`: the same for all that one save changed; `event`: its name,
    such as `ClientDetailsChanged`; personal values of an erased client are left out."""

    version: int
    at: int
    actor: str
    save: str
    event: str
    changes: list[FieldChange]


class ClientHistoryParams(PageParams):
    """The history of one client, the newest first."""

    client_id: Id


class ContactHistoryParams(PageParams):
    """The history of one contact person, the newest first."""

    contact_id: Id


class NoteHistoryParams(PageParams):
    """The history of one note, the newest first."""

    note_id: Id


async def client_history(reading: Reading, params: ClientHistoryParams) -> Page[HistoryEntry]:
    """Show what was changed of a client: details, status, temperature, terms, owner, places in client funnels."""
    await reading.get("clients", "clients", params.client_id, "client", whose=Whose.OWNER)
    return await _page(reading, f"client-{params.client_id}", params)


async def contact_history(reading: Reading, params: ContactHistoryParams) -> Page[HistoryEntry]:
    """Show what was changed of a contact person."""
    await reading.get("clients", "contacts", params.contact_id, "contact", whose=Whose.OWNER)
    return await _page(reading, f"contact-{params.contact_id}", params)


async def note_history(reading: Reading, params: NoteHistoryParams) -> Page[HistoryEntry]:
    """Show who wrote, edited, removed and restored a note (P12)."""
    await note_within(reading, params.note_id)
    return await _page(reading, f"note-{params.note_id}", params)


async def _page(reading: Reading, stream: str, params: PageParams) -> Page[HistoryEntry]:
    if params.cursor is not None and not params.cursor.isdecimal():
        raise Invalid("This is no cursor of this list: begin with the first page.", field="cursor")
    state: dict[str, Value] = {}
    entries: list[HistoryEntry] = []
    for event, data in await reading.past(stream):
        entry = HistoryEntry(
            version=event.version,
            at=event.occurred_at,
            actor=event.actor,
            save=event.command_id,
            event=event.type.split(".")[1],
            changes=list(_changes(event.type, data, state)),
        )
        entries.append(entry)
    before = len(entries) + 1 if params.cursor is None else int(params.cursor)
    shown = [entry for entry in reversed(entries) if entry.version < before][: params.limit]
    return reading.page(shown, str(shown[-1].version) if shown and shown[-1].version > 1 else None)


def _changes(type: str, data: Any, state: dict[str, Value]) -> Iterator[FieldChange]:
    """Yield what an event changed, and keep it in the state."""
    for field, value in _values(type, data):
        after = value if value not in ("", []) else None
        before = state.get(field)
        if after != before:
            state[field] = after
            yield FieldChange(field, before, after)


def _values(type: str, data: Any) -> Iterator[tuple[str, Value]]:
    match type.split(".")[1]:
        case "ClientStageChanged":
            yield f"stages.{data.funnel_id}", data.to_stage
            yield f"stages.{data.funnel_id}.value", data.base_value
        case "MainContactChosen":
            yield "main_contact_id", data.contact_id
        case "ClientMarkedLost":
            yield "lost_reason", data.reason
        case "ClientReturned":
            yield "lost_reason", None
        case _:
            fields: tuple[str, ...] = data.__struct_fields__
            for name in fields:
                if name not in _IDS and not name.startswith("from_"):
                    yield _NAMES.get(name, name), getattr(data, name)
