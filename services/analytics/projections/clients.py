"""Clients as the numbers need them: attributes, and ways through client funnels (P20). No personal data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from contracts.clients.events import (
    ClientArchived,
    ClientAssigned,
    ClientDetailsChanged,
    ClientErased,
    ClientRegistered,
    ClientRestored,
    ClientStageChanged,
    ClientStatusChanged,
    ClientTemperatureChanged,
)
from contracts.envelope import RecordedEvent
from services.analytics.projections.change import LANE_ID, change_fact, person_of, put_person
from services.analytics.projections.model import FACTS, LANE, PEOPLE
from services.analytics.projections.shapes import Fact, Stay
from services.kit.projection import Context, Key, Projection

CLIENTS = Projection("clients", 1)


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield (PEOPLE.name, data.client_id)
    yield (LANE.name, LANE_ID)


@CLIENTS.on(ClientRegistered, keys=_keys)
def registered(context: Context, data: Any, event: RecordedEvent) -> None:
    """A client came to be."""
    person = replace(
        person_of(context, data.client_id),
        registered=True,
        registered_at=event.occurred_at,
        imputed=event.imputed,
        owner_id=data.owner_id or "",
        country=data.country or "",
        segment=data.segment or "",
        category=data.category or "",
        status=data.status,
        temperature=data.temperature or "",
        tags=tuple(data.tags),
    )
    put_person(context, person, event.occurred_at)


@CLIENTS.on(ClientDetailsChanged, keys=_keys)
def details_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """Country, segment and category are dimensions of boards; tags are filtered by."""
    person = replace(
        person_of(context, data.client_id),
        country=data.country or "",
        segment=data.segment or "",
        category=data.category or "",
        tags=tuple(data.tags),
    )
    put_person(context, person, event.occurred_at)


@CLIENTS.on(ClientStatusChanged, keys=_keys)
def status_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """Current or potential."""
    put_person(context, replace(person_of(context, data.client_id), status=data.to_status), event.occurred_at)


@CLIENTS.on(ClientTemperatureChanged, keys=_keys)
def temperature_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """Hot, warm, cold, not interested or unknown."""
    person = replace(person_of(context, data.client_id), temperature=data.to_temperature or "")
    put_person(context, person, event.occurred_at)


@CLIENTS.on(ClientAssigned, keys=_keys)
def assigned(context: Context, data: Any, event: RecordedEvent) -> None:
    """The owner binds rights (P17)."""
    put_person(context, replace(person_of(context, data.client_id), owner_id=data.to_owner or ""), event.occurred_at)


@CLIENTS.on(ClientArchived, ClientRestored, keys=_keys)
def archived(context: Context, data: Any, event: RecordedEvent) -> None:
    """Out of lists, not out of numbers (X10)."""
    away = event.type == ClientArchived.type
    put_person(context, replace(person_of(context, data.client_id), archived=away), event.occurred_at)


@CLIENTS.on(ClientErased, keys=_keys)
def erased(context: Context, data: Any, event: RecordedEvent) -> None:
    """Out of lists for ever; totals stay (X10)."""
    put_person(context, replace(person_of(context, data.client_id), erased=True), event.occurred_at)


def _stage_keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield (FACTS.name, f"{data.client_id}:{data.funnel_id}")
    yield (LANE.name, LANE_ID)


@CLIENTS.on(ClientStageChanged, keys=_stage_keys)
def stage_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """A client's way through a client funnel is one fact: it counts by the class of the stage it stands in (P20)."""
    id = f"{data.client_id}:{data.funnel_id}"
    old: Fact | None = context.get(FACTS.name, id)
    base = old or Fact(id, "client", data.funnel_id, data.to_stage, event.occurred_at, imputed=event.imputed)
    stays = moved(base.stays, data.to_stage, event.occurred_at, event.imputed)
    new = replace(
        base,
        stage_id=data.to_stage,
        client_id=data.client_id,
        owner_id=data.owner_id or "",
        value=data.base_value,
        local=data.value,
        currency=data.currency or "",
        stays=stays,
    )
    change_fact(context, old, new, event.occurred_at)


def moved(stays: tuple[Stay, ...], stage_id: str, at: int, imputed: bool) -> tuple[Stay, ...]:
    """Return the stays after entering a stage; the one before is completed. The same stage again is no new stay."""
    if not stays:
        return (Stay(stage_id, at, None, imputed),)
    last = stays[-1]
    if last.stage_id == stage_id:
        return stays
    closed = Stay(last.stage_id, last.entered_at, at, last.imputed or imputed)
    return (*stays[:-1], closed, Stay(stage_id, at, None, imputed))
