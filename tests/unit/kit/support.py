"""Real stores in a folder, runners on them, and what they stored; a log generated once."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from contracts.base import Event
from contracts.envelope import NewEvent, Origin, RecordedEvent
from contracts.money import half_up
from contracts.problem import Unavailable
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.shapes import Row
from services.kit.codec import Codec
from services.kit.engine import Ports
from services.kit.ports import Batch, Bus, Documents, OpenLane
from services.kit.profiles import embedded
from services.kit.projection import Projection
from services.kit.runner import ProjectionRunner
from tests.support.memory import MemoryContext
from tests.support.patience import PATIENCE

GROUP = f"{ANALYTICS.name}.{ANALYTICS.version}"
Dump = dict[str, dict[Any, Any]]


@asynccontextmanager
async def workspace(folder: Path, lanes: int = 1, seed: int | None = None) -> AsyncIterator[Ports]:
    """Open the embedded profile in a folder."""
    ports = await embedded(folder, lanes=lanes, shuffle_seed=seed)
    try:
        yield ports
    finally:
        await ports.close()


def new(event: Event, id: str, origin: Origin = "live") -> NewEvent:
    """Return an event to be stored, nothing sealed."""
    return NewEvent(
        id=id, type=event.type, key=event.key(), occurred_at=event.occurred_at, actor="tester", command_id=id,
        command_hash="", origin=origin, imputed=event.imputed,
        data=event.model_dump_json(exclude=set(event.personal_fields())).encode(),
    )  # fmt: skip


async def store_all(ports: Ports, events: Sequence[tuple[str, Event]]) -> list[RecordedEvent]:
    """Append events one after the other to streams that exist or not; return the log."""
    versions: Counter[str] = Counter(event.stream for event in await ports.store.read_all(0, 10**9))
    head = await ports.store.head()
    appends = []
    for n, (stream, event) in enumerate(events, head + 1):
        appends.append(ports.store.append(stream, [new(event, f"e{n}")], versions[stream]))
        versions[stream] += 1
    await asyncio.gather(*appends)
    log = await ports.store.read_all(0, 10**9)
    assert [event.id for event in log[head:]] == [f"e{head + n}" for n in range(1, len(events) + 1)]
    return log


class Running:
    """A runner at work."""

    def __init__(
        self, ports: Ports, projection: Projection = ANALYTICS, group: str = GROUP, bus: Any = None, docs: Any = None
    ) -> None:
        self.ports = ports
        self.bus: Bus = bus or ports.bus
        documents: Documents = docs or ports.documents
        codec = Codec(ports.keyring)
        self.runner = ProjectionRunner(projection, group, self.bus, documents, codec, ports.store.log_id)
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Running:
        self.task = asyncio.create_task(self._run())
        return self

    async def _run(self) -> None:
        """Run it as the engine does: again when a store was away."""
        while True:
            try:
                await self.runner.run()
                return
            except Unavailable:
                await asyncio.sleep(0)

    async def __aexit__(self, *_: Any) -> None:
        assert self.task is not None
        ended = self.task.done()
        self.task.cancel()
        outcome = (await asyncio.gather(self.task, return_exceptions=True))[0]
        assert not ended, f"the runner ended: {outcome!r}"

    async def until(self, condition: Any) -> None:
        """Let it run until the condition holds."""
        assert self.task is not None
        async with asyncio.timeout(PATIENCE):
            while not condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.001)

    async def settle(self) -> None:
        """Wait until all lanes have folded the log, or stand, and no background work is left."""
        head = await self.ports.store.head()
        await self.until(lambda: self.runner.passed >= head and not self.runner.working)

    @property
    def folded(self) -> int:
        """Grows with every commit."""
        return sum(at for lane in self.runner.lanes.values() for at, _ in lane.positions.values())

    @property
    def stops(self) -> dict[int, str]:
        """Lanes that stand, and why."""
        return {n: lane.stop.reason for n, lane in self.runner.lanes.items() if lane.stop is not None}


async def dump(ports: Ports, projection: Projection = ANALYTICS, group: str = GROUP) -> Dump:
    """Return all documents by (id, lane) and all counters summed over lanes."""
    found: Dump = {}
    async with ports.documents.snapshot() as reader:
        for collection in projection.collections:
            rows, cursor = found.setdefault(collection.name, {}), None
            while True:
                page = await reader.find(group, collection.name, limit=5_000, cursor=cursor)
                rows |= {(row.id, row.lane): row.document for row in page.rows}
                if (cursor := page.next) is None:
                    break
        for counter in projection.counters:
            sums = await reader.counters(group, counter.name, by=tuple(counter.keys))
            found[counter.name] = {
                tuple(row[k] for k in counter.keys): tuple(row[v] for v in counter.values) for row in sums
            }
    return found


def in_memory(events: Sequence[RecordedEvent], lane: int = 0) -> Dump:
    """Return the same from a fold in memory, one event after the other, background work at the end."""
    context = MemoryContext(ANALYTICS)
    for event in events:
        context.take(event)
    context.work()
    documents = {name: {(id, lane): d for id, d in rows.items()} for name, rows in context.documents.items()}
    return documents | context.counters


def merged(found: Dump) -> Dump:
    """Return documents by id alone: lanes' rows of one subject added up; the lanes' own copies of rules left out."""
    result: Dump = {}
    for name, rows in found.items():
        collections = {c.name for c in ANALYTICS.collections} - {"lane"}
        if name in collections:
            grouped: defaultdict[str, list[Any]] = defaultdict(list)
            for (id, _), document in rows.items():
                grouped[id].append(document)
            assert name == "rows" or all(len(of) == 1 for of in grouped.values()), name
            result[name] = {id: sum_of(of) if name == "rows" else of[0] for id, of in grouped.items()}
        elif name != "lane":
            result[name] = rows
    return result


_ADDED = (
    "sales_count", "sales_sum", "in_work_count", "in_work_sum", "refused_count", "refused_sum", "none_count",
    "none_sum", "profit", "billed", "paid", "balance",
)  # fmt: skip


def sum_of(rows: list[Row]) -> Row:
    """Add up what several lanes know of one subject."""
    currencies: dict[str, Any] = {}
    for row in rows:
        for code, sums in row.currencies.items():
            currencies[code] = tuple(map(sum, zip(currencies.get(code, (0,) * 6), sums, strict=True)))

    def ends(name: str, choose: Any) -> int | None:
        found: int | None = choose((t for r in rows if (t := getattr(r, name)) is not None), default=None)
        return found

    added = {name: sum(getattr(row, name) for row in rows) for name in _ADDED}
    return replace(
        next((row for row in rows if row.registered), rows[0]),
        **added,
        avg_check=half_up(added["sales_sum"], added["sales_count"]),
        first_sale_at=ends("first_sale_at", min), last_sale_at=ends("last_sale_at", max),
        first_shipment_at=ends("first_shipment_at", min), last_shipment_at=ends("last_shipment_at", max),
        changed_at=max(row.changed_at for row in rows), currencies=currencies,
    )  # fmt: skip


class FaultyBus:
    """Loses every `lose`-th event and delivers every `repeat`-th batch twice, as long as there are `faults` left."""

    def __init__(self, bus: Bus, lose: int, repeat: int, faults: int = 60) -> None:
        self.bus, self.resent = bus, 0
        self.lost = self.repeated = 0
        self._lose, self._repeat, self._faults = lose, repeat, faults

    @property
    def lanes(self) -> int:
        return self.bus.lanes

    def passed(self, group: str) -> int:
        return self.bus.passed(group)

    def owned(self, group: str) -> frozenset[int]:
        return self.bus.owned(group)

    async def resend(self, group: str, lane: int) -> None:
        self.resent += 1
        await self.bus.resend(group, lane)

    async def deliveries(self, group: str, open_lane: OpenLane, most: int = 1000) -> AsyncIterator[Batch]:
        events = batches = 0
        async for batch in self.bus.deliveries(group, open_lane, most):
            kept = []
            for delivered in batch.events:
                events += 1
                if events % self._lose == 0 and self.lost < self._faults:
                    self.lost += 1
                else:
                    kept.append(delivered)
            yield Batch(batch.lane, kept, batch.done)
            batches += 1
            if batches % self._repeat == 0 and self.repeated < self._faults:
                self.repeated += 1
                yield batch
