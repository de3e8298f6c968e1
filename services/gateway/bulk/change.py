"""What an act does to one client: the command, what became of it since, and the command that takes it back (#5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from contracts.base import Command
from contracts.clients import commands as c
from contracts.clients import events as e
from contracts.envelope import RecordedEvent
from contracts.gateway.bulk_events import BulkAction
from contracts.ids import derived_id

_Read = Callable[[Any], Any]


def command(action: BulkAction, value: str | None, client_id: str) -> Command:
    """Return what the act asks of a client. Raises ValidationError for a value that makes no sense."""
    match action:
        case "owner":
            return c.AssignClient(client_id=client_id, owner_id=value)
        case "temperature":
            return c.ChangeClientTemperature.model_validate({"client_id": client_id, "temperature": value})
        case "tag":
            return c.TagClient(client_id=client_id, tag=value or "")
        case "untag":
            return c.UntagClient(client_id=client_id, tag=value or "")
        case "archive":
            return c.ArchiveClient(client_id=client_id)
        case _:
            assert_never(action)


def command_id(bulk_id: str, client_id: str, *, undo: bool = False) -> str:
    """Return the id of that command: the same however often the act is begun again."""
    return derived_id("bulk-undo" if undo else "bulk", bulk_id, client_id)


@dataclass(frozen=True, slots=True)
class Past:
    """What a client's stream says of an act: whether it `did` anything; what it changed was `before`, and is `still` as
    the act made it. `erased`: nothing can be said or done any more."""

    did: bool
    before: Any = None
    still: bool = False
    erased: bool = False


def past(action: BulkAction, value: str | None, events: Iterable[tuple[RecordedEvent, Any]], command: str) -> Past:
    """Read a client's stream for what the command of this id did. `events`: with their data."""
    read = _reading(action, value)
    did = False
    now: Any = None
    before: Any = None
    made: Any = None
    for event, data in events:
        if event.type == e.ClientErased.type:
            return Past(did=did, erased=True)
        was = now
        if event.type in read:
            now = read[event.type](data)
        if event.command_id == command:
            did, before, made = True, was, now
    return Past(did=did, before=before, still=did and now == made)


def _reading(action: BulkAction, value: str | None) -> Mapping[str, _Read]:
    """Return event type → what it says of the field that the act changes."""

    def tagged(data: Any) -> bool:
        return value in data.tags

    match action:
        case "owner":
            return {e.ClientRegistered.type: lambda d: d.owner_id, e.ClientAssigned.type: lambda d: d.to_owner}
        case "temperature":
            changed = e.ClientTemperatureChanged.type
            return {e.ClientRegistered.type: lambda d: d.temperature, changed: lambda d: d.to_temperature}
        case "tag" | "untag":
            return {e.ClientRegistered.type: tagged, e.ClientDetailsChanged.type: tagged}
        case "archive":
            return {e.ClientArchived.type: lambda _: True, e.ClientRestored.type: lambda _: False}
        case _:
            assert_never(action)


def back(action: BulkAction, value: str | None, client_id: str, before: Any) -> Command:
    """Return what makes a client again what it was before the act."""
    match action:
        case "owner" | "temperature":
            return command(action, before, client_id)
        case "tag":
            return command("untag", value, client_id)
        case "untag":
            return command("tag", value, client_id)
        case "archive":
            return c.RestoreClient(client_id=client_id)
        case _:
            assert_never(action)
