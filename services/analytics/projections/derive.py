"""New sales rules: rows and counters are derived in slices from what is kept, while live changes follow (P2)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.analytics.projections.change import LANE_ID, PHASES, apply_payment, count_fact, lane_rules
from services.analytics.projections.distribution import cycle_dist
from services.analytics.projections.model import BUCKETS, FACTS, LANE, PARTS, PAYMENTS, PEOPLE, ROWS, RULED, VALUES
from services.analytics.projections.rows import change_person, row_of, save_row
from services.analytics.projections.shapes import VOID, LaneRules, Row, Ruleset
from services.kit.documents import Filter
from services.kit.projection import Context

SLICE = 40
"""Documents derived at a time: each gives up to ten writes, and no step writes more than about 500 (DESIGN 6)."""
_PURGE = 400
_ALL = 1 << 62


def put_off(context: Context) -> None:
    """In a rebuild: keep facts alone until all are there, then derive each number once (same code as new rules)."""
    lane = lane_rules(context)
    context.put(
        LANE.name, LANE_ID, replace(lane, active=VOID, building=lane.active, phase=PHASES[0], cursor="", previous=())
    )


def work(context: Context) -> bool:
    """Do one slice: purge what is no longer wanted, else derive on; True if there is more to do."""
    lane = lane_rules(context)
    if lane.garbage:
        _purge(context, lane)
        return True
    if lane.building is None:
        return _retire(context, lane)
    _derive(context, lane, lane.building)
    return True


def _derive(context: Context, lane: LaneRules, rules: Ruleset) -> None:
    documents: list[Any] = context.find(lane.phase, _after(lane), (), SLICE)
    for document in documents:
        if lane.phase == PEOPLE.name:
            change_person(context, rules, document, 0)
        elif lane.phase == FACTS.name:
            count_fact(context, lane, rules, document)
        elif lane.phase == PAYMENTS.name:
            apply_payment(context, rules, document, 1, 0)
        else:
            _copy_date(context, rules, document)
    if len(documents) == SLICE:
        context.put(LANE.name, LANE_ID, replace(lane, cursor=documents[-1].id))
        return
    following = PHASES.index(lane.phase) + 1
    if following < len(PHASES):
        context.put(LANE.name, LANE_ID, replace(lane, phase=PHASES[following], cursor=""))
    else:
        previous = (*lane.previous, lane.active)
        done = replace(lane, active=rules, building=None, phase="", cursor="", previous=previous)
        context.put(LANE.name, LANE_ID, done)


def _after(lane: LaneRules) -> tuple[Filter, ...]:
    """Return what is still to be walked in this phase: all, but of the rows only those under the active rules."""
    if lane.phase != ROWS.name:
        return (Filter("id", ">", lane.cursor),)
    first, end = _range(lane.active.id)
    return (Filter("id", ">", lane.cursor or first), Filter("id", "<", end))


def _range(rules_id: str) -> tuple[str, str]:
    """Return between which two ids all rows and parts of a ruleset lie: they begin with its id and a colon."""
    return f"{rules_id}:", f"{rules_id};"


def _copy_date(context: Context, rules: Ruleset, known: Row) -> None:
    """A row's last change is that of its facts, not of the rules; also when it has none of them any more."""
    row = row_of(context, rules, known.subject, known.subject_id)
    save_row(context, rules, row, replace(row, changed_at=max(row.changed_at, known.changed_at)))


def _purge(context: Context, lane: LaneRules) -> None:
    """Delete some of what belongs to the first ruleset that is garbage; with its last row and part, all the rest.

    Counters cannot be looked at here. When rows and parts are gone little is left of them, as each slice took as much
    of every counter as of the parts; what is left goes at once, so that nothing is forgotten."""
    id = lane.garbage[0]
    first, end = _range(id)
    where = (Filter("id", ">", first), Filter("id", "<", end))
    last = not context.find(ROWS.name, where) and not context.find(PARTS.name, where)
    for name in RULED:
        context.purge(name, "rules", id, _ALL if last else _PURGE)
    for name in (VALUES.name, BUCKETS.name):
        context.purge(name, "dist", cycle_dist(id), _ALL if last else _PURGE)
    if last:
        context.put(LANE.name, LANE_ID, replace(lane, garbage=lane.garbage[1:]))


def _retire(context: Context, lane: LaneRules) -> bool:
    """Give up the previous rulesets once every lane has the active one: until then readers may need them."""
    if not lane.previous:
        return False
    lanes: list[LaneRules] = context.across(LANE.name, LANE_ID)
    if len(lanes) < context.lanes or any(other.active.id != lane.active.id for other in lanes):
        return False
    garbage = tuple(rules.id for rules in lane.previous)
    context.put(LANE.name, LANE_ID, replace(lane, previous=(), garbage=garbage))
    return True
