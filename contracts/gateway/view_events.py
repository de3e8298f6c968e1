"""What happened to saved views of lists (#5); version 1."""

from __future__ import annotations

from typing import ClassVar, Literal

from contracts.base import Event, Id, Line, Name

ViewList = Literal["clients"]
Audience = Literal["own", "team", "all"]
"""Who sees a view: its owner, the owner's team, everybody who sees the list."""


class _OfView(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("view_id",)
    view_id: Id


class ViewSaved(_OfView):
    """The view as it is after the event. `query`: what the list's address holds, such as `status=current`; never what
    was searched for, as it may name a person."""

    type = "gateway.ViewSaved.v1"
    what: ViewList = "clients"
    owner_id: Id
    name: Name
    audience: Audience
    query: list[Line]


class ViewRemoved(_OfView):
    type = "gateway.ViewRemoved.v1"


class ViewRestored(_OfView):
    type = "gateway.ViewRestored.v1"
