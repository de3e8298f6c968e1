"""Revenue per product: lines are converted unrounded and only their sum is rounded (DEFINITIONS), so with fractions."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import duckdb

from contracts.money import EXPONENTS

_SUMS = """
SELECT line.product_id, coalesce(counted.owner_id, ''), coalesce(counted.currency, ''), line.total IS NULL AS whole,
       CASE WHEN line.total IS NULL THEN '1' ELSE coalesce(counted.rate, '1') END AS rate,
       sum(coalesce(line.total, counted.amount))
FROM line JOIN counted USING (kind, id) WHERE sale = 1 GROUP BY ALL
"""


def fill_product_revenue(base: duckdb.DuckDBPyConnection) -> None:
    """Make the table `product_revenue`: minor units of the base currency per product id, rounded half-up once; and
    `owner_revenue`: millionths of them per product and owner, rounded.

    A line without a total is the whole fact, whose base amount is pinned already."""
    found = base.execute("SELECT getvariable('base')").fetchone()
    places = EXPONENTS.get(found[0] if found else "", 2)
    revenue: dict[str, Fraction] = defaultdict(Fraction)
    owned: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for product, owner, currency, whole, rate, total in base.execute(_SUMS).fetchall():
        shift = 0 if whole or not currency else places - EXPONENTS.get(currency, 2)
        value = Fraction(total) / Fraction(rate) * Fraction(10) ** shift
        revenue[product] += value
        owned[product, owner] += value
    base.execute("CREATE TABLE product_revenue (id VARCHAR, revenue BIGINT)")
    if revenue:
        base.executemany("INSERT INTO product_revenue VALUES (?, ?)", [(k, _rounded(v)) for k, v in revenue.items()])
    base.execute("CREATE TABLE owner_revenue (product_id VARCHAR, owner_id VARCHAR, micro HUGEINT)")
    if owned:
        rows = [(*key, _rounded(value * 10**6)) for key, value in owned.items()]
        base.executemany("INSERT INTO owner_revenue VALUES (?, ?, ?)", rows)


def _rounded(value: Fraction) -> int:
    size = (2 * abs(value) + 1) // 2
    return int(size) if value >= 0 else -int(size)
