"""The columns of each file of a bundle (DEFINITIONS 1) and what their cells may hold; the id column comes first."""

from __future__ import annotations

from services.importer.cells import (
    currency,
    fraction,
    instant,
    line,
    long,
    one_of,
    past,
    past_day,
    price,
    quantity,
    whole,
    word,
)
from services.importer.csvfile import Column, Row

__all__ = ["LINES", "PRODUCTS", "STAGES", "USERS", "Row", "customers", "deals", "notes", "orders", "payments", "rates"]

KINDS = one_of("in_work", "won", "lost")
USERS = [
    Column("user_id", word, required=True),
    Column("name", line),
    Column("team", word),
    Column("manager", word),
    Column("region", word),
]
PRODUCTS = [
    Column("product_id", word, required=True),
    Column("name", line),
    Column("category", word),
    Column("list_price", price),
    Column("unit_cost", price),
    Column("currency", currency),
]
STAGES = [
    Column("pipeline_id", word, required=True),
    Column("stage_id", word, required=True),
    Column("position", whole, required=True),
    Column("kind", KINDS, required=True),
    Column("probability", fraction),
]
LINES = [
    Column("order_id", word, required=True),
    Column("line_no", whole, required=True),
    Column("product_id", word, required=True),
    Column("quantity", price, required=True),
    Column("unit_price", price, required=True),
    Column("discount", fraction),
    Column("line_total", price, required=True),
    Column("unit_cost", price),
]


def rates(now: int) -> list[Column]:
    """Return the columns of `fx_rates.csv`; days up to now (UTC ms)."""
    return [
        Column("date", past_day(now), required=True),
        Column("currency", currency, required=True),
        Column("units_per_base", quantity, required=True),
    ]


def customers(now: int) -> list[Column]:
    """Return the columns of `customers.csv`; times up to now (UTC ms)."""
    return [
        Column("customer_id", word, required=True),
        Column("name", line),
        Column("segment", word),
        Column("country", word),
        Column("city", word),
        Column("currency", currency),
        Column("owner_id", word),
        Column("email", line),
        Column("phone", line),
        Column("created_at", past(now)),
    ]


def deals(now: int) -> list[Column]:
    """Return the columns of `deals.csv`; times up to now (UTC ms)."""
    return [
        Column("deal_id", word, required=True),
        Column("pipeline_id", word, required=True),
        Column("customer_id", word),
        Column("owner_id", word),
        Column("product_id", word),
        Column("country", word),
        Column("amount", price),
        Column("currency", currency),
        Column("created_at", past(now)),
    ]


def orders(now: int) -> list[Column]:
    """Return the columns of `orders.csv`; times up to now (UTC ms), but for `required_at`."""
    return [
        Column("order_id", word, required=True),
        Column("customer_id", word),
        Column("owner_id", word),
        Column("ordered_at", past(now), required=True),
        Column("required_at", instant),
        Column("shipped_at", past(now)),
        Column("status", word, required=True),
        Column("status_kind", KINDS, required=True),
        Column("currency", currency),
        Column("shipping_cost", price),
        Column("tax", price),
        Column("country", word),
    ]


def payments(now: int) -> list[Column]:
    """Return the columns of `payments.csv`; times up to now (UTC ms)."""
    return [
        Column("payment_id", word, required=True),
        Column("customer_id", word),
        Column("order_id", word),
        Column("paid_at", past(now), required=True),
        Column("amount", price, required=True),
        Column("currency", currency),
    ]


def notes(now: int) -> list[Column]:
    """Return the columns of `notes.csv`; times up to now (UTC ms)."""
    return [
        Column("note_id", word, required=True),
        Column("customer_id", word),
        Column("order_id", word),
        Column("created_at", past(now)),
        Column("text", long, required=True),
    ]
