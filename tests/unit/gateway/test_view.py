"""A saved view, row by row (#5)."""

from __future__ import annotations

from contracts.gateway.view_commands import ChangeView, RemoveView, RestoreView, SaveView
from contracts.gateway.view_events import ViewRemoved, ViewRestored, ViewSaved
from contracts.problem import AlreadyExists, IllegalMove, NotFound
from services.gateway.domain.view import VIEW, New
from services.gateway.projections import GATEWAY_GROUP
from services.kit.testing import given
from tests.support.memory import fold

HOT = ["temperature=hot"]
SAVED = ViewSaved(view_id="v", owner_id="ann", name="Hot", audience="own", query=HOT)
REMOVED, RESTORED = ViewRemoved(view_id="v"), ViewRestored(view_id="v")
SAVE = SaveView(view_id="v", owner_id="ann", name="Hot", query=HOT)
SAME = ChangeView(view_id="v", name="Hot", query=HOT)
OTHER = ChangeView(view_id="v", name="Hotter", audience="all", query=HOT)


def test_a_view_is_saved_once_and_changed_as_a_whole():
    given(VIEW).when(SAVE).then(SAVED)
    given(VIEW, SAVED).when(SAVE).then_refused(AlreadyExists, field="view_id")
    given(VIEW, SAVED).when(SAME).then_nothing()
    given(VIEW, SAVED).when(OTHER).then(
        ViewSaved(view_id="v", owner_id="ann", name="Hotter", audience="all", query=HOT)
    )
    for command in (OTHER, RemoveView(view_id="v"), RestoreView(view_id="v")):
        given(VIEW).when(command).then_refused(NotFound, field="view_id")


def test_a_view_is_removed_and_restored():
    given(VIEW, SAVED).when(RemoveView(view_id="v")).then(REMOVED)
    given(VIEW, SAVED, REMOVED).when(RemoveView(view_id="v")).then_nothing()
    given(VIEW, SAVED, REMOVED).when(SAME).then_refused(IllegalMove)
    given(VIEW, SAVED, REMOVED).when(RestoreView(view_id="v")).then(RESTORED)
    given(VIEW, SAVED).when(RestoreView(view_id="v")).then_nothing()
    given(VIEW, SAVED, REMOVED, RESTORED).when(OTHER).then(
        ViewSaved(view_id="v", owner_id="ann", name="Hotter", audience="all", query=HOT)
    )
    assert VIEW.fold([REMOVED]) == New()


def test_a_view_is_shown_as_last_saved():
    views = fold(GATEWAY_GROUP, SAVED, REMOVED.model_copy(update={"occurred_at": 5})).documents["views"]
    assert (views["v"].name_key, views["v"].query, views["v"].removed_at, views["v"].version) == ("hot", HOT, 5, 2)
    views = fold(GATEWAY_GROUP, SAVED, REMOVED, RESTORED).documents["views"]
    assert (views["v"].removed_at, views["v"].version) == (None, 3)
