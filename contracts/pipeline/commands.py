"""What may be asked of funnels, deals, products, orders, payments and rates. The first id field names the stream."""

from __future__ import annotations

from typing import Annotated

from contracts.base import (
    EDGE,
    Command,
    Day,
    Fraction,
    Id,
    Instant,
    LanguageCode,
    Line,
    Minor,
    MinorPositive,
    Model,
    Name,
    Ordinal,
    Price,
    Quantity,
    Rate,
    Text,
)
from contracts.money import Currency
from contracts.pipeline.events import StageKind, Subject
from contracts.pipeline.facts import DealLine, OrderLine


class StageSpec(Model):
    """A stage to be made with its funnel."""

    stage_id: Id
    name: Name
    kind: StageKind = "none"
    probability: Fraction | None = None
    external_id: Line | None = None


class DefineFunnel(Command):
    """Make a funnel with its stages in order."""

    funnel_id: Id
    name: Name
    subject: Subject
    stages: list[StageSpec] = []
    external_id: Annotated[Line | None, EDGE] = None


class AddStage(Command):
    funnel_id: Id
    stage_id: Id
    name: Name
    position: Ordinal | None = None
    kind: StageKind = "none"
    probability: Fraction | None = None
    external_id: Annotated[Line | None, EDGE] = None


class RenameStage(Command):
    funnel_id: Id
    stage_id: Id
    name: Name


class MoveStage(Command):
    funnel_id: Id
    stage_id: Id
    position: Ordinal


class ChangeStageProbability(Command):
    funnel_id: Id
    stage_id: Id
    probability: Fraction | None


class ArchiveStage(Command):
    funnel_id: Id
    stage_id: Id


class _Deal(Command):
    deal_id: Id


class OpenDeal(_Deal):
    """`value` in minor units of `currency`. `stage_id` None: the first stage."""

    client_id: Id | None = None
    contact_ids: list[Id] = []
    owner_id: Id | None = None
    funnel_id: Id
    stage_id: Id | None = None
    title: Line = ""
    value: MinorPositive = 0
    currency: Currency | None = None
    lines: list[DealLine] = []
    country: Line | None = None
    number: Annotated[int, EDGE] = 0
    rate: Annotated[Rate, EDGE] = "1"
    base_value: Annotated[Minor, EDGE] = 0
    external_id: Annotated[Line | None, EDGE] = None


class MoveDeal(_Deal):
    """Move to a stage of the deal's funnel, with another value if given (P6)."""

    stage_id: Id
    value: MinorPositive | None = None
    currency: Currency | None = None
    rate: Annotated[Rate, EDGE] = "1"
    base_value: Annotated[Minor, EDGE] = 0


class ChangeDealValue(_Deal):
    value: MinorPositive
    currency: Currency | None = None
    rate: Annotated[Rate, EDGE] = "1"
    base_value: Annotated[Minor, EDGE] = 0


class ChangeDealLines(_Deal):
    lines: list[DealLine]


class ChangeDealContacts(_Deal):
    contact_ids: list[Id]


class AssignDeal(_Deal):
    owner_id: Id | None


class TouchDeal(_Deal):
    pass


class ChangeDealClient(_Deal):
    """Give the deal to another client, or its first one: left and joined in one append (DESIGN 4)."""

    client_id: Id | None


class AddProduct(Command):
    """`names`, `descriptions` by language (`en`, `uk`, `ru`), `""` for all others (P27)."""

    product_id: Id
    names: dict[LanguageCode, Name]
    descriptions: dict[LanguageCode, Text] = {}
    category: Line | None = None
    unit: Line | None = None
    external_id: Annotated[Line | None, EDGE] = None


class ChangeProduct(Command):
    product_id: Id
    names: dict[LanguageCode, Name]
    descriptions: dict[LanguageCode, Text] = {}
    category: Line | None = None
    unit: Line | None = None


class SetPrice(Command):
    product_id: Id
    price: Price
    currency: Currency
    valid_from: Instant | None = None


class SetCost(Command):
    product_id: Id
    cost: Price
    currency: Currency
    valid_from: Instant | None = None


class ArchiveProduct(Command):
    product_id: Id


class SetRate(Command):
    """Units of `currency` for one unit of the workspace's base currency on that UTC day (P10)."""

    currency: Currency
    day: Day
    rate: Rate
    base: Annotated[Currency | None, EDGE] = None


class LineSpec(Model):
    """A line as ordered; `unit_price` None: the product's price of the day. `discount` is a fraction, 0.1 = 10 %."""

    product_id: Id
    quantity: Quantity
    unit_price: Price | None = None
    discount: Fraction = "0"


class PlaceOrder(Command):
    """Totals, costs and rates are worked out and pinned by the edge."""

    order_id: Id
    client_id: Id | None = None
    contact_ids: list[Id] = []
    owner_id: Id | None = None
    deal_id: Id | None = None
    funnel_id: Id | None = None
    status: Id | None = None
    currency: Currency | None = None
    lines: list[LineSpec] = []
    shipping: MinorPositive = 0
    tax: MinorPositive = 0
    required_at: Instant | None = None
    country: Line | None = None
    branch: Line | None = None
    number: Annotated[int, EDGE] = 0
    priced: Annotated[list[OrderLine], EDGE] = []
    rate: Annotated[Rate, EDGE] = "1"
    total: Annotated[Minor, EDGE] = 0
    base_total: Annotated[Minor, EDGE] = 0
    base_cost: Annotated[Minor | None, EDGE] = None
    base_shipping: Annotated[Minor, EDGE] = 0
    base_tax: Annotated[Minor, EDGE] = 0
    external_id: Annotated[Line | None, EDGE] = None


class ChangeOrderLines(Command):
    order_id: Id
    lines: list[LineSpec]
    priced: Annotated[list[OrderLine], EDGE] = []
    rate: Annotated[Rate, EDGE] = "1"
    total: Annotated[Minor, EDGE] = 0
    base_total: Annotated[Minor, EDGE] = 0
    base_cost: Annotated[Minor | None, EDGE] = None


class ChangeOrderStatus(Command):
    order_id: Id
    status: Id
    legal: Annotated[list[Id] | None, EDGE] = None
    """Statuses that may follow the present one; None: any of the funnel (an imported funnel has no rules)."""


class AssignOrder(Command):
    order_id: Id
    owner_id: Id | None


class ShipOrder(Command):
    order_id: Id
    branch: Line | None = None
    manager_id: Id | None = None
    status: Id | None = None
    """Also move the order to this status, in the same append."""


class ChangeOrderClient(Command):
    order_id: Id
    client_id: Id | None


class ReceivePayment(Command):
    payment_id: Id
    client_id: Id | None = None
    order_id: Id | None = None
    amount: MinorPositive
    currency: Currency
    branch: Line | None = None
    owner_id: Annotated[Id | None, EDGE] = None
    rate: Annotated[Rate, EDGE] = "1"
    base_amount: Annotated[Minor, EDGE] = 0
    external_id: Annotated[Line | None, EDGE] = None


class ReversePayment(Command):
    payment_id: Id
    reason: Text = ""


class ChangePaymentClient(Command):
    payment_id: Id
    client_id: Id | None


FunnelCommand = DefineFunnel | AddStage | RenameStage | MoveStage | ChangeStageProbability | ArchiveStage
DealCommand = (
    OpenDeal
    | MoveDeal
    | ChangeDealValue
    | ChangeDealLines
    | ChangeDealContacts
    | AssignDeal
    | TouchDeal
    | ChangeDealClient
)
ProductCommand = AddProduct | ChangeProduct | SetPrice | SetCost | ArchiveProduct
OrderCommand = PlaceOrder | ChangeOrderLines | ChangeOrderStatus | AssignOrder | ShipOrder | ChangeOrderClient
PaymentCommand = ReceivePayment | ReversePayment | ChangePaymentClient
