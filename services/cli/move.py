"""`voronka move`: a log copied into another store, so that a company can outgrow one machine, and go back.

Ids, versions and times stay; positions and the log's id are the target's own, so read models are built anew there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from contracts.envelope import RecordedEvent
from contracts.problem import VersionConflict
from services.kit.errors import Unusable
from services.kit.ports import EventStore, Keyring

Progress = Callable[[str, int, int], None]
_SLICE = 1_000


async def move_log(source: EventStore, target: EventStore, progress: Progress = lambda *_: None) -> int:
    """Append to the target what it lacks of the source, in log order; return how many events that were.

    Nobody may write to either meanwhile. Killed and run again, it goes on where it was. Raises Unusable, with nothing
    more stored, if the target holds another history."""
    after, head, moved = await _reached(source, target), await source.head(), 0
    while after < head:
        events = await source.read_all(after, _SLICE)
        for stream, run in groupby(events, lambda event: event.stream):
            moved += await _append(target, stream, list(run))
        after = events[-1].position
        progress("moving events", after, head)
    return moved


async def move_keys(source: Keyring, target: Keyring, progress: Progress = lambda *_: None) -> int:
    """Give the target every key and tombstone of the source; return how many subjects that are. Repeatable.

    Before the log is moved: an event whose key is missing cannot be folded. Raises Unusable if the target's keyring
    belongs to another log."""
    after, moved = "", 0
    while keys := await source.listed(after, _SLICE):
        await target.adopt(keys)
        after, moved = keys[-1].subject, moved + len(keys)
        progress("moving keys", moved, moved)
    return moved


async def _append(target: EventStore, stream: str, run: list[RecordedEvent]) -> int:
    try:
        await target.append(stream, run, run[0].version - 1)
    except VersionConflict as conflict:
        raise Unusable(
            f"the target is at another version of the stream {stream} than the log that is moved ({conflict.detail}); "
            "move into an empty store"
        ) from conflict
    return len(run)


async def _reached(source: EventStore, target: EventStore) -> int:
    """Return the position of the source up to which the target has everything, by the target's newest event."""
    head = await target.head()
    if not head:
        return 0
    [newest] = await target.read_all(head - 1, 1)
    same = [event for event in await source.read(newest.stream, newest.version - 1) if event.version == newest.version]
    if [event.id for event in same] != [newest.id]:
        raise Unusable(
            f"the target's newest event ({newest.type} {newest.id}) is not in the log that is moved: it holds another "
            "history; move into an empty store"
        )
    return same[0].position
