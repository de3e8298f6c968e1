"""Boards of goods and money on their way: shipments, receipts, fulfilment (S4.3 to S4.8)."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from services.analytics.queries import boards
from services.analytics.reads.shared import Durations, Numeric, durations, head, numbers_of, seen_by, share
from services.kit.query import Params, Reading


class ShipmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Shipments of a month; of a branch or seller too where asked for, else null. An empty one is unknown. `cost` is
    null while no cost was ever stored."""

    month: str
    branch: str | None
    owner_id: str | None
    shipments: int
    goods: int
    cost: int | None
    shipping: int


class ShipmentsBoard(Numeric, frozen=True, kw_only=True):
    """Shipments by month."""

    rows: list[ShipmentRow]


class ReceiptRow(msgspec.Struct, frozen=True, kw_only=True):
    """Receipts of a month; of a branch or owner too where asked for, else null. Reversals count against their date."""

    month: str
    branch: str | None
    owner_id: str | None
    payments: int
    amount: int


class ReceiptsBoard(Numeric, frozen=True, kw_only=True):
    """Receipts by month."""

    rows: list[ReceiptRow]


class FulfilmentBoard(Numeric, frozen=True, kw_only=True):
    """Orders from ordered to shipped. `share` = shipped / orders, decimal text with six decimals. `late`: shipped after
    the required date; null if no order has one."""

    orders: int
    shipped: int
    share: str | None
    late: int | None
    lead: Durations


class FlowParams(Params):
    """By month alone, or by branch or owner too."""

    by: Literal["month", "branch", "owner"] = "month"


_KEYS = {"month": ("month",), "branch": ("month", "branch"), "owner": ("month", "owner_id")}


async def shipments_board(reading: Reading, params: FlowParams) -> ShipmentsBoard:
    """Show shipments by month (S4.6)."""
    numbers = await numbers_of(reading)
    costs = "cost" in await seen_by(reading, numbers)
    rows = [
        ShipmentRow(
            month=row["month"],
            branch=row.get("branch"),
            owner_id=row.get("owner_id"),
            shipments=row["shipments"],
            goods=row["goods"],
            cost=row["cost"] if costs else None,
            shipping=row["shipping"],
        )
        for row in await boards.shipments(numbers, _KEYS[params.by])
    ]
    return ShipmentsBoard(**head(reading), rows=rows)


async def receipts_board(reading: Reading, params: FlowParams) -> ReceiptsBoard:
    """Show receipts by month (S4.3, S4.4)."""
    rows = [
        ReceiptRow(
            month=row["month"],
            branch=row.get("branch"),
            owner_id=row.get("owner_id"),
            payments=row["payments"],
            amount=row["amount"],
        )
        for row in await boards.receipts(await numbers_of(reading), _KEYS[params.by])
    ]
    return ReceiptsBoard(**head(reading), rows=rows)


async def fulfilment_board(reading: Reading, params: Params) -> FulfilmentBoard:
    """Show how orders get shipped."""
    _ = params
    found = await boards.fulfilment(await numbers_of(reading))
    mean = Fraction(found.lead_ms, found.shipped) if found.shipped else None
    return FulfilmentBoard(
        **head(reading),
        orders=found.orders,
        shipped=found.shipped,
        share=share(found.shipped, found.orders),
        late=found.late,
        lead=durations(found.lead, mean),
    )
