"""What changes is told to open pages as it happens: ids alone, a page asks for the rest as it asked before (#5).

A stream of server-sent events. `event` is what changed (`client`, `note`, ...), `data` is JSON: `ids` of the clients it
belongs to, `after` for reads that must see it. `id` is a position of the log: who comes back with it is told what was
missed, or `reset` where that is too much: then anything may have changed."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import monotonic

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contracts.envelope import RecordedEvent
from contracts.problem import Unavailable
from services.kit.engine import Engine
from services.kit.lanes import lane_of
from services.kit.rights import needs
from services.kit.telemetry import METRICS
from services.kit.token import Token
from services.kit.web import Asker, PageRoute

PATH = "/live"
TOLD = frozenset({"client", "contact", "note", "mention", "deal", "order", "payment"})
"""What pages show: the kinds of streams of which they are told."""
RECENT = 10.0
"""Seconds. A page that opens is told of these once more: it may have been made before they were folded."""
_KEPT = 2_000
"""Changes that are remembered for those who come back."""
_MOST = 200
"""Changes that are told one by one; more at once are a `reset`."""
_TOGETHER = 0.2
"""Seconds that changes are gathered for."""
_BEAT = 15.0
"""Seconds of silence after which a sign of life is sent."""
_LIFE = 120.0
"""Seconds; then the browser comes again and is asked who it is."""
_RESET = "event: reset\ndata: {}\n"


@dataclass(frozen=True, slots=True)
class Change:
    """`at`: seconds of a clock that only runs forward, when it was heard of."""

    position: int
    topic: str
    id: str
    place: tuple[str, int, int]
    at: float


@dataclass
class Changes:
    """The last changes of the log. `lanes`: how many the log has; `now`: the clock."""

    log_id: str
    lanes: int
    now: Callable[[], float] = monotonic
    _kept: deque[Change] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _forgotten: int = 0
    """No change up to this position is remembered."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, head: int) -> None:
        """Say what the position is before the first change that is heard of."""
        self._forgotten = head

    async def heard(self, events: list[RecordedEvent]) -> None:
        """Remember what these events changed, and wake all who wait."""
        at, before = self.now(), len(self._kept)
        for event in events:
            topic = event.stream.partition("-")[0]
            if topic not in TOLD:
                continue
            if len(self._kept) == _KEPT:
                self._forgotten = self._kept[0].position
            place = event.topic, lane_of(event.key, self.lanes), event.position
            self._kept.append(Change(event.position, topic, event.key, place, at))
        if len(self._kept) != before or before == _KEPT:
            self.wake()

    def wake(self) -> None:
        """Let all who wait look again."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def more(self, seconds: float) -> None:
        """Wait for the next change, so long at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    @property
    def recent(self) -> int:
        """The position before the first change of the last seconds."""
        since = self.now() - RECENT
        return next((each.position - 1 for each in self._kept if each.at >= since), self.newest)

    @property
    def newest(self) -> int:
        """The position of the last change."""
        return self._kept[-1].position if self._kept else self._forgotten

    def told(self, position: int) -> tuple[str, int]:
        """Return what happened behind a position as text of a stream ("" for nothing), and the position after it."""
        newest = self.newest
        if position == newest:
            return "", position
        changes = [each for each in self._kept if each.position > position]
        if position < self._forgotten or position > newest or len(changes) > _MOST:
            return f"{_RESET}id: {newest}\n\n", newest
        after = self._token()
        ids: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for each in changes:
            ids[each.topic][each.id] = None
        parts = [
            f"event: {topic}\ndata: {json.dumps({'ids': list(of), 'after': after}, separators=(',', ':'))}\n"
            for topic, of in ids.items()
        ]
        return "\n".join(parts) + f"id: {newest}\n\n", newest

    def _token(self) -> str:
        """Return where the last changes are: also those of a moment ago may not be shown yet."""
        since, places = self.now() - RECENT, {}
        for each in self._kept:
            if each.at >= since:
                topic, lane, position = each.place
                places[topic, lane] = position
        return str(Token(self.log_id, [(topic, lane, at) for (topic, lane), at in places.items()]))


class Live:
    """The route of the stream."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changes: Changes | None = None
        self._beginning = asyncio.Lock()

    def routes(self) -> list[PageRoute]:
        """Return the route: for all who may see clients."""
        return [PageRoute(PATH, self.stream, needs=needs("clients.read"))]

    async def stream(self, _: Asker, request: Request) -> Response:
        """Tell of changes, until the browser leaves or must be asked who it is. `?since=`, or the header that browsers
        send when they come back, is the last position known."""
        changes = await self._heard()
        since = request.headers.get("last-event-id") or request.query_params.get("since", "")
        known = int(since) if since.isascii() and since.isdecimal() and len(since) < 19 else None
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._told(changes, known), headers=headers, media_type="text/event-stream")

    async def _heard(self) -> Changes:
        if not self._engine.started:
            raise Unavailable("the process is starting; try again in a moment")
        async with self._beginning:
            if self._changes is None:
                made = Changes(self._engine.ports.store.log_id, self._engine.ports.bus.lanes)
                made.begin(await self._engine.watch(made.heard))
                self._engine.workers.spawn(self._farewell(made), "live")
                self._changes = made
        return self._changes

    async def _farewell(self, changes: Changes) -> None:
        await self._engine.leaving.wait()
        changes.wake()

    async def _told(self, changes: Changes, known: int | None) -> AsyncIterator[str]:
        position = changes.recent if known is None else known
        end = changes.now() + _LIFE
        with METRICS.live_streams.track_inprogress():
            yield f"retry: 2000\nid: {position}\n\n"
            while changes.now() < end and not self._engine.leaving.is_set():
                text, position = changes.told(position)
                if text:
                    yield text
                    await asyncio.sleep(_TOGETHER)
                    continue
                await changes.more(_BEAT)
                if changes.newest == position and not self._engine.leaving.is_set():
                    yield ": still here\n\n"
