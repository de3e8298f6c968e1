"""Metrics of contact persons: of the deals and orders in which they take part (P3); all 0 where in none (S1.12)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.base import Id
from contracts.problem import NotFound
from services.analytics.projections.shapes import Row
from services.analytics.queries.numbers import Numbers
from services.analytics.reads.clients import Metrics, MetricsAnswer, metrics
from services.analytics.reads.shared import Numeric, head, numbers_of, seen_by
from services.kit.context import matches
from services.kit.documents import Stored
from services.kit.query import Params, Reading, Whose, newest

_MOST = 200


class ContactsMetrics(Numeric, frozen=True, kw_only=True):
    """The metrics of contact persons, in the order they were asked for."""

    items: list[Metrics]


class ContactMetricsParams(Params):
    """One contact person."""

    contact_id: Id


class ContactsMetricsParams(Params):
    """Some contact persons; of those that are not there, or out of reach, nothing is told."""

    ids: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:,-]{0,13000}$")] = Field(
        "", description=f"Separated by commas, at most {_MOST}; none: nothing is shown."
    )


async def contact_metrics(reading: Reading, params: ContactMetricsParams) -> MetricsAnswer:
    """Show a contact person's metrics: of the deals and orders in which they take part (P3). All 0 if in none."""
    await contact_within(reading, params.contact_id)
    numbers = await numbers_of(reading)
    row = await contact_row(reading, numbers, params.contact_id)
    if row is None or row.subject != "contact":
        raise NotFound(f"there is no contact {params.contact_id}")
    return MetricsAnswer(**head(reading), item=metrics(numbers, row, await seen_by(reading, numbers)))


async def contacts_metrics(reading: Reading, params: ContactsMetricsParams) -> ContactsMetrics:
    """Show the metrics of these contact persons (S1.15, P3)."""
    wanted = list(dict.fromkeys(id for id in params.ids.split(",") if id))[:_MOST]
    found: dict[str, list[Stored]] = {}
    for stored in await reading.reader.get_many(reading.groups["clients"], "contacts", wanted):
        found.setdefault(stored.id, []).append(stored)
    within = reading.within(Whose.OWNER)
    shown = [id for id in wanted if id in found and all(matches(each, newest(found[id])) for each in within)]
    numbers = await numbers_of(reading)
    rows = {row.subject_id: row for row in await numbers.rows(shown) if row.subject == "contact"}
    seen = await seen_by(reading, numbers)
    items = [metrics(numbers, rows.get(id) or _nothing(numbers, id), seen) for id in shown]
    return ContactsMetrics(**head(reading), items=items)


async def contact_within(reading: Reading, contact_id: str) -> None:
    """Raise NotFound for a contact person of a client out of the caller's reach."""
    if reading.reach is not None:
        await reading.get("clients", "contacts", contact_id, "contact", whose=Whose.OWNER)


async def contact_row(reading: Reading, numbers: Numbers, id: str) -> Row | None:
    """Return the row with this id, also an empty one of a contact person of whom no deal and no order was seen yet."""
    row = await numbers.row(id)
    if row is None and await reading.reader.get(reading.groups["clients"], "contacts", id):
        return _nothing(numbers, id)
    return row


def _nothing(numbers: Numbers, contact_id: str) -> Row:
    return Row(numbers.rules.id, "contact", contact_id)
