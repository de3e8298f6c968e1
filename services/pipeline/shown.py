"""Deals, orders and products as the caller may see them: costs by the right on profit, money by that on money (P17)."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from services.kit.rights import Caller
from services.pipeline.projections import orders
from services.pipeline.projections.deals import Deal
from services.pipeline.projections.products import Product


class OrderLine(msgspec.Struct, frozen=True):
    """A line as pinned; `total` and `cost` in minor units of the order's currency. Money is null without the right."""

    line_no: int
    product_id: str
    quantity: str
    unit_price: str | None
    discount: str | None
    total: int | None
    unit_cost: str | None
    cost: int | None


class Order(msgspec.Struct, frozen=True):
    """`total` in minor units of `currency`, `base_*` of the base currency; times UTC ms. `entered_at`: the present
    status. `personal` 1: the external id may be a name. `version`: the stream's, for If-Match. Money is null without
    the right, but for that of the shipment; costs are null without the right on profit."""

    order_id: str
    number: int
    client_id: str | None
    contact_ids: tuple[str, ...]
    owner_id: str | None
    deal_id: str | None
    funnel_id: str
    status: str
    currency: str | None
    rate: str
    total: int | None
    base_total: int | None
    base_cost: int | None
    base_shipping: int | None
    base_tax: int | None
    lines: tuple[OrderLine, ...]
    required_at: int | None
    country: str | None
    branch: str | None
    external_id: str | None
    personal: int
    ordered_at: int
    ordered_imputed: bool
    entered_at: int
    changed_at: int
    shipped_at: int | None
    shipment: orders.Shipment | None
    version: int


def order_shown(caller: Caller, order: orders.Order) -> Order:
    """Return the order without what the caller may not see."""
    money, costs = caller.may("money"), caller.may("profit")
    fields = {name: getattr(order, name) for name in order.__struct_fields__}
    fields["lines"] = tuple(_line(line, money=money, costs=costs) for line in order.lines)
    if not money:
        fields |= dict.fromkeys(("total", "base_total", "base_shipping", "base_tax"))
    if not costs:
        fields["base_cost"] = None
        fields["shipment"] = None if order.shipment is None else replace(order.shipment, cost=None)
    return Order(**fields)


def _line(line: orders.Line, *, money: bool, costs: bool) -> OrderLine:
    return OrderLine(
        line.line_no,
        line.product_id,
        line.quantity,
        line.unit_price if money else None,
        line.discount if money else None,
        line.total if money else None,
        line.unit_cost if costs else None,
        line.cost if costs else None,
    )


def deal_shown(caller: Caller, deal: Deal) -> Deal:
    """Return the deal without the costs of its lines, if the caller may not see them."""
    if caller.may("profit"):
        return deal
    return replace(deal, lines=tuple(replace(line, unit_cost=None, cost=None) for line in deal.lines))


def product_shown(caller: Caller, product: Product) -> Product:
    """Return the product without prices or costs that the caller may not see."""
    if not caller.may("profit"):
        product = replace(product, costs=())
    return product if caller.may("money") else replace(product, prices=())
