"""The relay's rules on topics in memory that fail, shrink and vanish: in the end all can be folded (R4, R6)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import cast

import pytest

from contracts.envelope import RecordedEvent
from contracts.problem import Unavailable
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.ports import EventStore
from services.kit.relay import Asked, Outgoing, Place, Progress, Relay
from tests.servers.filled import fill, of_lane
from tests.support.patience import PATIENCE

LANES = 3


class MemoryTopics:
    """Partitions as lists of (position, prev). At random sends fail half-way, and what was stored is lost."""

    def __init__(self, chance: Random, faults: int) -> None:
        self.places: dict[Place, list[tuple[int, int]]] = {}
        self.wishes: list[Asked] = []
        self.faults = faults
        self._chance = chance
        self._progress: Progress | None = None
        self._shrunk = False

    async def open(self) -> None:
        """Nothing is to be opened."""

    async def close(self) -> None:
        """Nothing is to be closed."""

    async def send(self, messages: Sequence[Outgoing], log_id: str) -> None:
        fails = bool(messages) and self._fault()
        for message in messages:
            if self._chance.random() < 0.2:
                await asyncio.sleep(0)  # what is noted meanwhile comes in between
            if not fails or self._chance.random() < 0.7:
                place = self.places.setdefault((message.event.topic, message.lane), [])
                place.append((message.event.position, message.prev))
        if fails:
            raise Unavailable("some were not acknowledged")

    async def progress(self) -> Progress | None:
        return self._progress

    async def note(self, progress: Progress) -> None:
        await asyncio.sleep(0)
        self._progress = Progress(progress.log_id, progress.position, dict(progress.lasts))

    async def tails(self) -> dict[Place, tuple[int, str]]:
        log_id = self._progress.log_id if self._progress else ""
        return {place: (held[-1][0], log_id) for place, held in self.places.items() if held} if log_id else {}

    async def shrunk(self) -> bool:
        if self._fault():
            self._shrunk = True
            if self._chance.random() < 0.5:
                self.places.clear()
                self._progress = None
            else:
                for held in self.places.values():
                    del held[self._chance.randint(0, len(held)) :]
        shrunk, self._shrunk = self._shrunk, False
        return shrunk

    async def asked(self) -> list[Asked]:
        wishes, self.wishes = self.wishes, []
        return wishes

    def _fault(self) -> bool:
        if self.faults == 0 or self._chance.random() < 0.5:
            return False
        self.faults -= 1
        return True


def read(held: list[tuple[int, int]]) -> list[int]:
    """Return what a reader folds of a partition: what follows in the chain; all else is a repeat or waits."""
    folded = [0]
    for position, prev in held:
        if prev == folded[-1] < position:
            folded.append(position)
    return folded[1:]


def lacking(topics: MemoryTopics, log: list[RecordedEvent]) -> list[Asked]:
    """Return where a reader from the start does not come to the end."""
    found = []
    for lane in range(LANES):
        for topic in {event.topic for event in log}:
            expected = [event.position for event in of_lane(log, lane, LANES) if event.topic == topic]
            folded = read(topics.places.get((topic, lane), []))
            assert folded == expected[: len(folded)], "nothing is passed over"
            if folded != expected:
                found.append(Asked((topic, lane), folded[-1] if folded else 0))
    return found


async def settled(topics: MemoryTopics, log: list[RecordedEvent], *, asking: bool = True) -> None:
    """Wait until a reader folds everything; it asks for what it lacks, for what was cut off may have closed a gap."""
    async with asyncio.timeout(PATIENCE):
        while (lacks := lacking(topics, log)) or topics.faults:
            if asking and not topics.wishes:
                topics.wishes = lacks
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_fails_everything_is_there_in_the_end(seed: int) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        store = await SqliteEventStore.open(Path(folder) / "log.db")
        topics = MemoryTopics(chance, faults=8)
        relays = [Relay(store, topics, LANES, check_every=0.002, note_every=0.001) for _ in range(1 + seed % 2)]
        running = [asyncio.create_task(relay.run()) for relay in relays]
        for part in range(6):
            log = await fill(store, 40, f"part-{part}", keys=12)
            await asyncio.sleep(0.002)
        await settled(topics, log)
        assert min(relay.position for relay in relays) >= 0
        await store.close()
        for task in running:
            await asyncio.wait_for(task, PATIENCE)


async def test_a_wish_is_answered_from_where_the_reader_stands(tmp_path: Path) -> None:
    store = await SqliteEventStore.open(tmp_path / "log.db")
    topics = MemoryTopics(Random(1), faults=0)
    running = asyncio.create_task(Relay(store, topics, LANES, check_every=0.01).run())
    log = await fill(store, 60, keys=12)
    await settled(topics, log, asking=False)
    place = ("pipeline.events", 1)
    whole = list(topics.places[place])
    del topics.places[place][5:8]  # lost in the middle: the end is there, so no relay sees it
    assert read(topics.places[place]) == [position for position, _ in whole[:5]]
    topics.wishes.append(Asked(place, whole[4][0]))
    await settled(topics, log, asking=False)
    await store.close()
    await asyncio.wait_for(running, PATIENCE)


class SlowTopics(MemoryTopics):
    """Each release of `let` acknowledges what is sent at once; `notes` are the positions that were noted."""

    def __init__(self) -> None:
        super().__init__(Random(1), faults=0)
        self.let, self.sending = asyncio.Semaphore(0), asyncio.Event()
        self.notes: list[int] = []

    async def send(self, messages: Sequence[Outgoing], log_id: str) -> None:
        self.sending.set()
        await self.let.acquire()
        await super().send(messages, log_id)

    async def note(self, progress: Progress) -> None:
        self.notes.append(progress.position)
        await super().note(progress)


class Served:
    """A log whose events come in runs of `size`; `given`: how many runs were asked for."""

    log_id = "log"

    def __init__(self, events: list[RecordedEvent], size: int) -> None:
        self._runs = [events[at : at + size] for at in range(0, len(events), size)]
        self.given, self.goes_on = 0, asyncio.Event()

    async def follow(self, after: int) -> AsyncIterator[list[RecordedEvent]]:
        for run in self._runs:
            self.given += 1
            yield run
        await self.goes_on.wait()


async def test_the_log_is_read_on_while_what_was_sent_is_not_acknowledged(tmp_path: Path) -> None:
    """DESIGN 10: store and Kafka work at the same time; what is read ahead is bounded."""
    store = await SqliteEventStore.open(tmp_path / "log.db")
    log = await fill(store, 60, keys=12)
    await store.close()
    served, topics = Served(log, 5), SlowTopics()
    running = asyncio.create_task(Relay(cast("EventStore", served), topics, LANES).run())
    async with asyncio.timeout(PATIENCE):
        await topics.sending.wait()
        while served.given < 5:  # one is sent, three wait, one more is in the hand
            await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    assert (served.given, topics.places) == (5, {})
    for _ in log:
        topics.let.release()
    await settled(topics, log, asking=False)
    served.goes_on.set()
    await asyncio.wait_for(running, PATIENCE)


async def test_what_is_proven_is_noted_while_more_is_sent(tmp_path: Path) -> None:
    """DESIGN 10: readers learn how far the relay is, also while an acknowledgement keeps the next events waiting."""
    store = await SqliteEventStore.open(tmp_path / "log.db")
    log = await fill(store, 10, keys=12)
    await store.close()
    served, topics = Served(log, 5), SlowTopics()
    relay = Relay(cast("EventStore", served), topics, LANES, note_every=0)
    running = asyncio.create_task(relay.run())
    async with asyncio.timeout(PATIENCE):
        topics.let.release()
        while log[4].position not in topics.notes:
            await asyncio.sleep(0)
        assert relay.position == log[4].position
    topics.let.release()
    served.goes_on.set()
    await asyncio.wait_for(running, PATIENCE)
    assert topics.notes[-1] == log[-1].position
