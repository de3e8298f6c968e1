"""Rebuild: a group folded anew from the start of the log beside the one that serves, then switched (DESIGN 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from contracts.envelope import RecordedEvent
from contracts.registry import EVENTS, REFERENCE_TYPES
from services.kit.codec import Codec
from services.kit.documents import LaneState, MissingKey, Positions
from services.kit.errors import Unusable
from services.kit.lanes import lane_of
from services.kit.memory import MemoryContext
from services.kit.ports import Documents, EventStore
from services.kit.projection import Projection
from services.kit.stops import Stops
from services.kit.telemetry import METRICS


class Unfoldable(Unusable):
    """An event of the log cannot be folded; nothing was changed."""


Progress = Callable[[str, int, int], None]
"""(what, done, total)."""
_SLICE = 5_000
LET_GO = 5.0
"""Seconds that other processes have to let go of a group that serves no more."""


@dataclass
class Folded:
    """A group in memory: its lanes, where each stands, and the last position of each topic that changed anything."""

    lanes: list[MemoryContext]
    positions: list[Positions]
    head: int
    changed: list[dict[str, int]]

    def stands_at(self, lane: int, positions: Positions) -> bool:
        """Tell whether a lane at these positions has folded the same events."""
        mine, changed = self.positions[lane], self.changed[lane]
        return all(
            changed.get(topic, 0) <= positions.get(topic, (0, ""))[0] <= mine.get(topic, (0, ""))[0]
            for topic in mine.keys() | positions.keys()
        )


async def fold_log(
    projection: Projection,
    store: EventStore,
    codec: Codec,
    lanes: int,
    progress: Progress = lambda _what, _done, _total: None,
    keep: Callable[[RecordedEvent], bool] = lambda _event: True,
) -> Folded:
    """Fold the whole log in memory, or those events that `keep` chooses. Raises Unfoldable, MissingKey: nothing was
    written. Reference events come first: folds do not depend on the order between topics, and so no number is kept
    under rules that are none any more at the end of the log."""
    head = await store.head()
    contexts: list[MemoryContext] = []
    contexts += [MemoryContext(projection, lane, contexts) for lane in range(lanes)]
    folded = Folded(contexts, [{} for _ in range(lanes)], head, [{} for _ in range(lanes)])
    await _reference(projection, store, codec, folded)
    await _work(projection, contexts)
    if projection.prepare is not None:
        for context in contexts:
            projection.prepare(context)
    after = 0
    while after < head:
        events = await store.read_all(after, min(_SLICE, head - after))
        async with codec.holding(events):
            for event in events:
                reference = event.type in REFERENCE_TYPES
                lane = lane_of(event.key, lanes)
                for each in range(lanes) if reference else (lane,):
                    folded.positions[each][event.topic] = (event.position, event.id)
                    if event.type in projection.folds:
                        folded.changed[each][event.topic] = event.position
                if not reference and keep(event):
                    _fold(projection, [contexts[lane]], codec, event)
        after = events[-1].position
        METRICS.rebuild_progress.labels(projection.name).set(after / head)
        progress(projection.name, after, head)
        await asyncio.sleep(0)
    await _work(projection, contexts)
    return folded


def _fold(projection: Projection, contexts: Sequence[MemoryContext], codec: Codec, event: RecordedEvent) -> None:
    """Fold one event in these lanes. What would stop a lane ends the rebuild: it must not look complete (ADR 0005)."""
    fold = projection.folds.get(event.type)
    if fold is None and event.type in EVENTS:
        return
    try:
        data = codec.decode(event)
        for context in contexts:
            projection.folds[event.type](context, data, event)
    except MissingKey:
        raise
    except Exception as error:
        raise Unfoldable(
            f"{projection.name} cannot be built: the event at position {event.position} ({event.type} {event.id}) "
            f"cannot be folded ({type(error).__name__}: {error}). What serves now stays. If a newer version of "
            "Voronka wrote it, start that one; if it is damaged, restore a backup."
        ) from error


async def _reference(projection: Projection, store: EventStore, codec: Codec, folded: Folded) -> None:
    """Fold the reference events of the log in every lane."""
    types = frozenset(REFERENCE_TYPES & projection.folds.keys())
    after = 0
    while types and (events := await store.read_types(types, after, _SLICE)):
        for event in events:
            after = event.position
            if after > folded.head:
                return
            _fold(projection, folded.lanes, codec, event)


async def _work(projection: Projection, contexts: list[MemoryContext]) -> None:
    """Do the projection's background work to its end."""
    work = projection.work
    if work is not None:
        while sum(work(context) for context in contexts):
            await asyncio.sleep(0)


async def write_group(projection: Projection, group: str, folded: Folded, documents: Documents, log_id: str) -> None:
    """Write a folded group, which must not exist yet, with its positions; it does not serve before it is activated."""
    async with documents.bulk(group, projection.collections, projection.counters) as bulk:
        for context in folded.lanes:
            for collection, rows in context.documents.items():
                if rows:
                    await bulk.put_many(collection, context.lane, list(rows.items()))
            for counter, sums in context.counters.items():
                kept = [(key, values) for key, values in sums.items() if any(values)]
                if kept:
                    await bulk.add_many(counter, context.lane, kept)
        await bulk.finish([LaneState(lane, 0, log_id, positions) for lane, positions in enumerate(folded.positions)])


async def free_name(documents: Documents, projection: Projection) -> str:
    """Return a name for the next build of this version of the group, such as `analytics.1-2`."""
    builds = [_age(group)[1] for group in await documents.groups() if projection.made(group)]
    return f"{projection.base}-{max(builds) + 1}" if builds else projection.base


async def rebuild(
    projection: Projection,
    store: EventStore,
    codec: Codec,
    documents: Documents,
    lanes: int,
    progress: Progress = lambda _what, _done, _total: None,
    grace: float = 0.0,
    look: Callable[[Folded, str | None], Awaitable[None]] | None = None,
) -> str:
    """Build the group anew, serve it, drop the others of its name; return the new group's full name.

    Live commands may go on: a runner folds from where the rebuild ended. The old group serves until the switch.
    `look`: given what was folded and the group that serves yet, before the switch. `grace`: seconds that other
    processes have after it to let go of the old one."""
    folded = await fold_log(projection, store, codec, lanes, progress)
    if look is not None:
        await look(folded, await documents.active(projection.name))
    group = await free_name(documents, projection)
    await write_group(projection, group, folded, documents, store.log_id)
    await documents.activate(projection.name, group)
    await asyncio.sleep(grace)
    for other in await documents.groups():
        if other != group and other.rsplit(".", 1)[0] == projection.name:
            await drop(documents, other, store.log_id)
    return group


async def drop_older(documents: Documents, serving: str, log_id: str) -> None:
    """Delete what this versioned group has replaced, if that was not done: what is personal in it would outlive an
    erasure (X10)."""
    name = serving.rsplit(".", 1)[0]
    for other in await documents.groups():
        if other.rsplit(".", 1)[0] == name and _age(other) < _age(serving):
            await drop(documents, other, log_id)


def _age(group: str) -> tuple[int, int]:
    """Return version and number of the build."""
    version, _, build = group.rsplit(".", 1)[1].partition("-")
    return int(version), int(build or 1)


async def drop(documents: Documents, group: str, log_id: str) -> None:
    """Delete a versioned group, and where it stood."""
    stops = Stops(documents, log_id)
    await stops.define()
    await stops.forget(group)
    await documents.drop(group)
