"""A log moved into another store: the same events at the same versions, once, whatever interrupts it (issue 4, X5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contracts.envelope import NewEvent, RecordedEvent
from contracts.problem import Unavailable
from services.cli.move import move_log
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.errors import Unusable
from services.kit.ports import Appended, EventStore
from tests.conformance.cases import StoreCase
from tests.conformance.events import everything, new


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await SqliteEventStore.open(tmp_path / "source.db")
    chance, versions = Random(3), dict.fromkeys(range(12), 0)
    for n in range(150):
        stream, size = chance.randrange(12), chance.randint(1, 3)
        await opened.append(f"deal-{stream}", [new(f"e{n}.{k}") for k in range(size)], versions[stream])
        versions[stream] += size
    yield opened
    await opened.close()


def told(events: list[RecordedEvent]) -> list[tuple[Any, ...]]:
    """All of each event but its position."""
    fields = [name for name in RecordedEvent.__dataclass_fields__ if name != "position"]
    return [tuple(getattr(event, name) for name in fields) for event in events]


class Cut:
    """A store that goes away at every so many appends, in turn before it stored and after."""

    def __init__(self, store: EventStore, each: int) -> None:
        self._store, self._each, self.appends = store, each, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, stream: str, events: Sequence[NewEvent], expected: int) -> Appended:
        self.appends += 1
        cut = self.appends % self._each == 0
        if cut and self.appends % (2 * self._each):
            raise Unavailable("cut before")
        appended = await self._store.append(stream, events, expected)
        if cut:
            raise Unavailable("cut after")
        return appended


async def test_a_moved_log_is_the_same(source: EventStore, store: EventStore) -> None:
    log = await everything(source)
    assert await move_log(source, store) == len(log)
    assert told(await everything(store)) == told(log)
    assert store.log_id != source.log_id, "positions are others, so it is another log"
    assert await move_log(source, store) == 0
    await source.append("later-1", [new("later")], 0)
    assert await move_log(source, store) == 1
    assert told(await everything(store)) == told(await everything(source))


async def test_a_move_goes_on_where_it_was_cut(source: EventStore, store: EventStore) -> None:
    target, tries = Cut(store, each=17), 0
    while True:
        tries += 1
        try:
            await move_log(source, target)  # type: ignore[arg-type]
            break
        except Unavailable:
            continue
    assert tries > 5
    assert told(await everything(store)) == told(await everything(source))


@pytest.mark.parametrize("stream", ["deal-0", "other-1"])
async def test_another_history_is_not_moved_into(source: EventStore, store: EventStore, stream: str) -> None:
    await store.append(stream, [new("own")], 0)
    with pytest.raises(Unusable, match="move into an empty store"):
        await move_log(source, store)
    assert [event.id for event in await everything(store)] == ["own"]


async def test_a_stream_that_was_written_meanwhile_ends_the_move(
    source: EventStore, stores: StoreCase, store: EventStore
) -> None:
    log = await everything(source)
    last = next(event.stream for event in reversed(log) if event.stream != log[0].stream)
    target = Cut(store, each=10**9)

    async def append(stream: str, events: Sequence[NewEvent], expected: int) -> Appended:
        if stream == last and expected == 0:
            await store.append(stream, [new("own")], 0)
        return await store.append(stream, events, expected)

    target.append = append  # type: ignore[method-assign]
    with pytest.raises(Unusable, match=last):
        await move_log(source, target)  # type: ignore[arg-type]
