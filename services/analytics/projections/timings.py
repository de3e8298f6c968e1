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


def _whole(context: Context, fact: Fact, sign: int) -> None:
    """Count all stays of a subject, or take them all back."""
    stays = fact.stays
    if not stays:
        return
    funnel, owner, last = fact.funnel_id, fact.owner_id, stays[-1]
    context.add(STARTS.name, (funnel, stays[0].stage_id, owner), (sign,))
    context.add(PATHS.name, (funnel, visited(stays), owner), (sign,))
    stages: dict[str, list[int]] = {}
    """Stage → stays there, those with a duration, ms of these."""
    moves: dict[tuple[str, str], list[int]] = {}
    """(from, to) → moves, those whose stay before has a duration, ms of these."""
    for stay in stays:
        stages.setdefault(stay.stage_id, [0, 0, 0])[0] += 1
    for stay, following in pairwise(stays):
        stage = stages[stay.stage_id]
        move = moves.setdefault((stay.stage_id, following.stage_id), [0, 0, 0])
        move[0] += 1
        took = duration(stay)
        if took is not None:
            for timed in (stage, move):
                timed[1] += 1
                timed[2] += took
            count_value(context, stay_dist(funnel, stay.stage_id), following.stage_id, owner, took, sign)
    since = last.entered_at - EPOCH_2000
    for stage_id, (visits, count, ms) in stages.items():
        here = (1, fact.value, since) if stage_id == last.stage_id else (0, 0, 0)
        sums = (1, visits, count, ms, *here, int(count > 0), ms)
        context.add(STAGES.name, (funnel, stage_id, owner), tuple([sign * each for each in sums]))
        if count:
            count_value(context, subject_dist(funnel, stage_id), "", owner, ms, sign)
    for (start, end), (times, count, ms) in moves.items():
        context.add(TRANSITIONS.name, (funnel, start, end, owner), (sign * times, sign, sign * count, sign * ms))


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
