"""The lane's own copy of what decides classes and months: stages, sales rules, the time zone (P2, P14, DESIGN 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from contracts.analytics.events import SalesRulesSet
from contracts.envelope import RecordedEvent
from contracts.gateway.events import WorkspaceSettingsChanged
from contracts.pipeline.events import StageAdded
from services.analytics.projections.change import LANE_ID, apply_rules, lane_rules, rulesets
from services.analytics.projections.model import FACTS, LANE, PEOPLE, VISITS
from services.analytics.projections.shapes import Fact, LaneRules, Ruleset, Visit, stage_key
from services.kit.documents import Filter
from services.kit.projection import Context, Key, Projection

REFERENCE = Projection("reference", 1)
_MOST = 500
"""A stage is added before anything can stand in it; this is for topics that come in another order."""


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    _ = data
    yield (LANE.name, LANE_ID)


@REFERENCE.on(StageAdded, keys=_keys)
def stage_added(context: Context, data: Any, event: RecordedEvent) -> None:
    """The class a stage has until the sales rules name it. Facts that stood there before count anew."""
    _ = event
    old = lane_rules(context)
    new = replace(old, stages=old.stages | {stage_key(data.funnel_id, data.stage_id): data.kind})
    context.put(LANE.name, LANE_ID, new)
    if data.kind == "none":
        return
    for id in _passed_through(context, data.funnel_id, data.stage_id):
        fact: Fact = context.get(FACTS.name, id)
        for rules in rulesets(new, FACTS.name, id):
            apply_rules(context, new, rules, fact, fact, 0, was=old)


def _passed_through(context: Context, funnel_id: str, stage_id: str) -> list[str]:
    """Return the facts that stand in the stage or ever left it: an earlier stay may begin the present run (P6)."""
    where = (Filter("funnel_id", "=", funnel_id), Filter("stage_id", "=", stage_id))
    facts: list[Fact] = context.find(FACTS.name, where, (("created_at", False),), _MOST + 1)
    visits: list[Visit] = context.find(VISITS.name, where, (("left_at", False),), _MOST + 1)
    if len(facts) > _MOST or len(visits) > _MOST:
        raise ValueError(f"stage {stage_id} of funnel {funnel_id} is added after more than {_MOST} facts were in it")
    return sorted({fact.id for fact in facts} | {visit.fact_id for visit in visits})


@REFERENCE.on(SalesRulesSet, keys=_keys)
def rules_set(context: Context, data: Any, event: RecordedEvent) -> None:
    """New classes and sources: derived from the facts, switched when all of them are done (P2)."""
    lane = lane_rules(context)
    classes = {stage_key(c.funnel_id, c.stage_id): c.kind for c in data.classes}
    wanted = replace(lane.wanted, rules_version=event.version, sources=tuple(sorted(data.sources)), classes=classes)
    _want(context, lane, wanted)


@REFERENCE.on(WorkspaceSettingsChanged, keys=_keys)
def settings_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """Another zone moves facts to other months."""
    lane = lane_rules(context)
    if data.zone != lane.wanted.zone:
        _want(context, lane, replace(lane.wanted, zone_version=event.version, zone=data.zone))


def _want(context: Context, lane: LaneRules, wanted: Ruleset) -> None:
    """Begin to derive the wanted ruleset; one that was half derived is garbage."""
    wanted = replace(wanted, id=f"{wanted.rules_version}.{wanted.zone_version}")
    garbage = list(lane.garbage)
    if lane.building is not None:
        garbage.append(lane.building.id)
    begun = replace(lane, wanted=wanted, building=wanted, phase=PEOPLE.name, cursor="", garbage=tuple(garbage))
    context.put(LANE.name, LANE_ID, begun)
