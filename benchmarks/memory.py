"""B2: decoding and folding in memory to the metrics of every client, beside decoding and doing nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.data import read
from benchmarks.measure import MEMORY, Line, Results, in_turn
from benchmarks.oracle import FIELDS, client_numbers
from contracts.envelope import RecordedEvent
from contracts.fast import DECODERS
from services.analytics.projections.change import LANE_ID
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.model import LANE, ROWS
from services.analytics.projections.shapes import LaneRules
from services.kit.memory import MemoryContext

Numbers = dict[str, tuple[Any, ...]]


class FieldsOnly(MemoryContext):
    """Keeps the documents but adds up no counter."""

    def add(self, counter: str, key: tuple[Any, ...], deltas: tuple[int, ...]) -> None:
        """Do not count."""


def _all_in(context: MemoryContext, events: list[RecordedEvent]) -> Numbers:
    folds = ANALYTICS.folds
    for event in events:
        data = DECODERS[event.type].decode(event.data)
        fold = folds.get(event.type)
        if fold is not None:
            fold(context, data, event)
    rows = context.documents[ROWS.name].values()
    found = {row.subject_id: tuple(getattr(row, name) for name in FIELDS) for row in rows if row.subject == "client"}
    return {client: values for client, values in found.items() if any(values)}


def everything(events: list[RecordedEvent]) -> Numbers:
    """Fold all read models of analytics, as a rebuild does."""
    contexts: list[MemoryContext] = []
    contexts.append(MemoryContext(ANALYTICS, 0, contexts))
    return _all_in(contexts[0], events)


def without_counters(events: list[RecordedEvent]) -> Numbers:
    """Fold facts, visits, parts and rows, but add up no board."""
    contexts: list[MemoryContext] = []
    contexts.append(FieldsOnly(ANALYTICS, 0, contexts))
    return _all_in(contexts[0], events)


def definition(events: list[RecordedEvent]) -> Numbers:
    """Fold facts to the least that the metrics need, then apply their definition: what a fold that kept nothing else
    would cost (DESIGN 6: a pure function of facts). Not the product's code."""
    kept: list[MemoryContext] = []
    kept.append(MemoryContext(ANALYTICS, 0, kept))
    facts: dict[str, tuple[Any, ...]] = {}
    paid: dict[str, int] = {}
    for event in events:
        data = DECODERS[event.type].decode(event.data)
        name = event.type
        if name in {"pipeline.DealStageChanged.v1", "pipeline.DealOpened.v1"}:
            known = facts.get(data.deal_id)
            since = event.occurred_at if known is None or known[1] != data.stage_id else known[2]
            facts[data.deal_id] = (data.client_id, data.stage_id, since, data.base_value)
        elif name.startswith("pipeline.Order"):
            known = facts.get(data.order_id)
            since = event.occurred_at if known is None else known[2]
            facts[data.order_id] = (data.client_id, data.status, since, data.base_total)
        elif name == "pipeline.PaymentReceived.v1":
            paid[data.client_id] = paid.get(data.client_id, 0) + data.base_amount
        elif name == "pipeline.StageAdded.v1":
            ANALYTICS.folds[name](kept[0], data, event)
    lane: LaneRules = kept[0].get(LANE.name, LANE_ID)
    kinds = {key.split("\x1f")[1]: kind for key, kind in lane.stages.items()}
    place = {"bought": 0, "in_work": 2, "refused": 4}
    sums: dict[str, list[Any]] = {}
    for client, stage, since, value in facts.values():
        mine = sums.get(client)
        if mine is None:
            mine = sums[client] = [0, 0, 0, 0, 0, 0, None, None, 0]
        kind = kinds[stage]
        at = place[kind]
        mine[at] += 1
        mine[at + 1] += value
        if kind == "bought":
            mine[6] = since if mine[6] is None or since < mine[6] else mine[6]
            mine[7] = since if mine[7] is None or since > mine[7] else mine[7]
    for client, amount in paid.items():
        sums.setdefault(client, [0, 0, 0, 0, 0, 0, None, None, 0])[8] = amount
    return {client: tuple(values) for client, values in sums.items() if any(values)}


def empty(events: list[RecordedEvent]) -> Numbers:
    """Decode only."""
    fold: dict[str, Callable[..., None]] = {}
    for event in events:
        data = DECODERS[event.type].decode(event.data)
        found = fold.get(event.type)
        if found is not None:
            found(data)
    return {}


async def folds(results: Results, data: Path, rounds: int, most: int) -> None:
    """Measure B2 over the first `most` events."""
    events = read(data, 0, most)
    wanted = {client: values for client, values in client_numbers(data, most).items() if any(values)}
    ways = (
        (definition, "decode + client metrics alone (minimal pure fold, not the product's)", True),
        (without_counters, "decode + the analytics fold, counters left out", False),
        (everything, "decode + the analytics fold, all read models (as a rebuild)", False),
    )
    for way, what, judged in ways:
        if way(events) != wanted:
            raise AssertionError(f"{way.__name__}: the clients' numbers are not those of the oracle")

        def timed(work: Callable[[list[RecordedEvent]], Numbers]) -> float:
            begun = perf_counter()
            work(events)
            return len(events) / (perf_counter() - begun)

        async def ours(way: Callable[[list[RecordedEvent]], Numbers] = way) -> float:
            return timed(way)

        async def limit() -> float:
            return timed(empty)

        samples, limits = await in_turn(rounds, ours, limit)
        line = Line("B2 fold", what, MEMORY, "events/s", samples, limits, "decode (msgspec) + empty fold")
        results.add(line.judged(ratio=0.5) if judged else line)
    results.note(f"B2 equality: the numbers of {len(wanted):,} clients are the oracle's, each way")
