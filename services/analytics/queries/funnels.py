"""A funnel: who stands where, how long stays take, where they lead, what share goes on (DEFINITIONS, Funnel; P8)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from services.analytics.projections.distribution import stay_dist, subject_dist
from services.analytics.projections.model import PATHS, STAGES, STARTS, TRANSITIONS
from services.analytics.projections.shapes import EPOCH_2000
from services.analytics.queries.medians import Spread, spread
from services.analytics.queries.numbers import Numbers
from services.kit.documents import Filter


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage as the funnel's owner defined it; `kind` is filled from the rules."""

    stage_id: str
    name: str
    position: int
    probability: str | None


@dataclass(frozen=True, slots=True)
class StageNumbers:
    """Numbers of one stage. Times in ms, exact fractions; money in minor base units; None where undefined."""

    stage: StageSpec
    kind: str
    entered: int
    visits: int
    reached: int | None
    current: int
    current_sum: int
    completed: int
    mean: Fraction | None
    stays: Spread
    subject_mean: Fraction | None
    subject: Spread
    open_visits: int
    open_age: Fraction | None
    mean_with_open: Fraction | None
    expected_revenue: Fraction | None
    """Sum of those standing there times the probability, minor units, unrounded; in-work stages only."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one stage to the next non-lost one, both ways (P8): subjects that were in both, and that got so far."""

    from_stage: str
    to_stage: str
    from_entered: int
    both: int
    from_reached: int
    to_reached: int


@dataclass(frozen=True, slots=True)
class Transition:
    """Every direct move from one stage to another: `share` of all exits is its probability (P8, S4.21)."""

    from_stage: str
    to_stage: str
    moves: int
    subjects: int
    share: Fraction
    mean: Fraction | None
    spread: Spread


async def stages(numbers: Numbers, funnel_id: str, specs: list[StageSpec]) -> list[StageNumbers]:
    """Return the numbers of all stages of a funnel, by position."""
    where = [Filter("funnel_id", "=", funnel_id)]
    rows = {row["stage_id"]: row for row in await numbers.sums(STAGES.name, where, ("stage_id",))}
    reached = await _reached(numbers, funnel_id, specs)
    found = []
    for spec in sorted(specs, key=lambda s: s.position):
        kind = numbers.kind(funnel_id, spec.stage_id)
        row = rows.get(spec.stage_id, {})
        found.append(await _stage(numbers, funnel_id, spec, kind, row, reached.get(spec.stage_id)))
    return found


async def _stage(
    numbers: Numbers, funnel_id: str, spec: StageSpec, kind: str, row: dict[str, Any], reached: int | None
) -> StageNumbers:
    completed, total, current = row.get("completed", 0), row.get("sum_ms", 0), row.get("current", 0)
    open_visits = current if kind == "in_work" else 0
    ages = (numbers.now - EPOCH_2000) * open_visits - row.get("open_since", 0) if open_visits else 0
    with_open = completed + open_visits
    expected = None
    if kind == "in_work" and spec.probability is not None:
        expected = Fraction(row.get("current_sum", 0)) * Fraction(Decimal(spec.probability))
    subjects = row.get("subjects", 0)
    return StageNumbers(
        stage=spec,
        kind=kind,
        entered=row.get("entered", 0),
        visits=row.get("visits", 0),
        reached=reached,
        current=current,
        current_sum=row.get("current_sum", 0),
        completed=completed,
        mean=Fraction(total, completed) if completed else None,
        stays=await spread(numbers, stay_dist(funnel_id, spec.stage_id)),
        subject_mean=Fraction(row.get("subjects_ms", 0), subjects) if subjects else None,
        subject=await spread(numbers, subject_dist(funnel_id, spec.stage_id)),
        open_visits=open_visits,
        open_age=Fraction(ages, open_visits) if open_visits else None,
        mean_with_open=Fraction(total + ages, with_open) if with_open and kind == "in_work" else None,
        expected_revenue=expected,
    )


async def _paths(numbers: Numbers, funnel_id: str) -> list[tuple[frozenset[str], int]]:
    rows = await numbers.sums(PATHS.name, [Filter("funnel_id", "=", funnel_id)], ("visited",))
    return [(frozenset(row["visited"].split("\x1f")), row["subjects"]) for row in rows]


async def _reached(numbers: Numbers, funnel_id: str, specs: list[StageSpec]) -> dict[str, int]:
    """Return for each non-lost stage how many subjects were ever in it or in a later non-lost one."""
    paths = await _paths(numbers, funnel_id)
    line = _line(numbers, funnel_id, specs)
    return {
        spec.stage_id: sum(count for seen, count in paths if any(s.stage_id in seen for s in line[i:]))
        for i, spec in enumerate(line)
    }


def _line(numbers: Numbers, funnel_id: str, specs: list[StageSpec]) -> list[StageSpec]:
    """Return the stages that are not lost ones, by position."""
    ordered = sorted(specs, key=lambda s: s.position)
    return [spec for spec in ordered if numbers.kind(funnel_id, spec.stage_id) != "refused"]


async def conversion(numbers: Numbers, funnel_id: str, specs: list[StageSpec]) -> list[Step]:
    """Return the steps between neighbouring non-lost stages."""
    paths = await _paths(numbers, funnel_id)
    reached = await _reached(numbers, funnel_id, specs)
    line = [spec.stage_id for spec in _line(numbers, funnel_id, specs)]
    return [
        Step(
            a,
            b,
            sum(count for seen, count in paths if a in seen),
            sum(count for seen, count in paths if a in seen and b in seen),
            reached[a],
            reached[b],
        )
        for a, b in pairwise(line)
    ]


async def transitions(numbers: Numbers, funnel_id: str) -> list[Transition]:
    """Return all direct moves."""
    where = [Filter("funnel_id", "=", funnel_id)]
    rows = await numbers.sums(TRANSITIONS.name, where, ("from_stage", "to_stage"))
    exits: dict[str, int] = {}
    for row in rows:
        exits[row["from_stage"]] = exits.get(row["from_stage"], 0) + row["moves"]
    return [
        Transition(
            row["from_stage"],
            row["to_stage"],
            row["moves"],
            row["subjects"],
            Fraction(row["moves"], exits[row["from_stage"]]),
            Fraction(row["sum_ms"], row["timed"]) if row["timed"] else None,
            await spread(numbers, stay_dist(funnel_id, row["from_stage"]), row["to_stage"]),
        )
        for row in rows
        if row["moves"]
    ]


async def starts(numbers: Numbers, funnel_id: str) -> dict[str, int]:
    """Return in which stages subjects began, and how many."""
    rows = await numbers.sums(STARTS.name, [Filter("funnel_id", "=", funnel_id)], ("stage_id",))
    return {row["stage_id"]: row["subjects"] for row in rows}
