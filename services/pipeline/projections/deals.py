"""Deals as lists and cards show them: one document a deal, in the lane of its client (P6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.pipeline.events import (
    DealAssigned,
    DealContactsChanged,
    DealJoinedClient,
    DealLeftClient,
    DealLinesChanged,
    DealOpened,
    DealStageChanged,
    DealTouched,
    DealValueChanged,
)
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection
from services.pipeline.projections.erased import erased_key, may_name
from services.pipeline.projections.present import present


class Line(msgspec.Struct, frozen=True):
    """A product in the deal. `total` in minor units of the deal's currency, `cost` in those of the base currency."""

    product_id: str
    quantity: str
    total: int | None
    unit_cost: str | None
    cost: int | None


class Deal(msgspec.Struct, frozen=True):
    """`value` in minor units of `currency`, `base_value` of the base currency; times UTC ms. `entered_at`: the present
    stage. `personal` 1: title or external id hold words about a person. `version`: the stream's, for If-Match."""

    deal_id: str
    number: int
    client_id: str | None
    contact_ids: tuple[str, ...]
    owner_id: str | None
    funnel_id: str
    stage_id: str
    title: str
    value: int
    currency: str | None
    rate: str
    base_value: int
    lines: tuple[Line, ...]
    country: str | None
    external_id: str | None
    personal: int
    opened_at: int
    opened_imputed: bool
    entered_at: int
    changed_at: int
    touched_at: int | None
    version: int


def words(deal: Deal) -> str:
    """Return what search looks in (P21: `#123`)."""
    return " ".join(filter(None, (f"#{deal.number}", deal.title, deal.external_id)))


DEALS = Projection(
    "deals",
    1,
    [
        Collection(
            "deals",
            Deal,
            {
                "client_id": "text",
                "owner_id": "text",
                "funnel_id": "text",
                "stage_id": "text",
                "number": "int",
                "base_value": "int",
                "personal": "int",
                "opened_at": "int",
                "entered_at": "int",
                "changed_at": "int",
            },
            (
                ("client_id",),
                ("owner_id", "changed_at"),
                ("funnel_id", "stage_id", "changed_at"),
                ("number",),
                ("base_value",),
                ("opened_at",),
                ("changed_at",),
            ),
            words,
        )
    ],
)


def _keys(data: Any, _event: RecordedEvent) -> Iterable[Key]:
    return [("deals", data.deal_id)]


def _whole_keys(data: Any, event: RecordedEvent) -> Iterable[Key]:
    return [*_keys(data, event), *erased_key(data.client_id)]


@DEALS.on(DealOpened, keys=_whole_keys)
def _opened(ctx: Context, data: Any, event: RecordedEvent) -> None:
    at = event.occurred_at
    _put_whole(ctx, data, event, opened_at=at, opened_imputed=event.imputed, entered_at=at, touched_at=None)


@DEALS.on(DealJoinedClient, keys=_whole_keys)
def _joined(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _put_whole(
        ctx,
        data,
        event,
        opened_at=data.opened_at,
        opened_imputed=data.opened_imputed,
        entered_at=data.visits[-1].entered_at,
        touched_at=data.touched_at,
    )


def _put_whole(
    ctx: Context,
    data: Any,
    event: RecordedEvent,
    *,
    opened_at: int,
    opened_imputed: bool,
    entered_at: int,
    touched_at: int | None,
) -> None:
    title, external_id = (data.title, data.external_id or None) if may_name(ctx, data.client_id) else ("", None)
    deal = Deal(
        deal_id=data.deal_id,
        number=data.number,
        client_id=data.client_id,
        contact_ids=tuple(data.contact_ids),
        owner_id=data.owner_id,
        funnel_id=data.funnel_id,
        stage_id=data.stage_id,
        title=title,
        value=data.value,
        currency=data.currency,
        rate=data.rate,
        base_value=data.base_value,
        lines=_lines(data),
        country=data.country,
        external_id=external_id,
        personal=int(bool(title or external_id)),
        opened_at=opened_at,
        opened_imputed=opened_imputed,
        entered_at=entered_at,
        changed_at=event.occurred_at,
        touched_at=touched_at,
        version=event.version,
    )
    ctx.put("deals", data.deal_id, deal)


def _lines(data: Any) -> tuple[Line, ...]:
    return tuple(Line(line.product_id, line.quantity, line.total, line.unit_cost, line.cost) for line in data.lines)


@DEALS.on(DealStageChanged, keys=_keys)
def _moved(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, stage_id=data.stage_id, entered_at=event.occurred_at)


@DEALS.on(DealValueChanged, keys=_keys)
def _valued(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, value=data.value, currency=data.currency, rate=data.rate, base_value=data.base_value)


@DEALS.on(DealLinesChanged, keys=_keys)
def _lines_changed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, lines=_lines(data))


@DEALS.on(DealContactsChanged, keys=_keys)
def _contacts_changed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, contact_ids=tuple(data.contact_ids))


@DEALS.on(DealAssigned, keys=_keys)
def _assigned(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, owner_id=data.owner_id)


@DEALS.on(DealTouched, keys=_keys)
def _touched(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, touched_at=event.occurred_at)


@DEALS.on(DealLeftClient, keys=_keys)
def _left(ctx: Context, data: Any, event: RecordedEvent) -> None:
    deal = ctx.get("deals", data.deal_id)
    if deal is not None and deal.version < event.version:
        ctx.delete("deals", data.deal_id)


def _change(ctx: Context, data: Any, event: RecordedEvent, **fields: Any) -> None:
    deal: Deal = present(ctx, "deals", data.deal_id)
    ctx.put("deals", data.deal_id, replace(deal, changed_at=event.occurred_at, version=event.version, **fields))
