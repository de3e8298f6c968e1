"""Whatever is done to a deal: its stays join without a gap, and handing it over changes nothing but its client."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.base import Event
from contracts.envelope import RecordedEvent
from contracts.pipeline.commands import (
    AssignDeal,
    ChangeDealClient,
    ChangeDealContacts,
    ChangeDealLines,
    ChangeDealValue,
    DealCommand,
    MoveDeal,
    OpenDeal,
    TouchDeal,
)
from contracts.pipeline.events import DealJoinedClient, DealLeftClient
from contracts.pipeline.facts import DealLine
from services.kit.lanes import lane_of
from services.pipeline.domain.deal import DEAL
from services.pipeline.domain.deal_state import Open
from services.pipeline.projections.deals import Deal
from services.pipeline.projections.groups import PIPELINE
from tests.support.memory import MemoryContext, recorded

OPEN = OpenDeal(deal_id="d", funnel_id="f", stage_id="a", title="T", number=1, external_id="X")
VALUES = st.integers(0, 3)
STAGES, CLIENTS, OWNERS = (
    st.sampled_from("abc"),
    st.sampled_from(["c1", "c2", "c3", None]),
    st.sampled_from(["o", None]),
)
COMMANDS = st.one_of(
    st.builds(lambda s, v: MoveDeal(deal_id="d", stage_id=s, value=v), STAGES, st.none() | VALUES),
    st.builds(lambda v: ChangeDealValue(deal_id="d", value=v, currency="EUR", base_value=v), VALUES),
    st.builds(lambda c: ChangeDealClient(deal_id="d", client_id=c), CLIENTS),
    st.builds(lambda o: AssignDeal(deal_id="d", owner_id=o), OWNERS),
    st.builds(lambda k: ChangeDealContacts(deal_id="d", contact_ids=k), st.lists(st.sampled_from(["k1", "k2"]))),
    st.builds(lambda q: ChangeDealLines(deal_id="d", lines=[DealLine(product_id=q)]), st.sampled_from("pq")),
    st.just(TouchDeal(deal_id="d")),
)
STEPS = st.lists(st.tuples(COMMANDS, st.integers(0, 5), st.booleans()), max_size=25)
"""(command, ms since the step before, whether the source had no time for it)."""


def done(steps: list[tuple[DealCommand, int, bool]]) -> tuple[list[Event], Open]:
    events, state = DEAL.run(OPEN, DEAL.initial, at=100)
    at = 100
    for command, later, imputed in steps:
        at += later
        more, state = DEAL.run(command, state, at=at, imputed=imputed)
        events += more
    assert isinstance(state, Open)
    return events, state


@given(STEPS)
def test_stays_join_without_a_gap(steps):  # P6, DEFINITIONS: visits
    events, state = done(steps)
    visits = state.visits
    assert visits[0].entered_at == state.opened_at == 100
    assert all(visit.left_at == following.entered_at for visit, following in pairwise(visits))
    assert all(visit.left_at is not None and visit.left_at >= visit.entered_at for visit in visits[:-1])
    assert all(visit.stage_id != following.stage_id for visit, following in pairwise(visits))
    assert (visits[-1].stage_id, visits[-1].left_at) == (state.stage_id, None)
    assert DEAL.fold(events) == state
    for event in events:
        if isinstance(event, DealJoinedClient):
            assert event.visits == list(visits)[: len(event.visits) - 1] + event.visits[-1:]


@given(STEPS, st.sampled_from([1, 12]))
@settings(max_examples=200)
def test_handing_over_keeps_the_fold_equal_to_a_plain_replay(steps, lanes):  # DESIGN 4, 5
    events, state = done(steps)
    log = [recorded(e, version=n, position=n) for n, e in enumerate(events, start=1)]
    contexts = {lane: MemoryContext(PIPELINE, lane) for lane in range(lanes)}
    for event in log:
        contexts[lane_of(event.key, lanes)].take(event)
    held = [(lane, d) for lane, context in contexts.items() for d in context.documents["deals"].values()]
    assert [lane for lane, _ in held] == [lane_of(state.client_id or "d", lanes)]
    plain = replayed(log, events)
    assert held[0][1] == replace(plain, client_id=state.client_id, version=len(events))
    assert (plain.stage_id, plain.value, plain.base_value) == (state.stage_id, state.value, state.base_value)
    assert (plain.entered_at, plain.touched_at) == (state.visits[-1].entered_at, state.touched_at)


def replayed(log: list[RecordedEvent], events: list[Event]) -> Deal:
    """Return the deal as if it had never been handed over; only the last change tells of it."""
    context = MemoryContext(PIPELINE)
    for event, recording in zip(events, log, strict=True):
        if not isinstance(event, DealLeftClient | DealJoinedClient):
            context.take(recording)
    return replace(context.get("deals", "d"), changed_at=events[-1].occurred_at)
