"""Products with all their prices and costs (P11, P27)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.pipeline.events import CostSet, PriceSet, ProductAdded, ProductArchived, ProductChanged
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection
from services.pipeline.projections.present import present


class Value(msgspec.Struct, frozen=True, order=True):
    """A price or cost per unit, decimal text, in force from `valid_from` (UTC ms) on."""

    valid_from: int
    currency: str
    value: str


class Product(msgspec.Struct, frozen=True):
    """Names and descriptions by language, `""` for all others; `name` is that one, else the first. Prices and costs
    ascend by `valid_from`. Times UTC ms. `version`: the stream's, for If-Match."""

    product_id: str
    name: str
    names: dict[str, str]
    descriptions: dict[str, str]
    category: str | None
    unit: str | None
    external_id: str | None
    archived: int
    prices: tuple[Value, ...]
    costs: tuple[Value, ...]
    added_at: int
    changed_at: int
    version: int


def words(product: Product) -> str:
    """Return what search looks in: the name in every language and the external id."""
    return " ".join([*product.names.values(), product.external_id or ""]).strip()


PRODUCTS = Projection(
    "products",
    1,
    [
        Collection(
            "products",
            Product,
            {"name": "text", "category": "text", "archived": "int", "changed_at": "int"},
            (("name",), ("category", "name"), ("changed_at",)),
            words,
        )
    ],
)


def _keys(data: Any, _event: RecordedEvent) -> Iterable[Key]:
    return [("products", data.product_id)]


def _details(data: Any) -> dict[str, Any]:
    names = dict(data.names)
    return {
        "name": names.get("") or next(iter(names.values())),
        "names": names,
        "descriptions": dict(data.descriptions),
        "category": data.category,
        "unit": data.unit,
    }


@PRODUCTS.on(ProductAdded, keys=_keys)
def _added(ctx: Context, data: Any, event: RecordedEvent) -> None:
    if ctx.lane == 0:
        product = Product(
            product_id=data.product_id,
            **_details(data),
            external_id=data.external_id,
            archived=0,
            prices=(),
            costs=(),
            added_at=event.occurred_at,
            changed_at=event.occurred_at,
            version=event.version,
        )
        ctx.put("products", data.product_id, product)


@PRODUCTS.on(ProductChanged, keys=_keys)
def _changed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    if ctx.lane == 0:
        _put(ctx, present(ctx, "products", data.product_id), event, **_details(data))


@PRODUCTS.on(PriceSet, keys=_keys)
def _priced(ctx: Context, data: Any, event: RecordedEvent) -> None:
    if ctx.lane == 0:
        product: Product = present(ctx, "products", data.product_id)
        _put(ctx, product, event, prices=_with(product.prices, data.valid_from, data.currency, data.price))


@PRODUCTS.on(CostSet, keys=_keys)
def _costed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    if ctx.lane == 0:
        product: Product = present(ctx, "products", data.product_id)
        _put(ctx, product, event, costs=_with(product.costs, data.valid_from, data.currency, data.cost))


@PRODUCTS.on(ProductArchived, keys=_keys)
def _archived(ctx: Context, data: Any, event: RecordedEvent) -> None:
    if ctx.lane == 0:
        _put(ctx, present(ctx, "products", data.product_id), event, archived=1)


def _with(values: tuple[Value, ...], valid_from: int, currency: str, value: str) -> tuple[Value, ...]:
    """A second value of the same currency and moment replaces the first."""
    others = [old for old in values if (old.valid_from, old.currency) != (valid_from, currency)]
    return tuple(sorted([*others, Value(valid_from, currency, value)]))


def _put(ctx: Context, product: Product, event: RecordedEvent, **fields: Any) -> None:
    changed = replace(product, changed_at=event.occurred_at, version=event.version, **fields)
    ctx.put("products", product.product_id, changed)
