"""How far read models are whose lanes several processes fold: what is not ours is looked up (DESIGN 5, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from contracts.envelope import RecordedEvent, topic_of
from contracts.problem import Unavailable
from services.kit import clock
from services.kit.documents import LaneState, Positions
from services.kit.heard import Heard
from services.kit.lane import Place
from services.kit.looks import Looks
from services.kit.news import News
from services.kit.ports import Documents, EventStore
from services.kit.projection import Projection
from services.kit.runner import ProjectionRunner
from services.kit.tail import Tail, Types

_LOOK = 0.005
"""Seconds between two looks into the document store, for all who wait for a group, while nothing is heard of it."""
_UNHEARD = 0.05
"""Seconds until somebody who waits for news looks by itself: news may be lost."""
_LATELY = 0.25
"""Seconds for which positions are of use, which only grow."""
_SERVES = 1.0
"""Seconds for which it is of use which group serves: one that was replaced stays for longer."""
_TAIL = 0.05
"""Seconds that the log's end is waited for: it tells whether what is waited for changes anything here."""
_OWN = 0.1
"""Seconds until a place in a lane of ours is looked up all the same: the lane may have got another owner."""
_NONE = (0, "")
_SLICE = 1_000


class Together:
    """The distributed profile. Lanes that this process folds are known from memory, the others by the positions that
    are stored with their documents. `projections`: those of all services."""

    def __init__(
        self,
        runners: Mapping[str, ProjectionRunner],
        projections: Mapping[str, Projection],
        store: EventStore,
        documents: Documents,
        tail: Tail,
        lanes: int,
        news: News,
    ) -> None:
        self._runners = runners
        self._store = store
        self._documents = documents
        self._tail = tail
        self._projections = projections
        self._defined: set[str] = set()
        self._looks = Looks(self._stored, _LOOK)
        self._serving = Looks(self._active, _LOOK)
        self._news = news
        self._heard = Heard()
        self._lanes = range(lanes)
        self._types = {name: _by_topic(projection.folds) for name, projection in projections.items()}

    async def groups(self, names: Sequence[str]) -> tuple[dict[str, str], bool]:
        """See Horizon."""
        found = await asyncio.gather(*[self._group(name) for name in names])
        groups: dict[str, str] = {}
        for name, group in zip(names, found, strict=True):
            if group is None:
                raise Unavailable(f"the read models of {name} are being made; try again in a moment")
            groups[name] = group
        return groups, groups != {name: await self._served(name) for name in names}

    async def hear(self) -> None:
        """Hear for ever how far other processes are; cancel to stop."""
        try:
            await self._news.run(self._heard.note)
        finally:  # the stores are closed next
            await self._looks.end()
            await self._serving.end()

    async def as_of(self, names: Sequence[str]) -> int:
        """See Horizon; if something waits, just before the first event that waits was recorded; while the event store
        is away, when the last event that was seen of it was recorded."""
        moment = clock.now()
        if not await self._seen():
            moment = self._tail.seen_at
        first = await self._first(names)
        return max(moment if first is None else min(moment, first - 1), 0)

    async def caught_up(self, names: Sequence[str]) -> bool:
        """See Horizon; False while the event store is away."""
        return await self._seen() and await self._first(names) is None

    async def _seen(self) -> bool:
        """Tell whether the end of the log is known here."""
        try:
            return self._tail.seen >= await self._store.head()
        except Unavailable:
            return False

    async def _first(self, names: Sequence[str]) -> int | None:
        """Return when the first event that waits was recorded, UTC ms; None if none does."""
        found: list[int] = []
        for name in names:
            group = await self._group(name)
            lately = None if group is None else self._looks.lately(group, _LATELY)
            if lately is not None and not self._waiting(name, self._newest(name, lately, self._lanes)):
                continue  # nothing waited behind what was stored a moment ago: less waits now
            for first, positions in self._waiting(name, await self._positions(name, None)):
                found.append(first or await self._next(self._types[name], positions))
        return min(found, default=None)

    def _waiting(self, name: str, lanes: Mapping[int, Positions]) -> list[tuple[int, Positions]]:
        """Return of each lane where something waits when the first of it was recorded, and the lane's positions."""
        firsts = [(self._tail.first(lane, self._types[name], at), at) for lane, at in lanes.items()]
        return [(first, at) for first, at in firsts if first is not None]

    async def _next(self, types: Types, positions: Positions) -> int:
        """Return when the event behind the positions was recorded, UTC ms: read, as it is no more remembered."""
        after = min(positions.get(topic, _NONE)[0] for topic in types)
        events = await self._store.read_all(after, 1)
        return events[0].recorded_at if events else 0

    async def wait(self, places: list[Place], names: Sequence[str], seconds: float) -> bool:
        """See Horizon."""
        return all(await asyncio.gather(*[self._wait(places, name, seconds) for name in names]))

    async def _look_ahead(self, name: str) -> None:
        """Begin to look where the lanes of others are, while we wait for one of ours: `as_of` asks for it next."""
        runner = self._runners.get(name)
        if runner is None or self._all_ours(name) or self._looks.lately(runner.group, _LATELY) is not None:
            return
        if (group := await self._group(name)) is not None:
            self._looks.begin(group)

    async def _wait(self, places: list[Place], name: str, seconds: float) -> bool:
        types = self._types[name]
        needed = [
            (topic, lane, position)
            for topic, number, position in places
            if topic in types
            for lane in (self._lanes if number < 0 else (number,))
        ]
        runner = self._runners.get(name)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._look_ahead(name)
                await self._tail.reach(max((at for _, _, at in needed), default=0), _TAIL)
                while needed:
                    own = [place for place in needed if runner is not None and place[1] in runner.lanes]
                    patience = _LOOK if len(own) < len(needed) else _OWN
                    if runner is not None and own and await runner.wait(own, patience):
                        needed = [place for place in needed if place not in own]
                        continue
                    needed = await self._lacking(name, needed)
        return not needed

    async def _lacking(self, name: str, needed: list[Place]) -> list[Place]:
        """Return which of these places are not shown by what is stored, looked up when it is time to."""
        group, lanes = await self._group(name), {lane for _, lane, _ in needed}
        if group is not None and self._news.hears and self._heard.knows(group, lanes):
            await self._heard.reached(group, self._left(name, needed, self._heard.of(group)), _UNHEARD)
        known = await self._positions(name, lanes)
        if group is not None:
            self._heard.note_all(group, known)
        return self._left(name, needed, known)

    def _left(self, name: str, needed: list[Place], known: Mapping[int, Positions]) -> list[Place]:
        """Return the places that these positions do not show. What lies between and is not folded changes nothing."""
        types = self._types[name]

        def shown(topic: str, lane: int, position: int) -> bool:
            at = known[lane].get(topic, _NONE)[0]
            return at >= position or self._tail.nothing(topic, lane, types, at, position)

        return [place for place in needed if not shown(*place)]

    async def _positions(self, name: str, wanted: set[int] | None) -> dict[int, Positions]:
        """Return the positions of these lanes (None: all): the newer of what is in memory and what is stored."""
        lanes = self._lanes if wanted is None else sorted(wanted)
        if wanted is None and self._all_ours(name):
            return self._newest(name, (), lanes)
        group = await self._group(name)
        return self._newest(name, () if group is None else await self._looks.join(group), lanes)

    def _all_ours(self, name: str) -> bool:
        """Tell whether this process folds every lane."""
        runner = self._runners.get(name)
        return runner is not None and len(runner.lanes) == len(self._lanes)

    def _newest(self, name: str, stored: Iterable[LaneState], lanes: Iterable[int]) -> dict[int, Positions]:
        """Return the positions of these lanes: the newer of what is in memory and what is stored."""
        runner = self._runners.get(name)
        mine: dict[int, Positions] = (
            {} if runner is None else {lane.number: lane.positions for lane in runner.lanes.values()}
        )
        known = {lane: dict(mine.get(lane, {})) for lane in lanes}
        for state in stored:
            own = known.get(state.lane)
            if own is not None:
                for topic, at in state.positions.items():
                    own[topic] = max(own.get(topic, _NONE), at)
        return known

    async def _stored(self, group: str) -> list[LaneState]:
        async with self._documents.current() as reader:
            return await reader.lanes(group)

    async def _active(self, name: str) -> str:
        """Return the versioned group that serves, "" if none does."""
        return await self._documents.active(name) or ""

    async def _served(self, name: str) -> str:
        """Return the versioned group that served a moment ago, "" if none does."""
        return self._serving.lately(name, _SERVES) or await self._serving.join(name)

    async def _group(self, name: str) -> str | None:
        """Return the versioned group that is read here, made known to the store; None if this version has none."""
        projection, runner = self._projections[name], self._runners.get(name)
        group = await self._served(name) if runner is None else runner.group
        if not projection.made(group):
            return None
        if group not in self._defined:
            await self._documents.define(group, projection.collections, projection.counters)
            self._defined.add(group)
        return group

    async def idle(self, names: Sequence[str], seconds: float) -> bool:
        """See Horizon."""
        runners = [self._runners[name] for name in names if name in self._runners]
        return all(await asyncio.gather(*[runner.idle(seconds) for runner in runners]))

    async def lag(self, name: str) -> int:
        """See Horizon; of the lanes that this process folds, and at most what is remembered of the log's end."""
        lanes = self._runners[name].lanes.values()
        return self._behind(name, {lane.number: lane.positions for lane in lanes})

    async def behind(self, name: str) -> int:
        """See Horizon; at most what is remembered of the log's end."""
        return self._behind(name, await self._positions(name, None))

    def _behind(self, name: str, lanes: Mapping[int, Positions]) -> int:
        return sum(self._tail.count(lane, self._types[name], at) for lane, at in lanes.items())

    async def start(self) -> int:
        """Return from where the log's end is to be followed: where the lane furthest behind is. What lies before it
        and may still be folded is remembered: of two topics one may be told much later than the other."""
        begin = await self._store.head()
        lowest: dict[str, int] = {}
        """Topic → the lowest position of it in any lane."""
        for name, types in self._types.items():
            for positions in (await self._positions(name, None)).values():
                begin = min(begin, max((at for at, _ in positions.values()), default=0))
                for topic in types:
                    at = positions.get(topic, _NONE)[0]
                    lowest[topic] = min(at, lowest.get(topic, at))
        self._tail.remember(await self._between(lowest, begin))
        return begin

    async def _between(self, lowest: Mapping[str, int], end: int) -> list[RecordedEvent]:
        """Return what is folded of each topic behind its position and up to `end`, in the order of the log. The log is
        walked once; in a busy topic that is from where the last lane had an event of it, of a rare one all there is."""
        begins = sorted((at, topic) for topic, at in lowest.items() if at < end)
        wanted: set[str] = set()
        found: list[RecordedEvent] = []
        for number, (at, topic) in enumerate(begins):
            wanted |= {type for types in self._types.values() for type in types.get(topic, ())}
            upto = begins[number + 1][0] if number + 1 < len(begins) else end
            after = at
            while after < upto and (events := await self._store.read_types(frozenset(wanted), after, _SLICE)):
                found += [event for event in events if event.position <= upto]
                after = events[-1].position
        return found


def _by_topic(folded: Iterable[str]) -> Types:
    """Return the types of each topic."""
    types: dict[str, set[str]] = {}
    for type in folded:
        types.setdefault(topic_of(type), set()).add(type)
    return {topic: frozenset(of) for topic, of in types.items()}
