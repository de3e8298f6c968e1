"""Rebuild: a group folded anew from the start of the log beside the one that serves, then switched (DESIGN 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from contracts.registry import REFERENCE_TYPES
from services.kit.codec import Codec
from services.kit.documents import LaneState, Positions
from services.kit.lanes import lane_of
from services.kit.memory import MemoryContext
from services.kit.ports import Documents, EventStore
from services.kit.projection import Projection
from services.kit.telemetry import METRICS

Progress = Callable[[str, int, int], None]
"""(what, done, total)."""
_SLICE = 5_000


@dataclass
class Folded:
    """A group in memory: its lanes, and where each stands."""

    lanes: list[MemoryContext]
    positions: list[Positions]
    head: int


async def fold_log(
    projection: Projection,
    store: EventStore,
    codec: Codec,
    lanes: int,
    progress: Progress = lambda _what, _done, _total: None,
) -> Folded:
    """Fold the whole log in memory. Whatever a fold raises is raised: nothing was written."""
    head = await store.head()
    contexts: list[MemoryContext] = []
    contexts += [MemoryContext(projection, lane, contexts) for lane in range(lanes)]
    positions: list[Positions] = [{} for _ in range(lanes)]
    folds, work = projection.folds, projection.work
    after = 0
    while after < head:
        events = await store.read_all(after, min(_SLICE, head - after))
        for event in events:
            owners = range(lanes) if event.type in REFERENCE_TYPES else (lane_of(event.key, lanes),)
            fold = folds.get(event.type)
            data = None if fold is None else codec.decode(event)
            for lane in owners:
                if fold is not None:
                    fold(contexts[lane], data, event)
                positions[lane][event.topic] = (event.position, event.id)
        after = events[-1].position
        METRICS.rebuild_progress.labels(projection.name).set(after / head)
        progress(projection.name, after, head)
        await asyncio.sleep(0)
        # At once, as live: rules that stand at the log's start are derived from nothing, not from all that follows.
        while work is not None and sum(work(context) for context in contexts):
            await asyncio.sleep(0)
    return Folded(contexts, positions, head)


async def write_group(projection: Projection, group: str, folded: Folded, documents: Documents, log_id: str) -> None:
    """Write a folded group, which must not exist yet, with its positions; it does not serve before it is activated."""
    async with documents.bulk(group, projection.collections, projection.counters) as bulk:
        for context in folded.lanes:
            for collection, rows in context.documents.items():
                if rows:
                    await bulk.put_many(collection, context.lane, list(rows.items()))
            for counter, sums in context.counters.items():
                kept = [(key, tuple(values)) for key, values in sums.items() if any(values)]
                if kept:
                    await bulk.add_many(counter, context.lane, kept)
        await bulk.finish([LaneState(lane, 0, log_id, positions) for lane, positions in enumerate(folded.positions)])


async def free_name(documents: Documents, projection: Projection) -> str:
    """Return a name for the next build of this version of the group, such as `analytics.1-2`."""
    base = f"{projection.name}.{projection.version}"
    taken = set(await documents.groups())
    return base if base not in taken else next(n for i in count(2) if (n := f"{base}-{i}") not in taken)


async def rebuild(
    projection: Projection,
    store: EventStore,
    codec: Codec,
    documents: Documents,
    lanes: int,
    progress: Progress = lambda _what, _done, _total: None,
) -> str:
    """Build the group anew, serve it, drop the others of its name; return the new group's full name.

    Live commands may go on: a runner folds from where the rebuild ended. The old group serves until the switch."""
    folded = await fold_log(projection, store, codec, lanes, progress)
    group = await free_name(documents, projection)
    await write_group(projection, group, folded, documents, store.log_id)
    await documents.activate(projection.name, group)
    for other in await documents.groups():
        if other != group and other.rsplit(".", 1)[0] == projection.name:
            await documents.drop(other)
    return group
