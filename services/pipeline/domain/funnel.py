"""A funnel and its stages: stable ids, positions 1..n, archived instead of removed (P7). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from contracts.pipeline.commands import (
    AddStage,
    ArchiveStage,
    ChangeStageProbability,
    DefineFunnel,
    FunnelCommand,
    MoveStage,
    RenameStage,
)
from contracts.pipeline.events import (
    FunnelDefined,
    StageAdded,
    StageArchived,
    StageMoved,
    StageProbabilityChanged,
    StageRenamed,
)
from contracts.problem import AlreadyExists, IllegalMove, Invalid, NotFound, UnknownReference
from services.kit.decider import Decider


@dataclass(frozen=True)
class Stage:
    """A stage as it stands; archived ones keep their place and name for history."""

    stage_id: str
    name: str
    position: int
    probability: str | None
    archived: bool = False


@dataclass(frozen=True)
class New:
    """Not defined yet."""


@dataclass(frozen=True)
class Defined:
    """In use; stages by position."""

    funnel_id: str
    stages: tuple[Stage, ...] = ()


Funnel = New | Defined
FunnelEvent = FunnelDefined | StageAdded | StageRenamed | StageMoved | StageProbabilityChanged | StageArchived


def decide(command: FunnelCommand, funnel: Funnel) -> list[FunnelEvent]:
    """Raise AlreadyExists, NotFound, UnknownReference (stage_id), Invalid (position) or IllegalMove (archived)."""
    match command, funnel:
        case DefineFunnel(), New():
            return _defined(command)
        case DefineFunnel(), _:
            raise AlreadyExists(f"the funnel {command.funnel_id} is there already", field="funnel_id")
        case _, New():
            raise NotFound(f"there is no funnel {command.funnel_id}", field="funnel_id")
        case AddStage(), Defined():
            return _added(command, funnel)
        case ArchiveStage(), Defined():
            if _stage(funnel, command.stage_id).archived:
                return []
            return [StageArchived(funnel_id=funnel.funnel_id, stage_id=command.stage_id)]
        case RenameStage(), Defined():
            if _live(funnel, command.stage_id).name == command.name:
                return []
            return [StageRenamed(funnel_id=funnel.funnel_id, stage_id=command.stage_id, name=command.name)]
        case ChangeStageProbability(), Defined():
            if _live(funnel, command.stage_id).probability == command.probability:
                return []
            return [
                StageProbabilityChanged(
                    funnel_id=funnel.funnel_id, stage_id=command.stage_id, probability=command.probability
                )
            ]
        case MoveStage(), Defined():
            return _moved(command, funnel)
        case _:
            assert_never((command, funnel))


def _defined(command: DefineFunnel) -> list[FunnelEvent]:
    ids = [stage.stage_id for stage in command.stages]
    for place, stage_id in enumerate(ids):
        if stage_id in ids[:place]:
            raise AlreadyExists(f"the stage {stage_id} is named twice", field="stage_id")
    named = FunnelDefined(
        funnel_id=command.funnel_id, name=command.name, subject=command.subject, external_id=command.external_id
    )
    stages = [
        StageAdded(
            funnel_id=command.funnel_id,
            stage_id=stage.stage_id,
            name=stage.name,
            position=position,
            kind=stage.kind,
            probability=stage.probability,
            external_id=stage.external_id,
        )
        for position, stage in enumerate(command.stages, start=1)
    ]
    return [named, *stages]


def _added(command: AddStage, funnel: Defined) -> list[FunnelEvent]:
    order = [stage.stage_id for stage in funnel.stages]
    if command.stage_id in order:
        raise AlreadyExists(f"the stage {command.stage_id} is there already", field="stage_id")
    position = len(order) + 1 if command.position is None else command.position
    _check(position, len(order) + 1)
    order.insert(position - 1, command.stage_id)
    added = StageAdded(
        funnel_id=funnel.funnel_id,
        stage_id=command.stage_id,
        name=command.name,
        position=position,
        kind=command.kind,
        probability=command.probability,
        external_id=command.external_id,
    )
    return [added, *_shifted(funnel, order)]


def _moved(command: MoveStage, funnel: Defined) -> list[FunnelEvent]:
    stage = _live(funnel, command.stage_id)
    _check(command.position, len(funnel.stages))
    if stage.position == command.position:
        return []
    order = [other.stage_id for other in funnel.stages if other is not stage]
    order.insert(command.position - 1, stage.stage_id)
    first = StageMoved(funnel_id=funnel.funnel_id, stage_id=stage.stage_id, position=command.position)
    return [first, *(event for event in _shifted(funnel, order) if event.stage_id != stage.stage_id)]


def _shifted(funnel: Defined, order: list[str]) -> list[StageMoved]:
    """Return a move for each stage that is no longer at its position, so that folds need not renumber."""
    before = {stage.stage_id: stage.position for stage in funnel.stages}
    return [
        StageMoved(funnel_id=funnel.funnel_id, stage_id=stage_id, position=position)
        for position, stage_id in enumerate(order, start=1)
        if before.get(stage_id, position) != position
    ]


def _check(position: int, last: int) -> None:
    if not 1 <= position <= last:
        raise Invalid(f"the position must be between 1 and {last}", field="position")


def _stage(funnel: Defined, stage_id: str) -> Stage:
    for stage in funnel.stages:
        if stage.stage_id == stage_id:
            return stage
    raise UnknownReference(f"the funnel has no stage {stage_id}", field="stage_id")


def _live(funnel: Defined, stage_id: str) -> Stage:
    stage = _stage(funnel, stage_id)
    if stage.archived:
        raise IllegalMove(f"the stage {stage.name} is archived and is not changed any more", field="stage_id")
    return stage


def evolve(funnel: Funnel, event: FunnelEvent) -> Funnel:
    """Return the funnel after the event."""
    match funnel, event:
        case _, FunnelDefined():
            return Defined(event.funnel_id)
        case New(), _:
            return funnel
        case Defined(), StageAdded():
            stage = Stage(event.stage_id, event.name, event.position, event.probability)
            return replace(funnel, stages=_by_position([stage, *funnel.stages]))
        case Defined(), StageRenamed():
            return _replaced(funnel, replace(_stage(funnel, event.stage_id), name=event.name))
        case Defined(), StageMoved():
            return _replaced(funnel, replace(_stage(funnel, event.stage_id), position=event.position))
        case Defined(), StageProbabilityChanged():
            return _replaced(funnel, replace(_stage(funnel, event.stage_id), probability=event.probability))
        case Defined(), StageArchived():
            return _replaced(funnel, replace(_stage(funnel, event.stage_id), archived=True))
        case _:
            assert_never((funnel, event))


def _replaced(funnel: Defined, stage: Stage) -> Defined:
    return replace(
        funnel, stages=_by_position([stage if old.stage_id == stage.stage_id else old for old in funnel.stages])
    )


def _by_position(stages: list[Stage]) -> tuple[Stage, ...]:
    return tuple(sorted(stages, key=lambda stage: stage.position))


FUNNEL: Decider[FunnelCommand, Funnel, FunnelEvent] = Decider("funnel", New(), decide, evolve)
