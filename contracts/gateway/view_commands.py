"""What may be asked of saved views of lists."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.base import EDGE, Command, Id, Line, Name
from contracts.gateway.view_events import Audience

Query = Annotated[list[Line], Field(max_length=40)]
"""What the list's address holds: `name=value` each."""


class SaveView(Command):
    """Keep what a list of clients shows under a name: filters, order, cards or table."""

    view_id: Id
    name: Name
    audience: Audience = "own"
    query: Query = []
    owner_id: Annotated[Id, EDGE] = "system"


class ChangeView(Command):
    """Name, audience and query as they shall be."""

    view_id: Id
    name: Name
    audience: Audience = "own"
    query: Query = []


class RemoveView(Command):
    """Take a view away from all who see it; it can be restored."""

    view_id: Id


class RestoreView(Command):
    view_id: Id


ViewCommand = SaveView | ChangeView | RemoveView | RestoreView
