"""What commands on notes need from elsewhere: whether the client is there, and who may be mentioned (#5).

A mention tells somebody. Of one who may not see the client it would tell nobody, and who wrote it would not know: it is
refused while the text is still at hand. Those whom the note mentions already stay, so that it can be edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar, cast

from contracts.clients.commands import AddNote, EditNote, ReadMention, UnreadMention
from contracts.clients.events import Mention
from contracts.clients.mentions import tells_nobody
from contracts.problem import NotFound, UnknownReference
from services.clients.domain.client import CLIENT
from services.clients.domain.note import NOTE, New, Removed
from services.clients.edge import check_client
from services.kit.handle import Meta
from services.kit.rights import lets
from services.kit.service import Desk

M = TypeVar("M", ReadMention, UnreadMention)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Employees(Protocol):
    @property
    def employees(self) -> Mapping[str, _Named]: ...


async def add_note(desk: Desk, command: AddNote, _: Meta) -> AddNote:
    """Check the client and who is mentioned. Raises UnknownReference, ErasedClient, Invalid."""
    owner_id = await check_client(desk, command.client_id)
    _check_readers(desk, command.mentions, owner_id)
    return command


async def edit_note(desk: Desk, command: EditNote, _: Meta) -> EditNote:
    """Check who is mentioned anew. Raises UnknownReference, Invalid."""
    if not command.mentions:
        return command
    note = await _note(desk, command.note_id)
    if note is None:
        return command
    before = {each.employee_id for each in note.mentions}
    client: Any = (await desk.handler.load(CLIENT, note.client_id)).state
    added = [each for each in command.mentions if each.employee_id not in before]
    _check_readers(desk, added, getattr(client, "owner_id", None))
    return command


async def own_mention(desk: Desk, command: M, meta: Meta) -> M:
    """Name the client, and the caller as who was mentioned. Raises NotFound if the note mentions somebody else."""
    note = await _note(desk, command.note_id)
    if note is None or meta.actor not in {each.employee_id for each in note.mentions}:
        raise NotFound(f"there is no note {command.note_id} that mentions you", field="note_id")
    return command.model_copy(update={"client_id": note.client_id, "employee_id": meta.actor})


async def _note(desk: Desk, note_id: str) -> Any:
    """Return the note as it is shown or was removed; None: there is none."""
    state = (await desk.handler.load(NOTE, note_id)).state
    if isinstance(state, New):
        return None
    return state.note if isinstance(state, Removed) else state


def _check_readers(desk: Desk, mentions: Iterable[Mention], owner_id: str | None) -> None:
    for each in mentions:
        employee = cast(_Employees, desk.known["gateway"]).employees.get(each.employee_id)
        if employee is None:
            raise UnknownReference(f"there is no employee {each.employee_id}", field="mentions")
        if not lets(desk.known, each.employee_id, owner_id, "clients.read"):
            raise tells_nobody(employee.name, "mentions")
