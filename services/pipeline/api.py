"""What may be asked about funnels, deals, orders, payments, products and exchange rates."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import Field, StringConstraints

from contracts.base import Id, Line
from contracts.pipeline.events import Subject
from services.kit.documents import Filter
from services.kit.query import ListParams, One, Page, PageParams, Params, Reading, Sorts, Whose, equal
from services.kit.rights import needs
from services.kit.service import Query
from services.pipeline.projections.deals import Deal
from services.pipeline.projections.funnels import Funnel
from services.pipeline.projections.payments import Payment
from services.pipeline.projections.products import Product
from services.pipeline.projections.rates import Rate
from services.pipeline.shown import Order, deal_shown, order_shown, product_shown


def _both_ways(*columns: str) -> Sorts:
    return {sign + column: ((column, bool(sign)),) for column in columns for sign in ("", "-")}


_DEAL_SORTS: Sorts = _both_ways("number", "base_value", "opened_at", "changed_at")
_ORDER_SORTS: Sorts = _both_ways("number", "base_total", "ordered_at", "changed_at", "shipped_at")
_PAYMENT_SORTS: Sorts = _both_ways("base_amount", "paid_at", "changed_at")
_PRODUCT_SORTS: Sorts = _both_ways("name", "changed_at")


class FunnelsParams(PageParams):
    """Funnels with their stages."""

    subject: Subject | None = None


class FunnelParams(Params):
    """One funnel."""

    funnel_id: Id


class DealsParams(ListParams):
    """Deals, what changed last first."""

    sort: Literal[
        "number", "-number", "base_value", "-base_value", "opened_at", "-opened_at", "changed_at", "-changed_at"
    ] = "-changed_at"
    client_id: Id | None = None
    owner_id: Id | None = None
    funnel_id: Id | None = None
    stage_id: Id | None = None


class DealParams(Params):
    """One deal."""

    deal_id: Id


class OrdersParams(ListParams):
    """Orders, the newest first."""

    sort: Literal[
        "number",
        "-number",
        "base_total",
        "-base_total",
        "ordered_at",
        "-ordered_at",
        "changed_at",
        "-changed_at",
        "shipped_at",
        "-shipped_at",
    ] = "-ordered_at"
    client_id: Id | None = None
    owner_id: Id | None = None
    deal_id: Id | None = None
    funnel_id: Id | None = None
    status: Id | None = None


class OrderParams(Params):
    """One order."""

    order_id: Id


class PaymentsParams(ListParams):
    """Payments, the newest first."""

    sort: Literal["base_amount", "-base_amount", "paid_at", "-paid_at", "changed_at", "-changed_at"] = "-paid_at"
    client_id: Id | None = None
    order_id: Id | None = None
    owner_id: Id | None = None
    branch: Line | None = None


class PaymentParams(Params):
    """One payment."""

    payment_id: Id


class ProductsParams(ListParams):
    """Products by name."""

    sort: Literal["name", "-name", "changed_at", "-changed_at"] = "name"
    category: Line | None = None
    archived: bool = Field(False, description="Also show archived products.")


class ProductParams(Params):
    """One product."""

    product_id: Id


class RatesParams(PageParams):
    """Exchange rates, the newest day first."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None


async def funnels(reading: Reading, params: FunnelsParams) -> Page[Funnel]:
    """List funnels with their stages in order, archived ones too (P7)."""
    return await reading.find("catalog", "funnels", params, equal(params, "subject"), whose=Whose.ALL)


async def funnel(reading: Reading, params: FunnelParams) -> One[Funnel]:
    """Show a funnel."""
    return reading.one(await reading.get("catalog", "funnels", params.funnel_id, "funnel", whose=Whose.ALL))


async def deals(reading: Reading, params: DealsParams) -> Page[Deal]:
    """List deals. Searched by title and #number."""
    where = equal(params, "client_id", "owner_id", "funnel_id", "stage_id")
    page = await reading.find("pipeline", "deals", params, where, _DEAL_SORTS[params.sort], whose=Whose.OWNER)
    return replace(page, items=[deal_shown(reading.caller, each) for each in page.items])


async def deal(reading: Reading, params: DealParams) -> One[Deal]:
    """Show a deal."""
    return reading.one(
        deal_shown(reading.caller, await reading.get("pipeline", "deals", params.deal_id, "deal", whose=Whose.OWNER))
    )


async def orders(reading: Reading, params: OrdersParams) -> Page[Order]:
    """List orders. Searched by #number."""
    if "base_total" in params.sort:
        needs("money").check(reading.caller)
    where = equal(params, "client_id", "owner_id", "deal_id", "funnel_id", "status")
    page = await reading.find("pipeline", "orders", params, where, _ORDER_SORTS[params.sort], whose=Whose.OWNER)
    return replace(page, items=[order_shown(reading.caller, each) for each in page.items])


async def order(reading: Reading, params: OrderParams) -> One[Order]:
    """Show an order."""
    return reading.one(
        order_shown(
            reading.caller, await reading.get("pipeline", "orders", params.order_id, "order", whose=Whose.OWNER)
        )
    )


async def payments(reading: Reading, params: PaymentsParams) -> Page[Payment]:
    """List payments, reversed ones too."""
    where = equal(params, "client_id", "order_id", "owner_id", "branch")
    return await reading.find("pipeline", "payments", params, where, _PAYMENT_SORTS[params.sort], whose=Whose.OWNER)


async def payment(reading: Reading, params: PaymentParams) -> One[Payment]:
    """Show a payment."""
    return reading.one(await reading.get("pipeline", "payments", params.payment_id, "payment", whose=Whose.OWNER))


async def products(reading: Reading, params: ProductsParams) -> Page[Product]:
    """List products with all their prices and costs. Searched by name."""
    where = equal(params, "category") + ([] if params.archived else [Filter("archived", "=", 0)])
    page = await reading.find("catalog", "products", params, where, _PRODUCT_SORTS[params.sort], whose=Whose.ALL)
    return replace(page, items=[product_shown(reading.caller, each) for each in page.items])


async def product(reading: Reading, params: ProductParams) -> One[Product]:
    """Show a product."""
    return reading.one(
        product_shown(
            reading.caller, await reading.get("catalog", "products", params.product_id, "product", whose=Whose.ALL)
        )
    )


async def rates(reading: Reading, params: RatesParams) -> Page[Rate]:
    """List exchange rates (P10)."""
    sort = [("day", True), ("currency", True)] if params.currency is None else [("day", True)]
    return await reading.find("catalog", "rates", params, equal(params, "currency"), sort, whose=Whose.ALL)


_CATALOG = ("catalog",)
_PIPELINE = ("pipeline",)
QUERIES = (
    Query("/funnels", _CATALOG, funnels, needs=needs("setup.read")),
    Query("/funnels/{funnel_id}", _CATALOG, funnel, needs=needs("setup.read")),
    Query("/deals", _PIPELINE, deals, needs=needs("deals.read")),
    Query("/deals/{deal_id}", _PIPELINE, deal, needs=needs("deals.read")),
    Query("/orders", _PIPELINE, orders, needs=needs("orders.read")),
    Query("/orders/{order_id}", _PIPELINE, order, needs=needs("orders.read")),
    Query("/payments", _PIPELINE, payments, needs=needs("payments.read")),
    Query("/payments/{payment_id}", _PIPELINE, payment, needs=needs("payments.read")),
    Query("/products", _CATALOG, products, needs=needs("goods.read")),
    Query("/products/{product_id}", _CATALOG, product, needs=needs("goods.read")),
    Query("/rates", _CATALOG, rates, needs=needs("setup.read")),
)
