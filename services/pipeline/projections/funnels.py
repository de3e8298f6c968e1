"""Funnels with their stages in order; archived stages keep their names for history (P7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.pipeline.events import (
    FunnelDefined,
    StageAdded,
    StageArchived,
    StageMoved,
    StageProbabilityChanged,
    StageRenamed,
)
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection
from services.pipeline.projections.present import present


class Stage(msgspec.Struct, frozen=True):
    """`kind` is the class until the sales rules name it (P2); `probability` a decimal fraction."""

    stage_id: str
    name: str
    position: int
    kind: str
    probability: str | None
    archived: bool
    external_id: str | None


class Funnel(msgspec.Struct, frozen=True):
    """Stages by position, archived ones too. `version`: the stream's, for If-Match."""

    funnel_id: str
    name: str
    subject: str
    external_id: str | None
    stages: tuple[Stage, ...]
    version: int


FUNNELS = Projection("funnels", 1, [Collection("funnels", Funnel, {"subject": "text"}, (("subject",),))])


def _keys(data: Any, _event: RecordedEvent) -> Iterable[Key]:
    return [("funnels", data.funnel_id)]


@FUNNELS.on(FunnelDefined, keys=_keys)
def _defined(ctx: Context, data: Any, event: RecordedEvent) -> None:
    if ctx.lane == 0:
        funnel = Funnel(data.funnel_id, data.name, data.subject, data.external_id, (), event.version)
        ctx.put("funnels", data.funnel_id, funnel)


@FUNNELS.on(StageAdded, keys=_keys)
def _added(ctx: Context, data: Any, event: RecordedEvent) -> None:
    if ctx.lane == 0:
        funnel: Funnel = present(ctx, "funnels", data.funnel_id)
        stage = Stage(data.stage_id, data.name, data.position, data.kind, data.probability, False, data.external_id)
        _put(ctx, funnel, [stage, *funnel.stages], event)


@FUNNELS.on(StageRenamed, keys=_keys)
def _renamed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, name=data.name)


@FUNNELS.on(StageMoved, keys=_keys)
def _moved(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, position=data.position)


@FUNNELS.on(StageProbabilityChanged, keys=_keys)
def _probability_changed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, probability=data.probability)


@FUNNELS.on(StageArchived, keys=_keys)
def _archived(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, archived=True)


def _change(ctx: Context, data: Any, event: RecordedEvent, **fields: Any) -> None:
    if ctx.lane == 0:
        funnel: Funnel = present(ctx, "funnels", data.funnel_id)
        stages = [replace(old, **fields) if old.stage_id == data.stage_id else old for old in funnel.stages]
        _put(ctx, funnel, stages, event)


def _put(ctx: Context, funnel: Funnel, stages: list[Stage], event: RecordedEvent) -> None:
    ordered = tuple(sorted(stages, key=lambda stage: stage.position))
    ctx.put("funnels", funnel.funnel_id, replace(funnel, stages=ordered, version=event.version))
