"""New sales rules: rows and counters are derived in slices from what is kept, while live changes follow (P2)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.analytics.projections.change import LANE_ID, PHASES, apply_payment, apply_rules, lane_rules
from services.analytics.projections.distribution import cycle_dist
from services.analytics.projections.model import BUCKETS, FACTS, LANE, PARTS, PEOPLE, ROWS, RULED, VALUES
from services.analytics.projections.rows import NOBODY, change_person, row_id, row_of, save_row
from services.analytics.projections.shapes import LaneRules, Ruleset
from services.kit.documents import Filter
from services.kit.projection import Context

SLICE = 40
"""Documents derived at a time: each gives up to ten writes, and no step writes more than about 500 (DESIGN 6)."""
_PURGE = 400


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
    where = (Filter("id", ">", lane.cursor),)
    documents: list[Any] = context.find(lane.phase, where, (), SLICE)
    for document in documents:
        if lane.phase == PEOPLE.name:
            change_person(context, rules, document, 0)
        elif lane.phase == FACTS.name:
            apply_rules(context, lane, rules, None, document, 0)
        else:
            apply_payment(context, rules, document, 1, 0)
        _copy_dates(context, lane, rules, document)
    if len(documents) == SLICE:
        context.put(LANE.name, LANE_ID, replace(lane, cursor=documents[-1].id))
        return
    following = PHASES.index(lane.phase) + 1
    if following < len(PHASES):
        context.put(LANE.name, LANE_ID, replace(lane, phase=PHASES[following], cursor=""))
    else:
        done = replace(lane, active=rules, building=None, phase="", cursor="", previous=lane.active.id)
        context.put(LANE.name, LANE_ID, done)


def _copy_dates(context: Context, lane: LaneRules, rules: Ruleset, document: Any) -> None:
    """A row's last change is that of its facts, not of the rules: copy it from the row under the active rules."""
    client_id = document.id if lane.phase == PEOPLE.name else document.client_id
    subjects = [("contact", id) for id in getattr(document, "contact_ids", ())]
    subjects.append(("client", client_id) if client_id is not None else ("nobody", NOBODY))
    for subject, id in subjects:
        known = context.get(ROWS.name, row_id(lane.active, id))
        row = row_of(context, rules, subject, id)
        if known is not None and known.changed_at > row.changed_at:
            save_row(context, rules, row, replace(row, changed_at=known.changed_at))


def _purge(context: Context, lane: LaneRules) -> None:
    """Delete some of what belongs to the first ruleset that is garbage; forget it when nothing is left."""
    id = lane.garbage[0]
    for name in RULED:
        context.purge(name, "rules", id, _PURGE)
    for name in (VALUES.name, BUCKETS.name):
        context.purge(name, "dist", cycle_dist(id), _PURGE)
    where = (Filter("rules", "=", id),)
    if not context.find(ROWS.name, where) and not context.find(PARTS.name, where):
        context.put(LANE.name, LANE_ID, replace(lane, garbage=lane.garbage[1:]))


def _retire(context: Context, lane: LaneRules) -> bool:
    """Give up the previous ruleset once every lane has the new one: until then readers may need it."""
    if not lane.previous:
        return False
    lanes: list[LaneRules] = context.across(LANE.name, LANE_ID)
    if len(lanes) < context.lanes or any(other.active.id != lane.active.id for other in lanes):
        return False
    context.put(LANE.name, LANE_ID, replace(lane, previous="", garbage=(lane.previous,)))
    return True
