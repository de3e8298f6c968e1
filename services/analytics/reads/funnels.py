"""A funnel's numbers: stages, conversion both ways, direct moves (S2.3 to S2.8, S4.18 to S4.21, P8)."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from contracts.base import Id
from services.analytics.export.texts import decimal
from services.analytics.projections.distribution import stay_dist
from services.analytics.projections.model import STAGES
from services.analytics.queries import funnels as queries
from services.analytics.reads.kept import Medians
from services.analytics.reads.shared import Durations, Numeric, durations, head, millis, numbers_of, share, specs_of
from services.kit.documents import Filter
from services.kit.query import Params, Reading


class StageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One stage. `entered`: subjects that were ever in it; `visits`: stays, re-entries too; `reached`: subjects that
    were in it or in a later stage (null for refused stages); `current`: those standing there, worth `current_sum`.
    `stays`: completed stays; `per_subject`: completed stays of one subject added up. `open_age`, `mean_with_open`: ms
    as decimal text, of stages in work. `expected_revenue`: minor units, null without a probability."""

    stage_id: str
    name: str
    position: int
    archived: bool
    kind: str
    probability: str | None
    entered: int
    visits: int
    reached: int | None
    current: int
    current_sum: int
    stays: Durations
    per_subject: Durations
    open_visits: int
    open_age: str | None
    mean_with_open: str | None
    expected_revenue: int | None


class StepAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """From a stage to the next that is not a refused one. `conversion_entered` = `both` / `from_entered`;
    `conversion_reached` = `to_reached` / `from_reached`: decimal text with six decimals, null without a base (P8)."""

    from_stage: str
    to_stage: str
    from_entered: int
    both: int
    conversion_entered: str | None
    from_reached: int
    to_reached: int
    conversion_reached: str | None


class TransitionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All direct moves from one stage to another. `share` of all moves out of `from_stage`: the probability (S4.21).
    `before`: the time spent in `from_stage` before."""

    from_stage: str
    to_stage: str
    moves: int
    subjects: int
    share: str
    before: Durations


class FunnelNumbers(Numeric, frozen=True, kw_only=True):
    """A funnel's numbers."""

    funnel_id: str
    name: str
    subject: str
    stages: list[StageAnswer]
    conversion: list[StepAnswer]
    transitions: list[TransitionAnswer]


class StageSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One stage in short: `entered`, `current`, `current_sum` as in StageAnswer; `mean` and `median` of completed stays
    in ms, decimal text with three decimals, null without any."""

    stage_id: str
    name: str
    position: int
    archived: bool
    kind: str
    entered: int
    current: int
    current_sum: int
    mean: str | None
    median: str | None


class FunnelSummary(Numeric, frozen=True, kw_only=True):
    """A funnel in short."""

    funnel_id: str
    name: str
    subject: str
    stages: list[StageSummary]
    conversion: list[StepAnswer]


class FunnelParams(Params):
    """One funnel."""

    funnel_id: Id


async def funnel_numbers(reading: Reading, params: FunnelParams) -> FunnelNumbers:
    """Show a funnel's numbers: every visit counts, calendar time, completed stays only (DEFINITIONS, Funnel)."""
    numbers = await numbers_of(reading)
    funnel, specs = specs_of(reading, params.funnel_id)
    archived = {stage_id for stage_id, stage in funnel.stages.items() if stage.archived}
    return FunnelNumbers(
        **head(reading),
        funnel_id=params.funnel_id,
        name=funnel.name,
        subject=funnel.subject,
        stages=[_stage(each, archived) for each in await queries.stages(numbers, params.funnel_id, specs)],
        conversion=[_step(each) for each in await queries.conversion(numbers, params.funnel_id, specs)],
        transitions=[_transition(each) for each in await queries.transitions(numbers, params.funnel_id)],
    )


async def funnel_summary(reading: Reading, params: FunnelParams) -> FunnelSummary:
    """Show a funnel in short: who stands where, conversion, mean and median time per stage."""
    numbers = await numbers_of(reading)
    funnel, specs = specs_of(reading, params.funnel_id)
    rows = await numbers.sums(STAGES.name, [Filter("funnel_id", "=", params.funnel_id)], ("stage_id",))
    sums = {row["stage_id"]: row for row in rows}
    medians = await Medians.of(numbers)
    stages = []
    for spec in specs:
        row = sums.get(spec.stage_id, {})
        completed = row.get("completed", 0)
        middle = await medians.median(stay_dist(params.funnel_id, spec.stage_id)) if completed else None
        stages.append(
            StageSummary(
                stage_id=spec.stage_id,
                name=spec.name,
                position=spec.position,
                archived=funnel.stages[spec.stage_id].archived,
                kind=numbers.kind(params.funnel_id, spec.stage_id),
                entered=row.get("entered", 0),
                current=row.get("current", 0),
                current_sum=row.get("current_sum", 0),
                mean=millis(Fraction(row["sum_ms"], completed)) if completed else None,
                median=millis(middle),
            )
        )
    return FunnelSummary(
        **head(reading),
        funnel_id=params.funnel_id,
        name=funnel.name,
        subject=funnel.subject,
        stages=stages,
        conversion=[_step(each) for each in await queries.conversion(numbers, params.funnel_id, specs)],
    )


def _stage(of: queries.StageNumbers, archived: set[str]) -> StageAnswer:
    return StageAnswer(
        stage_id=of.stage.stage_id,
        name=of.stage.name,
        position=of.stage.position,
        archived=of.stage.stage_id in archived,
        kind=of.kind,
        probability=of.stage.probability,
        entered=of.entered,
        visits=of.visits,
        reached=of.reached,
        current=of.current,
        current_sum=of.current_sum,
        stays=durations(of.stays, of.mean),
        per_subject=durations(of.subject, of.subject_mean),
        open_visits=of.open_visits,
        open_age=millis(of.open_age),
        mean_with_open=millis(of.mean_with_open),
        expected_revenue=_whole(of.expected_revenue),
    )


def _whole(minor: Fraction | None) -> int | None:
    return None if minor is None else int(decimal(minor, 0))


def _step(of: queries.Step) -> StepAnswer:
    return StepAnswer(
        from_stage=of.from_stage,
        to_stage=of.to_stage,
        from_entered=of.from_entered,
        both=of.both,
        conversion_entered=share(of.both, of.from_entered),
        from_reached=of.from_reached,
        to_reached=of.to_reached,
        conversion_reached=share(of.to_reached, of.from_reached),
    )


def _transition(of: queries.Transition) -> TransitionAnswer:
    return TransitionAnswer(
        from_stage=of.from_stage,
        to_stage=of.to_stage,
        moves=of.moves,
        subjects=of.subjects,
        share=decimal(of.share, 6),
        before=durations(of.spread, of.mean),
    )
