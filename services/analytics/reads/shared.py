"""What all answers about numbers share: the way in, words of other services, how fractions are written."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol, cast

import msgspec

from contracts.money import half_up
from contracts.problem import NotFound
from services.analytics.export.texts import decimal
from services.analytics.queries.funnels import StageSpec
from services.analytics.queries.medians import Spread
from services.analytics.queries.numbers import Numbers
from services.kit.query import Answer, Reading

GROUPS = ("analytics",)


class KnownStage(Protocol):
    """A stage as the pipeline knows it."""

    @property
    def name(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def probability(self) -> str | None: ...
    @property
    def archived(self) -> bool: ...


class KnownFunnel(Protocol):
    """A funnel as the pipeline knows it."""

    @property
    def name(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def stages(self) -> Mapping[str, KnownStage]: ...


class PipelineFacts(Protocol):
    """What answers about numbers ask of the pipeline's cache."""

    @property
    def funnels(self) -> Mapping[str, KnownFunnel]: ...

    def base_currency(self) -> str | None:
        """Return the workspace's base currency, if it is set."""
        ...


class Numeric(Answer, frozen=True, kw_only=True):
    """An answer in numbers. `currency`: that of its sums, the workspace's base currency; null before it is set."""

    currency: str | None


class Six(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and sums (minor units) of sales, in work and refused; the average check is 0 without sales (S1.6)."""

    sales_count: int
    sales_sum: int
    avg_check: int
    in_work_count: int
    in_work_sum: int
    refused_count: int
    refused_sum: int


class Durations(msgspec.Struct, frozen=True, kw_only=True):
    """How times are spread: mean and median in ms, decimal text with three decimals, null without any; p90 (the
    smallest that 90 % do not exceed), least and most in ms."""

    count: int
    mean: str | None
    median: str | None
    p90: int | None
    least: int | None
    most: int | None


def pipeline(reading: Reading) -> PipelineFacts:
    """Return what the pipeline's edge knows."""
    return cast(PipelineFacts, reading.known["pipeline"])


async def numbers_of(reading: Reading) -> Numbers:
    """Return the numbers of this snapshot, of the records within the caller's reach (P17)."""
    reach = reading.reach
    owners = None if reach is None else reach.owners
    return await Numbers.open(reading.reader, reading.groups["analytics"], reading.as_of, owners=owners)


async def seen_by(reading: Reading, numbers: Numbers) -> frozenset[str]:
    """Return what was ever stored, as far as the caller may know: without the right on profit no cost (P25)."""
    seen = await numbers.seen()
    return seen if reading.caller.may("profit") else seen - {"cost"}


def head(reading: Reading) -> dict[str, Any]:
    """Return what every Numeric begins with."""
    return {"as_of": reading.as_of, "stale": reading.stale, "currency": pipeline(reading).base_currency()}


def six(row: Mapping[str, Any]) -> dict[str, int]:
    """Return the fields of Six from a counter's sums."""
    names = ("sales_count", "sales_sum", "in_work_count", "in_work_sum", "refused_count", "refused_sum")
    found = {name: row.get(name, 0) for name in names}
    return found | {"avg_check": half_up(found["sales_sum"], found["sales_count"])}


def millis(value: Fraction | int | None) -> str | None:
    """Write ms with three decimals, rounded half-up."""
    return None if value is None else decimal(value, 3)


def share(top: int, bottom: int) -> str | None:
    """Write a share with six decimals; None without a base."""
    return decimal(Fraction(top, bottom), 6) if bottom else None


def durations(spread: Spread, mean: Fraction | None) -> Durations:
    """Return a spread with its mean."""
    return Durations(
        count=spread.count,
        mean=millis(mean),
        median=millis(spread.median),
        p90=spread.p90,
        least=spread.least,
        most=spread.most,
    )


def specs_of(reading: Reading, funnel_id: str) -> tuple[KnownFunnel, list[StageSpec]]:
    """Return a funnel with its stages by position. Raises NotFound."""
    funnel = pipeline(reading).funnels.get(funnel_id)
    if funnel is None:
        raise NotFound(f"there is no funnel {funnel_id}", field="funnel_id")
    specs = [StageSpec(id, stage.name, stage.position, stage.probability) for id, stage in funnel.stages.items()]
    return funnel, sorted(specs, key=lambda spec: spec.position)
