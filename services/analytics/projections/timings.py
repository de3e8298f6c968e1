"""How long subjects stay in stages, where they go, and which stages they saw (DEFINITIONS, Funnel; P7, P8, X4)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from services.analytics.projections.distribution import count_value, stay_dist, subject_dist
from services.analytics.projections.model import PATHS, STAGES, STARTS, TRANSITIONS, VISITS
from services.analytics.projections.shapes import EPOCH_2000, Fact, Stay, Visit
from services.kit.projection import Context


def visited(stays: tuple[Stay, ...]) -> str:
    """Return the set of stages visited, as one text in a fixed order."""
    return "\x1f".join(sorted({stay.stage_id for stay in stays}))


def duration(stay: Stay) -> int | None:
    """Return how long a completed stay took, in ms; None if it is open or imputed."""
    return None if stay.left_at is None or stay.imputed else stay.left_at - stay.entered_at


def change_timings(context: Context, old: Fact | None, new: Fact | None) -> None:
    """Move what a subject's stays give to the timings of its funnel.

    A move adds one stay: then only the last stages are touched; anything else takes all back and adds all anew."""
    if old is not None and new is not None and (old.funnel_id, old.owner_id) == (new.funnel_id, new.owner_id):
        if old.stays == new.stays:
            if old.value != new.value and new.stays:
                _standing(context, old, old.stays[-1], -1)
                _standing(context, new, new.stays[-1], 1)
            return
        if _is_move(old.stays, new.stays):
            _move(context, old, new)
            return
    if old is not None:
        _whole(context, old, -1)
        for index, (stay, following) in _completed(old.stays):
            _ = stay, following
            context.delete(VISITS.name, f"{old.id}:{index}")
    if new is not None:
        _whole(context, new, 1)
        for index, (stay, following) in _completed(new.stays):
            _visit(context, new, index, stay, following)


def _is_move(old: tuple[Stay, ...], new: tuple[Stay, ...]) -> bool:
    return (
        bool(old)
        and old[-1].left_at is None
        and len(new) == len(old) + 1
        and new[:-2] == old[:-1]
        and new[-2].stage_id == old[-1].stage_id
        and new[-2].entered_at == old[-1].entered_at
    )


def _completed(stays: tuple[Stay, ...]) -> Iterator[tuple[int, tuple[Stay, Stay]]]:
    yield from enumerate(pairwise(stays))


def _move(context: Context, old: Fact, new: Fact) -> None:
    """Count one more completed stay and the stage entered."""
    funnel, owner = new.funnel_id, new.owner_id
    left, entered = new.stays[-2], new.stays[-1]
    took = duration(left)
    timed, ms = (0, 0) if took is None else (1, took)
    known = {stay.stage_id for stay in old.stays}
    earlier = [d for s in old.stays if s.stage_id == left.stage_id and (d := duration(s)) is not None]
    since = left.entered_at - EPOCH_2000
    first = int(bool(timed) and not earlier)
    gone = (0, 0, timed, ms, -1, -old.value, -since, first, ms)
    come = (int(entered.stage_id not in known), 1, 0, 0, 1, new.value, entered.entered_at - EPOCH_2000, 0, 0)
    context.add(STAGES.name, (funnel, left.stage_id, owner), gone)
    context.add(STAGES.name, (funnel, entered.stage_id, owner), come)
    moves = zip(old.stays, old.stays[1:], strict=False)
    again = any(a.stage_id == left.stage_id and b.stage_id == entered.stage_id for a, b in moves)
    context.add(TRANSITIONS.name, (funnel, left.stage_id, entered.stage_id, owner), (1, int(not again), timed, ms))
    if took is not None:
        count_value(context, stay_dist(funnel, left.stage_id), entered.stage_id, owner, took, 1)
        dist, before = subject_dist(funnel, left.stage_id), sum(earlier)
        if earlier:
            count_value(context, dist, "", owner, before, -1)
        count_value(context, dist, "", owner, before + took, 1)
    if entered.stage_id not in known:
        context.add(PATHS.name, (funnel, visited(old.stays), owner), (-1,))
        context.add(PATHS.name, (funnel, visited(new.stays), owner), (1,))
    _visit(context, new, len(new.stays) - 2, left, entered)


def _standing(context: Context, fact: Fact, stay: Stay, sign: int) -> None:
    """Count the subject among those who stand in the stage of its last stay."""
    since = sign * (stay.entered_at - EPOCH_2000)
    context.add(
        STAGES.name,
        (fact.funnel_id, stay.stage_id, fact.owner_id),
        (0, 0, 0, 0, sign, sign * fact.value, since, 0, 0),
    )


def _complete(context: Context, fact: Fact, stay: Stay, following: Stay, sign: int) -> None:
    """Count a completed stay: the move it ended with and, unless imputed, its duration."""
    funnel, owner = fact.funnel_id, fact.owner_id
    took = duration(stay)
    timed, ms = (0, 0) if took is None else (sign, sign * took)
    context.add(TRANSITIONS.name, (funnel, stay.stage_id, following.stage_id, owner), (sign, 0, timed, ms))
    if took is not None:
        context.add(STAGES.name, (funnel, stay.stage_id, owner), (0, 0, sign, ms, 0, 0, 0, 0, 0))
        count_value(context, stay_dist(funnel, stay.stage_id), following.stage_id, owner, took, sign)


def _per_subject(context: Context, fact: Fact, stage_id: str, old: int | None, new: int | None) -> None:
    """Move a subject's added up completed stays in a stage from one sum to another (ms; None: it has none)."""
    dist = subject_dist(fact.funnel_id, stage_id)
    if old is not None:
        count_value(context, dist, "", fact.owner_id, old, -1)
    if new is not None:
        count_value(context, dist, "", fact.owner_id, new, 1)
    subjects = int(new is not None) - int(old is not None)
    deltas = (0, 0, 0, 0, 0, 0, 0, subjects, (new or 0) - (old or 0))
    context.add(STAGES.name, (fact.funnel_id, stage_id, fact.owner_id), deltas)


def _whole(context: Context, fact: Fact, sign: int) -> None:
    """Count all stays of a subject, or take them all back."""
    if not fact.stays:
        return
    funnel, owner = fact.funnel_id, fact.owner_id
    context.add(STARTS.name, (funnel, fact.stays[0].stage_id, owner), (sign,))
    context.add(PATHS.name, (funnel, visited(fact.stays), owner), (sign,))
    for stage_id in {stay.stage_id for stay in fact.stays}:
        visits = sum(stay.stage_id == stage_id for stay in fact.stays)
        context.add(STAGES.name, (funnel, stage_id, owner), (sign, sign * visits, 0, 0, 0, 0, 0, 0, 0))
        times = [d for s in fact.stays if s.stage_id == stage_id and (d := duration(s)) is not None]
        if times:
            old, new = (None, sum(times)) if sign > 0 else (sum(times), None)
            _per_subject(context, fact, stage_id, old, new)
    _standing(context, fact, fact.stays[-1], sign)
    pairs = list(pairwise(fact.stays))
    for stay, following in pairs:
        _complete(context, fact, stay, following, sign)
    for start, end in {(a.stage_id, b.stage_id) for a, b in pairs}:
        context.add(TRANSITIONS.name, (funnel, start, end, owner), (0, sign, 0, 0))


def _visit(context: Context, fact: Fact, index: int, stay: Stay, following: Stay) -> None:
    context.put(
        VISITS.name,
        f"{fact.id}:{index}",
        Visit(
            fact.id,
            fact.funnel_id,
            stay.stage_id,
            following.stage_id,
            fact.owner_id,
            stay.entered_at,
            following.entered_at,
            duration(stay),
        ),
    )
