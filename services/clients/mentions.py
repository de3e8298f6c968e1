"""The notes that mention the caller, as the bell lists them: rights are those of the moment they are read (#5, P17)."""

from __future__ import annotations

import msgspec
from pydantic import Field

from contracts.clients.events import Priority
from services.clients.projections.last_note import preview
from services.clients.projections.mentions import Mentioned
from services.clients.projections.notes import TextMention
from services.kit.documents import Filter
from services.kit.query import Page, PageParams, Reading, Whose, newest


class MentionsParams(PageParams):
    """Mentions of the caller, the newest first."""

    unread: bool = Field(False, description="Only those that were not read yet.")
    count: bool = Field(False, description="Also count how many there are (`total`).")


class MentionItem(msgspec.Struct, frozen=True, kw_only=True):
    """A note that mentions the caller. `by`: the actor who mentioned them; `line`: how the note begins,
    `mentions` those within it; times are UTC ms, `read_at` null: unread."""

    note_id: str
    client_id: str
    client_name: str
    by: str
    at: int
    read_at: int | None
    priority: Priority
    line: str
    mentions: list[TextMention]


async def mentions(reading: Reading, params: MentionsParams) -> Page[MentionItem]:
    """List notes that mention the caller, of clients that they may see now; without removed ones."""
    where = [Filter("employee_id", "=", reading.caller.actor), Filter("removed_at", "null")]
    if params.unread:
        where.append(Filter("read_at", "null"))
    found: Page[Mentioned] = await reading.find("clients", "mentions", params, where, [("at", True)], whose=Whose.OWNER)
    items = await _shown(reading, found.items)
    total = None
    if params.count:
        group = reading.groups["clients"]
        total = await reading.reader.count(group, "mentions", [*where, *reading.within(Whose.OWNER)])
    return reading.page(items, found.next, total)


async def _shown(reading: Reading, found: list[Mentioned]) -> list[MentionItem]:
    group = reading.groups["clients"]
    notes = await reading.reader.get_many(group, "notes", [each.note_id for each in found])
    clients = await reading.reader.get_many(group, "clients", [each.client_id for each in found])
    note_of, client_of = ({row.id: newest([row]) for row in rows} for rows in (notes, clients))
    items: list[MentionItem] = []
    for each in found:
        note, client = note_of.get(each.note_id), client_of.get(each.client_id)
        if note is None or client is None:
            continue
        line, inside = preview(note.text, note.mentions)
        item = MentionItem(
            note_id=each.note_id,
            client_id=each.client_id,
            client_name=client.name,
            by=each.by,
            at=each.at,
            read_at=each.read_at,
            priority=note.priority,
            line=line,
            mentions=inside,
        )
        items.append(item)
    return items
