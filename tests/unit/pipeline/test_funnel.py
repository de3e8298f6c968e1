"""Funnels and their stages."""

import pytest

from contracts.pipeline.commands import (
    AddStage,
    ArchiveStage,
    ChangeStageProbability,
    DefineFunnel,
    FunnelCommand,
    MoveStage,
    RenameStage,
    StageSpec,
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
from services.kit.testing import given
from services.pipeline.domain.funnel import FUNNEL, New

DEFINED = FunnelDefined(funnel_id="f", name="Sales", subject="deal")


def added(stage_id: str, position: int) -> StageAdded:
    return StageAdded(funnel_id="f", stage_id=stage_id, name=stage_id.upper(), position=position, probability="0.5")


THREE = (DEFINED, added("a", 1), added("b", 2), added("c", 3))


def order(state) -> list[tuple[str, int]]:
    return [(stage.stage_id, stage.position) for stage in state.stages]


def moved(stage_id: str, position: int) -> StageMoved:
    return StageMoved(funnel_id="f", stage_id=stage_id, position=position)


def test_a_funnel_is_defined_with_its_stages_in_order():  # S0.13, P7
    stages = [
        StageSpec(stage_id="a", name="Contact", kind="in_work", probability="0.1", external_id="x"),
        StageSpec(stage_id="w", name="Won", kind="bought"),
    ]
    given(FUNNEL).when(DefineFunnel(funnel_id="f", name="Sales", subject="deal", stages=stages, external_id="p1")).then(
        FunnelDefined(funnel_id="f", name="Sales", subject="deal", external_id="p1"),
        StageAdded(
            funnel_id="f",
            stage_id="a",
            name="Contact",
            position=1,
            kind="in_work",
            probability="0.1",
            external_id="x",
        ),
        StageAdded(funnel_id="f", stage_id="w", name="Won", position=2, kind="bought"),
    )


def test_a_funnel_is_defined_once():
    given(FUNNEL, DEFINED).when(DefineFunnel(funnel_id="f", name="X", subject="deal")).then_refused(
        AlreadyExists, field="funnel_id"
    )


def test_a_stage_id_stands_for_one_stage():  # P7
    twice = [StageSpec(stage_id="a", name="A"), StageSpec(stage_id="a", name="B")]
    given(FUNNEL).when(DefineFunnel(funnel_id="f", name="X", subject="deal", stages=twice)).then_refused(
        AlreadyExists, field="stage_id"
    )
    given(FUNNEL, *THREE).when(AddStage(funnel_id="f", stage_id="a", name="A")).then_refused(
        AlreadyExists, field="stage_id"
    )


@pytest.mark.parametrize(
    "command",
    [
        AddStage(funnel_id="f", stage_id="a", name="A"),
        RenameStage(funnel_id="f", stage_id="a", name="A"),
        MoveStage(funnel_id="f", stage_id="a", position=1),
        ChangeStageProbability(funnel_id="f", stage_id="a", probability=None),
        ArchiveStage(funnel_id="f", stage_id="a"),
    ],
)
def test_a_funnel_that_is_not_there_takes_nothing(command: FunnelCommand):
    given(FUNNEL).when(command).then_refused(NotFound)


def test_a_new_stage_comes_last():
    case = given(FUNNEL, *THREE).when(AddStage(funnel_id="f", stage_id="d", name="D", kind="bought"))
    case.then(StageAdded(funnel_id="f", stage_id="d", name="D", position=4, kind="bought"))
    assert order(case.then_state()) == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]


def test_a_stage_added_at_a_position_shifts_those_behind_it():
    case = given(FUNNEL, *THREE).when(AddStage(funnel_id="f", stage_id="d", name="D", position=2))
    case.then(StageAdded(funnel_id="f", stage_id="d", name="D", position=2), moved("b", 3), moved("c", 4))
    assert order(case.then_state()) == [("a", 1), ("d", 2), ("b", 3), ("c", 4)]


def test_a_stage_moves_and_the_others_make_room():
    case = given(FUNNEL, *THREE).when(MoveStage(funnel_id="f", stage_id="c", position=1))
    case.then(moved("c", 1), moved("a", 2), moved("b", 3))
    assert order(case.then_state()) == [("c", 1), ("a", 2), ("b", 3)]
    case = given(FUNNEL, *THREE).when(MoveStage(funnel_id="f", stage_id="a", position=2))
    case.then(moved("a", 2), moved("b", 1))
    assert order(case.then_state()) == [("b", 1), ("a", 2), ("c", 3)]


@pytest.mark.parametrize(
    "command",
    [
        MoveStage(funnel_id="f", stage_id="b", position=2),
        RenameStage(funnel_id="f", stage_id="b", name="B"),
        ChangeStageProbability(funnel_id="f", stage_id="b", probability="0.5"),
    ],
)
def test_what_changes_nothing_is_no_event(command: FunnelCommand):
    given(FUNNEL, *THREE).when(command).then_nothing()


def test_positions_run_from_one():
    for command in (
        MoveStage(funnel_id="f", stage_id="b", position=0),
        MoveStage(funnel_id="f", stage_id="b", position=4),
        AddStage(funnel_id="f", stage_id="d", name="D", position=5),
    ):
        given(FUNNEL, *THREE).when(command).then_refused(Invalid, field="position")


def test_renaming_keeps_the_id():  # P7
    case = given(FUNNEL, *THREE).when(RenameStage(funnel_id="f", stage_id="b", name="Talks"))
    case.then(StageRenamed(funnel_id="f", stage_id="b", name="Talks"))
    assert [(s.stage_id, s.name) for s in case.then_state().stages] == [("a", "A"), ("b", "Talks"), ("c", "C")]


def test_a_probability_changes():  # S4.21
    case = given(FUNNEL, *THREE).when(ChangeStageProbability(funnel_id="f", stage_id="b", probability="0.7"))
    case.then(StageProbabilityChanged(funnel_id="f", stage_id="b", probability="0.7"))
    assert [s.probability for s in case.then_state().stages] == ["0.5", "0.7", "0.5"]


def test_removing_archives_and_keeps_the_name():  # P7
    case = given(FUNNEL, *THREE).when(ArchiveStage(funnel_id="f", stage_id="b"))
    case.then(StageArchived(funnel_id="f", stage_id="b"))
    assert [(s.name, s.archived) for s in case.then_state().stages] == [("A", False), ("B", True), ("C", False)]


def test_an_archived_stage_stays_as_it_is():  # P7
    archived = (*THREE, StageArchived(funnel_id="f", stage_id="b"))
    given(FUNNEL, *archived).when(ArchiveStage(funnel_id="f", stage_id="b")).then_nothing()
    for command in (
        MoveStage(funnel_id="f", stage_id="b", position=1),
        RenameStage(funnel_id="f", stage_id="b", name="X"),
        ChangeStageProbability(funnel_id="f", stage_id="b", probability="1"),
    ):
        given(FUNNEL, *archived).when(command).then_refused(IllegalMove, field="stage_id")


def test_an_unknown_stage_is_named():
    for command in (
        MoveStage(funnel_id="f", stage_id="z", position=1),
        RenameStage(funnel_id="f", stage_id="z", name="X"),
        ChangeStageProbability(funnel_id="f", stage_id="z", probability="1"),
        ArchiveStage(funnel_id="f", stage_id="z"),
    ):
        given(FUNNEL, *THREE).when(command).then_refused(UnknownReference, field="stage_id")


def test_events_before_the_definition_change_nothing():
    assert FUNNEL.fold([added("a", 1)]) == New()
