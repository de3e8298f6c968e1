"""The rows of a bundle as the importer keeps them: checked, money still as written, times UTC ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any


def digest(*parts: Any) -> str:
    """Return 16 hex digits that change when what a row says changes."""
    return sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(slots=True)
class Meta:
    """What `meta.json` says of the whole bundle."""

    dataset: str | None
    sales_source: str
    as_of: int
    base_currency: str | None


@dataclass(slots=True)
class Customer:
    """`begin`: when it became a client (UTC ms); `sold`: its first sale, None without one. Both are worked out last."""

    line: int
    id: str
    name: str | None
    segment: str | None
    country: str | None
    city: str | None
    currency: str | None
    owner: str | None
    email: str | None
    phone: str | None
    created_at: int | None
    begin: int | None = None
    sold: int | None = None

    def digest(self) -> str:
        """Return what tells whether the row changed."""
        told = (self.segment, self.country, self.city, self.currency, self.owner, self.email, self.phone)
        return digest(self.name, *told)

    def fact(self, at: int) -> None:
        """Take in the time of one of its deals, orders, payments or notes."""
        if self.begin is None or at < self.begin:
            self.begin = at

    def sale(self, at: int) -> None:
        """Take in the time of a sale."""
        if self.sold is None or at < self.sold:
            self.sold = at


@dataclass(slots=True)
class User:
    """A seller or owner."""

    line: int
    id: str
    name: str | None
    team: str | None
    manager: str | None
    region: str | None

    def digest(self) -> str:
        """Return what tells whether the row changed."""
        return digest(self.name, self.team, self.manager, self.region)


@dataclass(slots=True)
class Product:
    """Price and cost are decimals in `currency`."""

    line: int
    id: str
    name: str | None
    category: str | None
    price: str | None
    cost: str | None
    currency: str | None

    def digest(self) -> str:
        """Return what tells whether the row changed."""
        return digest(self.name, self.category, self.price, self.cost, self.currency)


@dataclass(slots=True)
class Stage:
    """A stage of a deal funnel; `kind` in the bundle's words."""

    line: int
    pipeline: str
    id: str
    position: int
    kind: str
    probability: str | None
    place: int = 0
    """Index in `Bundle.stages`."""


@dataclass(slots=True)
class Deal:
    """A deal without its events; these are in `DealEvents` from index `first` to `last`."""

    line: int
    id: str
    pipeline: str
    customer: str | None
    owner: str | None
    product: str | None
    country: str | None
    currency: str | None
    created_at: int | None
    first: int = -1
    last: int = -1

    def digest(self) -> str:
        """Return what tells whether the row changed."""
        told = (self.customer, self.owner, self.product, self.country, self.currency)
        return digest(self.pipeline, *told)


@dataclass(slots=True)
class Line:
    """A line of an order; all decimals as written."""

    number: int
    product: str
    quantity: str
    unit_price: str
    discount: str | None
    total: str
    unit_cost: str | None


@dataclass(slots=True)
class Order:
    """An order with its lines. `rate` of its day is filled in when all are read."""

    line: int
    id: str
    customer: str | None
    owner: str | None
    ordered_at: int
    required_at: int | None
    shipped_at: int | None
    status: str
    kind: str
    currency: str | None
    shipping: str | None
    tax: str | None
    country: str | None
    lines: list[Line] = field(default_factory=list)
    rate: str = "1"

    def digest(self) -> str:
        """Return what tells whether the row or one of its lines changed."""
        told = (self.customer, self.owner, self.required_at, self.status, self.kind, self.currency, self.shipping)
        lines = [(n.number, n.product, n.quantity, n.unit_price, n.discount, n.total, n.unit_cost) for n in self.lines]
        return digest(*told, self.tax, self.country, lines)


@dataclass(slots=True)
class Payment:
    """Money that came in."""

    line: int
    id: str
    customer: str | None
    order: str | None
    paid_at: int
    amount: str
    currency: str | None

    def digest(self) -> str:
        """Return what tells whether the row changed."""
        return digest(self.customer, self.order, self.amount, self.currency)


@dataclass(slots=True)
class Note:
    """A note on a customer, perhaps about an order."""

    line: int
    id: str
    customer: str
    order: str | None
    created_at: int | None
    text: str

    def digest(self) -> str:
        """Return what tells whether the row changed."""
        return digest(self.customer, self.order, self.text)


@dataclass(slots=True)
class Rate:
    """Units of `currency` for one unit of the base currency on that UTC day."""

    line: int
    day: str
    currency: str
    rate: str
