"""Runs a projection: deliveries in, one atomic commit of documents with the lane's position out (DESIGN 5)."""

from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic
from typing import Any

import structlog

from contracts.envelope import RecordedEvent
from contracts.problem import Unavailable
from services.kit.codec import Codec
from services.kit.context import BatchContext, WorkContext
from services.kit.decoding import decoded_up_to_stop
from services.kit.documents import LaneMoved, LaneState, Positions, Write
from services.kit.lane import Lane, Place, Stop, Waiters, end, fresh
from services.kit.loading import Loader
from services.kit.news import News, NoNews
from services.kit.ports import Batch, Bus, Documents
from services.kit.projection import Projection
from services.kit.standing import LOOK, Standing
from services.kit.telemetry import METRICS
from services.kit.tracing.events import committing, processing

log = structlog.get_logger(__name__)
_LAZY = 2_000
"""How many positions may be passed without a commit, when no event concerned the group."""
_BATCH = 500
_PASSED = 1.0
"""Seconds after which passed positions are committed, so that whoever opens the lane next need not pass them again."""
_LOOK = 0.2
"""Seconds until work that waits for lanes of other processes looks again."""


class ProjectionRunner:
    """Folds one versioned group. `group`: its full name, such as `analytics.1`. `shared`: by several processes."""

    def __init__(
        self,
        projection: Projection,
        group: str,
        bus: Bus,
        documents: Documents,
        codec: Codec,
        log_id: str,
        *,
        shared: bool = False,
        news: News | None = None,
    ) -> None:
        self.projection = projection
        self._shared = shared
        self._news = news or NoNews()
        self._again = 0.0
        self.group = group
        self.defined = False
        """Whether there are documents to be read."""
        self._lanes: dict[int, Lane] = {}
        self._loader = Loader(projection, group, documents)
        self._standing = Standing(projection.name, group, bus, documents, log_id)
        self._bus = bus
        self._documents = documents
        self._codec = codec
        self._log_id = log_id
        self._arriving: asyncio.Future[Batch] | None = None
        self._taking = False
        self._opened: asyncio.Future[None]
        """Done when a lane was opened: background work may wait in it."""
        self._waiters = Waiters(self._lanes)

    @property
    def lanes(self) -> dict[int, Lane]:
        """The lanes that are ours and opened. What we had in mind of one that was given to another is forgotten."""
        if self._shared:
            for number in self._lanes.keys() - self._bus.owned(self.group):
                self._standing.end(self._lanes.pop(number))  # the new owner sees for itself
        return self._lanes

    # ------------------------------------------------------------ running

    async def run(self) -> None:
        """Fold for ever; cancel to stop. Raises OtherLog when the documents belong to another log, Unavailable when a
        store is away: run it again then."""
        self.lanes.clear()  # What an earlier run had in mind may not be what is stored.
        await self._documents.define(self.group, self.projection.collections, self.projection.counters)
        self.defined = True
        await self._standing.define()
        deliveries = self._bus.deliveries(self.group, self._open, _BATCH)
        self._opened = asyncio.get_running_loop().create_future()
        try:
            while True:
                if self._arriving is None:
                    self._arriving = asyncio.ensure_future(anext(deliveries))
                if self._opened.done():
                    self._opened = asyncio.get_running_loop().create_future()
                if not self._arriving.done() and not await self._work():
                    either: list[asyncio.Future[Any]] = [self._arriving, self._opened]
                    await asyncio.wait(either, timeout=self._rest, return_when=asyncio.FIRST_COMPLETED)
                if self._arriving.done():
                    self._taking = True
                    batch = self._arriving.result()
                    self._arriving = None
                    await self._take(batch)
                    self._taking = False
                if self._shared:
                    await self._catch_up()
                for lane in await self._standing.mind(list(self.lanes.values())):
                    await self._lost(lane)
        except StopAsyncIteration:
            return
        finally:
            for lane in self.lanes.values():
                self._standing.end(lane)
            try:
                await self._save()  # while the lanes are ours
            finally:
                if self._arriving is not None:
                    self._arriving.cancel()
                    await asyncio.gather(self._arriving, return_exceptions=True)
                    self._arriving = None
                self._taking = False
                await end(deliveries)

    async def _open(self, lane: int) -> LaneState:
        state = await self._documents.open_lane(self.group, lane, self._log_id)
        self._lanes[lane] = opened = Lane(lane, state.rev, dict(state.positions))
        self._standing.end(opened)
        if not self._opened.done():
            self._opened.set_result(None)
        self._waiters.wake()
        return state

    async def _save(self) -> None:
        """Commit positions that were passed without writes."""
        for lane in list(self.lanes.values()):
            if lane.unsaved:
                try:
                    await self._commit(lane, [])
                except (LaneMoved, Unavailable):
                    log.info("positions not saved", group=self.group, lane=lane.number)

    @property
    def _rest(self) -> float | None:
        """Seconds after which there is something to do though nothing arrives; None: never."""
        lanes = self.lanes.values()
        rests = [LOOK] if any(lane.stop is not None for lane in lanes) else []
        if self._shared:
            passed = [lane.passed_at for lane in lanes if lane.unsaved and lane.stop is None]
            rests += [max(0.0, at + _PASSED - monotonic()) for at in passed]
            rests += [_LOOK] if any(lane.elsewhere for lane in lanes) else []
        return min(rests, default=None)

    async def _catch_up(self) -> None:
        """Commit what was passed a while ago; and look again where work waits for what others do."""
        now = monotonic()
        look = now >= self._again
        self._again = now + _LOOK if look else self._again
        for lane in list(self.lanes.values()):
            lane.busy = lane.busy or (look and lane.elsewhere)
            if lane.unsaved and lane.stop is None and now >= lane.passed_at + _PASSED:
                try:
                    await self._commit(lane, [])
                except LaneMoved:
                    await self._lost(lane)

    # ------------------------------------------------------------ one batch

    async def _take(self, batch: Batch) -> None:
        lane = self.lanes.get(batch.lane)
        if lane is None or lane.stop is not None:
            return
        new, name = fresh(batch, lane.positions), self.projection.name
        try:
            with processing("fold", name, self.group, self._bus, lane.number, new.events, self.projection.folds):
                await self._fold(lane, new.events)
        except LaneMoved:
            await self._lost(lane)
            return
        await batch.done()
        if new.gap and lane.stop is None:
            METRICS.gaps.labels(name).inc()
            log.error("gap in deliveries", group=self.group, lane=lane.number, positions=lane.positions)
            await self._bus.resend(self.group, lane.number)

    async def _lost(self, lane: Lane) -> None:
        """Another worker opened the lane: open it again if it is ours, with nothing in mind."""
        log.warning("lane is owned by another worker now", group=self.group, lane=lane.number)
        lane.busy = False
        self._standing.end(lane)
        if self._shared:
            self.lanes.pop(lane.number, None)
        await self._bus.resend(self.group, lane.number)

    async def _fold(self, lane: Lane, events: list[RecordedEvent]) -> None:
        """Fold the events and commit; at the first that cannot be folded the lane stops, with all before it kept."""
        if not events:
            return
        context = BatchContext(self.projection, lane.number, self._bus.lanes, lane.cache)
        positions: Positions = {}
        folds = self.projection.folds
        async with self._codec.holding(event for event in events if event.type in folds):
            decoded, stop = decoded_up_to_stop(folds, self._codec, events)
        await self._loader.prefetch(context, decoded)
        for event, data in decoded:
            if data is not None:
                try:
                    await self._loader.through(
                        context, partial(self.projection.folds[event.type], context, data, event)
                    )
                except (LaneMoved, Unavailable, asyncio.CancelledError):
                    raise
                except Exception as error:  # noqa: BLE001 - whatever a fold raises stops its lane (DESIGN 5)
                    context.discard()
                    stop = Stop(event, f"{type(error).__name__}: {error}")
                    break
            positions[event.topic] = (event.position, event.id)
        await self._commit(lane, context.writes(), positions, lazy=True)
        context.committed()
        lane.busy = lane.busy or lane.watched is None or context.changes(lane.watched)
        METRICS.folded.labels(self.projection.name).inc(len(decoded))
        if stop is not None:
            await self._standing.begin(lane, stop)
            self._waiters.wake()

    async def _commit(
        self, lane: Lane, writes: list[Write], positions: Positions | None = None, *, lazy: bool = False
    ) -> None:
        """Raises LaneMoved; Unavailable: whether it was stored is not known then, only opening the lane anew tells."""
        moved = lane.positions | (positions or {})
        if writes or lane.unsaved >= _LAZY or not lazy:
            lane.unsaved = 0  # what ends this half-way leaves nothing to save: nobody knows what was stored
            name = self.projection.name
            with METRICS.commit_seconds.labels(name).time(), committing(name, self._documents, len(writes)):
                await self._documents.commit(self.group, lane.number, lane.rev, moved, writes)
            if writes:  # what changed nothing is not waited for
                self._news.tell(self.group, lane.number, moved)
        else:
            lane.passed_at = lane.passed_at if lane.unsaved else monotonic()
            lane.unsaved += 1
        lane.positions = moved  # not before: who waits for them reads the documents next
        self._waiters.wake()

    # ------------------------------------------------------------ background work of a projection

    async def _work(self) -> bool:
        """Do one slice of the projection's work in each lane; True if any lane has more."""
        work = self.projection.work
        if work is None:
            return False
        more = False
        for lane in list(self.lanes.values()):
            if not lane.busy or lane.stop is not None:
                continue
            context = WorkContext(self.projection, lane.number, self._bus.lanes, lane.cache)
            lane.busy = await self._loader.through(context, partial(work, context))
            writes = context.writes()
            if writes:
                try:
                    await self._commit(lane, writes)
                except LaneMoved:
                    await self._lost(lane)
                    continue
                context.committed()
                for other in self.lanes.values():  # one may have waited for this lane
                    other.busy = True
            rests = not (writes or lane.busy or context.elsewhere)
            lane.elsewhere = context.elsewhere
            lane.watched = frozenset(context.watched) or None if rests else None
            more = more or lane.busy
        await asyncio.sleep(0)
        return more

    # ------------------------------------------------------------ waiting

    @property
    def passed(self) -> int:
        """The position up to which everything is folded in every lane; -1 while a batch is under way."""
        under_way = self._taking or (self._arriving is not None and self._arriving.done())
        return -1 if under_way else self._bus.passed(self.group)

    @property
    def working(self) -> bool:
        """Whether the projection has background work left."""
        return self.projection.work is not None and any(lane.busy for lane in self.lanes.values() if lane.stop is None)

    async def idle(self, seconds: float) -> bool:
        """Wait until no background work is left, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                while self.working:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            return False
        return True

    async def wait(self, needed: list[Place], seconds: float) -> bool:
        """Wait until each place is folded, at most so long; False if it was not."""
        return await self._waiters.wait(needed, seconds)
