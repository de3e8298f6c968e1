"""Prices, costs and sums worked out once, to be pinned in events: half-up, rates of the day (P10, P11, P27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from contracts.money import converted, to_minor, to_units
from contracts.pipeline.commands import LineSpec
from contracts.pipeline.facts import DealLine, OrderLine
from contracts.problem import Invalid, UnknownReference
from services.pipeline.known import PipelineKnown

_MOST = 10**15
_COST_DECIMALS = Decimal("0.0001")
_PRECISION = 80
"""Enough digits for quantity x price x discount without rounding on the way."""


@dataclass(frozen=True, slots=True)
class Money:
    """In which currency an amount stands, at which pinned rate, and the workspace's base currency."""

    currency: str
    rate: str
    base: str

    def in_base(self, minor: int, *, field: str) -> int:
        """Return minor units of the currency as minor units of the base. Raises Invalid if that is too large."""
        return _bounded(converted(minor, self.currency, self.base, self.rate), field)


@dataclass(frozen=True, slots=True)
class Priced:
    """An order's lines and sums: `total` in its currency, `base_*` in the base currency, minor units."""

    lines: list[OrderLine]
    total: int
    base_total: int
    base_cost: int | None


def base_of(known: PipelineKnown) -> str:
    """Return the base currency. Raises Invalid (currency) before it is set."""
    base = known.base_currency()
    if base is None:
        raise Invalid("set the base currency in the settings first", field="currency")
    return base


def money_at(known: PipelineKnown, currency: str | None, at: int) -> Money:
    """Return the currency (None: the base) with its rate of the UTC day. Raises Invalid (currency) or MissingRate."""
    base = base_of(known)
    code = currency or base
    rate = known.rate(code, at)
    known.has_money = True
    return Money(code, rate, base)


def check_products(known: PipelineKnown, lines: Sequence[DealLine | LineSpec]) -> None:
    """Raise UnknownReference (lines) if a line names a product that does not exist."""
    for line in lines:
        if line.product_id not in known.products:
            raise UnknownReference(f"there is no product {line.product_id}", field="lines")


def price_order(
    known: PipelineKnown,
    specs: Sequence[LineSpec],
    money: Money,
    *,
    at: int,
    rates_at: int,
    kept: Mapping[str, OrderLine],
) -> Priced:
    """Return the lines with prices and costs in force at `at`, exchanged at the rates of `rates_at` (UTC ms).

    `kept`: lines by product whose price and cost were frozen in the order before (P13)."""
    check_products(known, specs)
    lines = []
    for line_no, spec in enumerate(specs, start=1):
        old = kept.get(spec.product_id)
        price = spec.unit_price or (old.unit_price if old else _list_price(known, spec.product_id, money, at, rates_at))
        cost = (old.unit_cost if old else None) or _unit_cost(known, spec.product_id, money, at, rates_at)
        lines.append(
            OrderLine(
                line_no=line_no,
                product_id=spec.product_id,
                quantity=spec.quantity,
                unit_price=price,
                discount=spec.discount,
                total=_times(spec.quantity, price, money.currency, spec.discount),
                unit_cost=cost,
                cost=None if cost is None else _times(spec.quantity, cost, money.currency),
            )
        )
    total = _bounded(sum(line.total for line in lines), "lines")
    costs = [line.cost for line in lines if line.cost is not None]
    base_cost = money.in_base(_bounded(sum(costs), "lines"), field="lines") if costs else None
    return Priced(lines, total, money.in_base(total, field="lines"), base_cost)


def cost_deal(
    known: PipelineKnown, lines: Sequence[DealLine], *, at: int, kept: Mapping[str, DealLine]
) -> list[DealLine]:
    """Return the lines with their costs pinned in the base currency: those in force at `at` (UTC ms), or as `kept`."""
    check_products(known, lines)
    return [_costed(known, line, at, kept.get(line.product_id)) for line in lines]


def _costed(known: PipelineKnown, line: DealLine, at: int, old: DealLine | None) -> DealLine:
    cost = old.unit_cost if old else None
    if cost is None and known.cost_at(line.product_id, at) is None:
        return line.model_copy(update={"unit_cost": None, "cost": None})
    base = base_of(known)
    cost = cost or _unit_cost(known, line.product_id, Money(base, "1", base), at, at) or "0"
    known.has_money = True
    return line.model_copy(update={"unit_cost": cost, "cost": _times(line.quantity, cost, base)})


def _list_price(known: PipelineKnown, product_id: str, money: Money, at: int, rates_at: int) -> str:
    """Return the price in the order's currency, else another one exchanged and rounded to the minor unit (P27)."""
    price = known.price_at(product_id, at, money.currency)
    if price is not None:
        return price
    other = known.any_price_at(product_id, at)
    if other is None:
        raise Invalid(f"the product {product_id} has no price at that time; give a unit price", field="lines")
    amount = _exchanged(known, other[1], other[0], money, rates_at)
    return format(to_units(to_minor(amount, money.currency), money.currency), "f")


def _unit_cost(known: PipelineKnown, product_id: str, money: Money, at: int, rates_at: int) -> str | None:
    """Return the cost as set if it is in the order's currency, else exchanged, with four decimals."""
    found = known.cost_at(product_id, at)
    if found is None or found[0] == money.currency:
        return found[1] if found else None
    with localcontext() as context:
        context.prec = _PRECISION
        amount = _exchanged(known, found[1], found[0], money, rates_at)
        return format(amount.quantize(_COST_DECIMALS, rounding=ROUND_HALF_UP), "f")


def _exchanged(known: PipelineKnown, amount: str, currency: str, money: Money, rates_at: int) -> Decimal:
    with localcontext() as context:
        context.prec = _PRECISION
        return Decimal(amount) * Decimal(money.rate) / Decimal(known.rate(currency, rates_at))


def _times(quantity: str, price: str, currency: str, discount: str = "0") -> int:
    with localcontext() as context:
        context.prec = _PRECISION
        value = Decimal(quantity) * Decimal(price) * (1 - Decimal(discount))
        if abs(value) > _MOST:
            raise Invalid("the amount is too large", field="lines")
        return _bounded(to_minor(value, currency), "lines")


def _bounded(minor: int, field: str) -> int:
    if abs(minor) > _MOST:
        raise Invalid("the amount is too large", field=field)
    return minor
