"""A saved view of a list: what it shows, under a name, for its owner or for more; removed and restored (#5). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from contracts.gateway.view_commands import ChangeView, RemoveView, RestoreView, SaveView, ViewCommand
from contracts.gateway.view_events import Audience, ViewRemoved, ViewRestored, ViewSaved
from contracts.problem import AlreadyExists, IllegalMove, NotFound
from services.kit.decider import Decider

ViewEvent = ViewSaved | ViewRemoved | ViewRestored


@dataclass(frozen=True, slots=True)
class New:
    """There is no such view yet."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A view; its owner stays who saved it first."""

    owner_id: str
    name: str
    audience: Audience
    query: tuple[str, ...]
    removed: bool = False


View = New | Saved


def decide(command: ViewCommand, view: View) -> list[ViewEvent]:
    """Return what the command makes happen. Raises AlreadyExists, NotFound, IllegalMove."""
    match command, view:
        case SaveView(view_id=id, name=name, audience=audience, query=query, owner_id=owner), New():
            return [ViewSaved(view_id=id, owner_id=owner, name=name, audience=audience, query=query)]
        case SaveView(view_id=id), _:
            raise AlreadyExists(f"there is a view {id} already", field="view_id")
        case _, New():
            raise NotFound(f"there is no view {command.view_id}", field="view_id")
        case ChangeView(), Saved(removed=True):
            raise IllegalMove("the view was removed; restore it first")
        case ChangeView(), Saved() if _same(command, view):
            return []
        case ChangeView(view_id=id, name=name, audience=audience, query=query), Saved(owner_id=owner):
            return [ViewSaved(view_id=id, owner_id=owner, name=name, audience=audience, query=query)]
        case RemoveView(view_id=id), Saved():
            return [] if view.removed else [ViewRemoved(view_id=id)]
        case RestoreView(view_id=id), Saved():
            return [ViewRestored(view_id=id)] if view.removed else []
        case _:
            assert_never((command, view))


def _same(command: ChangeView, view: Saved) -> bool:
    return (command.name, command.audience, tuple(command.query)) == (view.name, view.audience, view.query)


def evolve(view: View, event: ViewEvent) -> View:
    """Return the view after the event."""
    match view, event:
        case _, ViewSaved(owner_id=owner, name=name, audience=audience, query=query):
            return Saved(owner, name, audience, tuple(query))
        case Saved(), ViewRemoved():
            return replace(view, removed=True)
        case Saved(), ViewRestored():
            return replace(view, removed=False)
        case _:
            return view


VIEW: Decider[ViewCommand, View, ViewEvent] = Decider("view", New(), decide, evolve)
