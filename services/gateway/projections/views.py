"""Saved views as lists show them (#5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.gateway.view_events import Audience, ViewRemoved, ViewRestored, ViewSaved
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A saved view: `query` is what the list's address holds, `name=value` each. Times are UTC ms."""

    view_id: str
    what: str
    owner_id: str
    name: str
    audience: Audience
    query: list[str]
    changed_at: int
    version: int
    removed_at: int | None = None

    @property
    def name_key(self) -> str:
        """The name for sorting."""
        return self.name.casefold()


VIEWS = Projection(
    "views",
    1,
    [
        Collection(
            "views",
            View,
            columns={"name_key": "text", "owner_id": "text", "audience": "text", "removed_at": "int"},
            indexes=(("name_key",), ("owner_id", "name_key"), ("audience", "name_key")),
        )
    ],
)


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "views", data.view_id


@VIEWS.on(ViewSaved, keys=_keys)
def _saved(context: Context, data: Any, event: RecordedEvent) -> None:
    view = View(
        view_id=data.view_id,
        what=data.what,
        owner_id=data.owner_id,
        name=data.name,
        audience=data.audience,
        query=data.query,
        changed_at=event.occurred_at,
        version=event.version,
    )
    context.put("views", data.view_id, view)


@VIEWS.on(ViewRemoved, keys=_keys)
def _removed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, removed_at=event.occurred_at)


@VIEWS.on(ViewRestored, keys=_keys)
def _restored(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, removed_at=None)


def _change(context: Context, data: Any, event: RecordedEvent, **changes: Any) -> None:
    changes |= {"changed_at": event.occurred_at, "version": event.version}
    context.put("views", data.view_id, replace(context.get("views", data.view_id), **changes))
