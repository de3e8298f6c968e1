"""A product: names by language, prices and costs with the day they hold from (P11, P27). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import assert_never

from contracts.pipeline.commands import AddProduct, ArchiveProduct, ChangeProduct, ProductCommand, SetCost, SetPrice
from contracts.pipeline.events import CostSet, PriceSet, ProductAdded, ProductArchived, ProductChanged
from contracts.problem import AlreadyExists, IllegalMove, Invalid, NotFound
from services.kit.decider import Decider

Values = dict[tuple[str, int], str]
"""(currency, valid from in UTC ms) → price or cost per unit."""


@dataclass(frozen=True)
class New:
    """Not added yet."""


@dataclass(frozen=True)
class Listed:
    """Can be sold."""

    product_id: str
    names: dict[str, str]
    descriptions: dict[str, str]
    category: str | None
    unit: str | None
    prices: Values = field(default_factory=dict)
    costs: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Archived:
    """No longer sold; history keeps its name."""


Product = New | Listed | Archived
ProductEvent = ProductAdded | ProductChanged | PriceSet | CostSet | ProductArchived


def decide(command: ProductCommand, product: Product) -> list[ProductEvent]:
    """Raise AlreadyExists, NotFound, Invalid (names) or IllegalMove (archived)."""
    match command, product:
        case AddProduct(), New():
            _check(command.names)
            return [
                ProductAdded(
                    product_id=command.product_id,
                    names=command.names,
                    descriptions=command.descriptions,
                    category=command.category,
                    unit=command.unit,
                    external_id=command.external_id,
                )
            ]
        case AddProduct(), _:
            raise AlreadyExists(f"the product {command.product_id} is there already", field="product_id")
        case _, New():
            raise NotFound(f"there is no product {command.product_id}", field="product_id")
        case ArchiveProduct(), Archived():
            return []
        case _, Archived():
            raise IllegalMove("the product is archived and is not changed any more", field="product_id")
        case ChangeProduct(), Listed():
            return _changed(command, product)
        case SetPrice(), Listed():
            since = _since(command)
            if _unchanged(product.prices, command.currency, since, command.price):
                return []
            return [
                PriceSet(
                    product_id=command.product_id, price=command.price, currency=command.currency, valid_from=since
                )
            ]
        case SetCost(), Listed():
            since = _since(command)
            if _unchanged(product.costs, command.currency, since, command.cost):
                return []
            return [
                CostSet(product_id=command.product_id, cost=command.cost, currency=command.currency, valid_from=since)
            ]
        case ArchiveProduct(), Listed():
            return [ProductArchived(product_id=command.product_id)]
        case _:
            assert_never((command, product))


def _changed(command: ChangeProduct, product: Listed) -> list[ProductEvent]:
    _check(command.names)
    if (command.names, command.descriptions, command.category, command.unit) == (
        product.names,
        product.descriptions,
        product.category,
        product.unit,
    ):
        return []
    return [
        ProductChanged(
            product_id=command.product_id,
            names=command.names,
            descriptions=command.descriptions,
            category=command.category,
            unit=command.unit,
        )
    ]


def _check(names: dict[str, str]) -> None:
    if not names:
        raise Invalid('give at least one name; "" is the language of the name for all others', field="names")


def _since(command: SetPrice | SetCost) -> int:
    """Return from when it holds, UTC ms: as asked, else from the command's time on, else always."""
    return next((moment for moment in (command.valid_from, command.at) if moment is not None), 0)


def _unchanged(values: Values, currency: str, since: int, value: str) -> bool:
    stored = values.get((currency, since))
    return stored is not None and Decimal(stored) == Decimal(value)


def evolve(product: Product, event: ProductEvent) -> Product:
    """Return the product after the event."""
    match product, event:
        case _, ProductAdded():
            return Listed(event.product_id, dict(event.names), dict(event.descriptions), event.category, event.unit)
        case New() | Archived(), _:
            return product
        case Listed(), ProductChanged():
            return replace(
                product,
                names=dict(event.names),
                descriptions=dict(event.descriptions),
                category=event.category,
                unit=event.unit,
            )
        case Listed(), PriceSet():
            return replace(product, prices=product.prices | {(event.currency, event.valid_from): event.price})
        case Listed(), CostSet():
            return replace(product, costs=product.costs | {(event.currency, event.valid_from): event.cost})
        case Listed(), ProductArchived():
            return Archived()
        case _:
            assert_never((product, event))


PRODUCT: Decider[ProductCommand, Product, ProductEvent] = Decider("product", New(), decide, evolve)
