"""Where lanes stand and what is to be passed, on every document store: all see it, none loses it (ADR 0021)."""

# ruff: noqa: F401, F811 - pytest finds fixtures by the names of parameters

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from services.kit.document_ports import Documents
from services.kit.documents import LaneMoved
from services.kit.projection import Projection
from services.kit.rebuild import drop
from services.kit.stops import Stood, Stops
from tests.conformance.documents_fixtures import DEALS, SUMS, TOPIC, VISITS, Harness, Lane, documents, harness

SALES = Projection("sales", 1, (DEALS, VISITS), (SUMS,))
OTHER = Projection("other", 1, (DEALS,))


def stood(lane: Lane, event: str = "e9", position: int = 9, projection: str = "sales") -> Stood:
    """Return that the lane stands at an event."""
    return Stood(
        projection=projection, group=lane.group, lane=lane.lane, rev=lane.rev, log_id="L", topic=TOPIC,
        position=position, event_id=event, event_type="pipeline.DealTouched.v1", reason="no reason", since=1,
    )  # fmt: skip


@asynccontextmanager
async def two(harness: Harness, documents: Documents) -> AsyncIterator[tuple[Stops, Stops]]:
    """Open the store once more, as another process does where it can; yield the worker's and the command's side."""
    here = Stops(documents, "L")
    await here.define()
    if harness.name == "sqlite":
        yield here, here
        return
    opened = await harness.open()
    try:
        there = Stops(opened, "L")
        await there.define()
        yield here, there
    finally:
        await opened.close()


async def test_a_lane_that_stands_is_seen_and_passed_by_decision(harness: Harness, documents: Documents) -> None:
    lane = await Lane.take(documents)
    async with two(harness, documents) as (worker, command):
        assert await command.standing([SALES]) == []
        at = stood(lane)
        await worker.note(at)
        assert await command.standing([SALES, OTHER]) == [at]
        assert await command.standing([OTHER]) == []
        assert await worker.decided(at) is None
        await command.decide(replace(at, event_id="another", position=10), "ann", "a slip")
        await command.decide(replace(at, group="other.1"), "ann", "a slip")
        assert await worker.decided(at) is None, "only that event, only that group"
        await command.decide(at, "ann", "no deal of ours")
        found = await worker.decided(at)
        assert found is not None
        assert (found.who, found.why, found.event_id, found.reason) == ("ann", "no deal of ours", "e9", "no reason")
        assert found.at > 1_700_000_000_000
        await command.decide(at, "bob", "too late")
        assert await worker.decided(at) == found, "who decided first has decided"
        assert not await command.passed(at)
        await documents.commit(lane.group, lane.lane, lane.rev, {TOPIC: (9, "e9")}, [], incomplete=True)
        assert await command.passed(at)
        assert await command.standing([SALES]) == []
        await documents.activate("sales", lane.group)
        (lacking,) = await command.incomplete([SALES, OTHER])
        assert (lacking.projection, lacking.group, lacking.lane) == ("sales", lane.group, lane.lane)
        assert [each.event_id for each in lacking.skipped] == ["e9"], "the other one was not reached"


async def test_who_opens_a_lane_has_to_stop_there_himself(harness: Harness, documents: Documents) -> None:
    lane = await Lane.take(documents)
    async with two(harness, documents) as (worker, command):
        at = stood(lane)
        await worker.note(at)
        later = await Lane.take(documents)
        assert await command.standing([SALES]) == [], "nobody knows whether the new owner will stand"
        with pytest.raises(LaneMoved):
            await worker.decided(at)
        again = stood(later)
        await worker.note(again)
        await worker.note(at)  # of the older owner, who was slow
        assert await command.standing([SALES]) == [again]


async def test_of_writers_at_the_same_moment_none_is_lost(harness: Harness, documents: Documents) -> None:
    lane = await Lane.take(documents)
    async with two(harness, documents) as (worker, command):
        decided = [stood(lane, f"e{n}", n) for n in range(10, 16)]
        await asyncio.gather(worker.note(stood(lane)), *(command.decide(each, "ann", "") for each in decided))
        assert await command.standing([SALES]) == [stood(lane)]
        for each in decided:
            assert await worker.decided(each) is not None


async def test_a_group_that_is_dropped_leaves_nothing_to_one_of_its_name(
    harness: Harness, documents: Documents
) -> None:
    lane = await Lane.take(documents)
    async with two(harness, documents) as (worker, command):
        await worker.note(stood(lane))
        await command.decide(stood(lane), "ann", "")
        await drop(documents, lane.group, "L")
        assert await command.standing([SALES]) == []
        assert await command.passed(stood(lane)), "there is nobody who could stand"
        again = await Lane.take(documents)
        assert again.rev == lane.rev
        assert await command.standing([SALES]) == []
        assert await worker.decided(stood(again)) is None
