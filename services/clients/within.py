"""What a read may show of records that are their client's owner's (P17)."""

from __future__ import annotations

from contracts.problem import NotFound
from services.clients.projections.notes import Note
from services.kit.query import Reading, Whose


async def note_within(reading: Reading, note_id: str) -> Note:
    """Return a note, also a removed one. Raises NotFound also if its client is out of the caller's reach."""
    note: Note = await reading.get("clients", "notes", note_id, "note", whose=Whose.ALL)
    try:
        await reading.get("clients", "clients", note.client_id, "client", whose=Whose.OWNER)
    except NotFound:
        raise NotFound(f"there is no note {note_id}") from None
    return note
