"""Clients by their metrics: filtered, sorted, with the totals of all that match (S1.2, S1.14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from contracts.base import Line
from contracts.clients.events import ClientStatus, Temperature
from services.analytics.projections.model import ATTRIBUTES, LISTED, ROWS
from services.analytics.projections.shapes import Row
from services.analytics.queries.numbers import Numbers
from services.analytics.reads.clients import Metrics, metrics
from services.analytics.reads.kept import added_up
from services.analytics.reads.shared import Numeric, Six, head, numbers_of, seen_by, six
from services.kit.context import matches, ordered
from services.kit.documents import Filter
from services.kit.query import MATCH, SEARCHED, Match, PageParams, Reading, Whose, equal, unless
from services.kit.rights import needs

_SUMMED = ("sales_count", "sales_sum", "in_work_count", "in_work_sum", "refused_count", "refused_sum", "balance")
_ATTRIBUTES = ("country", "segment", "category")
_SORTS = (
    "sales_count", "sales_sum", "avg_check", "in_work_count", "in_work_sum", "refused_count", "refused_sum",
    "first_sale_at", "last_sale_at", "profit", "balance", "changed_at",
)  # fmt: skip
_OWES: dict[str | None, list[Filter]] = {
    None: [],
    "balance<0": [Filter("owes", "=", 1)],
    "balance>=0": [Filter("owes", "=", 0)],
}
"""The conditions on numbers that the counter of lists tells apart."""
_CONDITION = rf"({'|'.join(_SORTS)})(<=|>=|<|>|=)(-?[0-9]{{1,18}})"


class MetricsTotals(Six, frozen=True, kw_only=True):
    """Of all clients that match, not only those of the page. `balance`: of a list of what lists show (`listed`), once a
    payment was stored. `exact` false: a search found more than it looks at; these are the totals of those."""

    clients: int
    balance: int | None
    exact: bool


class MetricsPage(Numeric, frozen=True, kw_only=True):
    """Clients in the order asked for, with the totals of all that match."""

    items: list[Metrics]
    next: str | None
    totals: MetricsTotals
    near: bool = False
    """Nothing that is listed has all words of the search: names are written a little otherwise."""


class MetricsParams(PageParams):
    """Sort by any metric; `-` descending. Filters combine; an empty one means: not known."""

    sort: Annotated[str, StringConstraints(pattern=rf"^-?({'|'.join(_SORTS)})$")] = "-sales_sum"
    owner_id: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_.:-]{1,64})?$")] | None = None
    country: Line | None = None
    segment: Line | None = None
    category: Line | None = None
    status: ClientStatus | None = None
    temperature: Temperature | None = None
    tag: Line | None = Field(None, description="One of the client's tags, as it is written there.")
    where: Annotated[str, StringConstraints(max_length=1000, pattern=rf"^{_CONDITION}(,{_CONDITION})*$")] | None = (
        Field(None, description="Conditions on metrics, separated by commas, such as `balance<0`; sums in minor units.")
    )
    listed: bool = Field(False, description="Without clients in the archive, and those whose personal data was erased.")
    q: Line | None = Field(
        None, description=f"Search, as in the list of clients: out of {SEARCHED} found, one page without a cursor."
    )
    match: Match | None = MATCH
    ids: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:,-]{1,13000}$")] | None = Field(
        None, description="Only these, separated by commas, at most 200; without order, cursor and other filters."
    )


async def clients_metrics(reading: Reading, params: MetricsParams) -> MetricsPage:
    """List clients by a metric, with totals (S1.2, S1.14)."""
    if "profit" in params.sort or "profit" in (params.where or ""):
        needs("profit").check(reading.caller)
    numbers = await numbers_of(reading)
    seen = await seen_by(reading, numbers)
    if params.ids is not None:
        rows = await numbers.rows([id for id in params.ids.split(",") if id][:200])
        shown = [row for row in rows if row.subject == "client" and not numbers.hides(row)]
        return _page(reading, numbers, seen, shown, _of_rows(shown, params, seen))
    where = [Filter("rules", "=", numbers.rules.id), Filter("subject", "=", "client"), *_filters(params)]
    where += reading.within(Whose.OWNER)
    sort = [(params.sort.removeprefix("-"), params.sort.startswith("-"))]
    if params.q:
        made = _page(reading, numbers, seen, [], _of_rows([], params, seen))
        there = [*unless(not params.listed, "archived_at"), *unless(not params.listed, "erased_at")]
        there += reading.within(Whose.OWNER)
        async for hits in reading.search("clients", "clients", params.q, params.match, there):
            rows = await numbers.rows([each.id for each in hits.rows])
            fitting = [(row.subject_id, row) for row in rows if all(matches(each, row) for each in where)]
            in_order = [row for _, row in ordered(fitting, sort)]
            totals = _of_rows(in_order, params, seen, exact=hits.exact)
            made = _page(reading, numbers, seen, in_order[: params.limit], totals, near=hits.near and bool(in_order))
            if in_order:
                break
        return made
    page = await reading.reader.find(numbers.group, ROWS.name, where, sort, cursor=params.cursor, limit=params.limit)
    totals = await _totals(numbers, params, where, seen)
    return _page(reading, numbers, seen, [stored.document for stored in page.rows], totals, page.next)


def _page(
    reading: Reading,
    numbers: Numbers,
    seen: frozenset[str],
    rows: Sequence[Row],
    totals: MetricsTotals,
    next: str | None = None,
    near: bool = False,
) -> MetricsPage:
    items = [metrics(numbers, row, seen) for row in rows]
    return MetricsPage(**head(reading), items=items, next=next, totals=totals, near=near)


def _filters(params: MetricsParams) -> Iterator[Filter]:
    yield from equal(params, "owner_id", *_ATTRIBUTES, "status", "temperature")
    if params.tag is not None:
        yield Filter("tag_words", "word", params.tag)
    if params.listed:
        yield Filter("listed", "=", 1)
    for column, op, value in re.findall(_CONDITION, params.where or ""):
        yield Filter(column, op, int(value))


async def _totals(numbers: Numbers, params: MetricsParams, where: list[Filter], seen: frozenset[str]) -> MetricsTotals:
    """Return the totals from the counter that has them; else add up the rows."""
    named = [name for name in _ATTRIBUTES if getattr(params, name) is not None]
    owes = _OWES.get(params.where)
    if params.listed and params.tag is None and owes is not None and not named:
        found = await numbers.total(LISTED.name, [*equal(params, "owner_id", "status", "temperature"), *owes])
        return _made(params, seen, found.get("clients", 0), found)
    counted = params.tag is None and params.where is None
    if counted and not params.listed and params.status is None and params.temperature is None and len(named) < 2:
        name = named[0] if named else _ATTRIBUTES[0]
        filters = [Filter("name", "=", name), *equal(params, "owner_id")]
        if named:
            filters.append(Filter("value", "=", getattr(params, name)))
        found = await numbers.total(ATTRIBUTES.name, filters)
        return _made(params, seen, found.get("clients", 0), found)
    found = await added_up(numbers, where, _SUMMED)
    return _made(params, seen, found["count"], found)


def _of_rows(rows: Sequence[Row], params: MetricsParams, seen: frozenset[str], *, exact: bool = True) -> MetricsTotals:
    return _made(params, seen, len(rows), {name: sum(getattr(row, name) for row in rows) for name in _SUMMED}, exact)


def _made(
    params: MetricsParams, seen: frozenset[str], clients: int, found: dict[str, Any], exact: bool = True
) -> MetricsTotals:
    balance = found.get("balance", 0) if params.listed and "payment" in seen else None
    return MetricsTotals(clients=clients, balance=balance, exact=exact, **six(found))
