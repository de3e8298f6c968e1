"""The rows of clients and contact persons, kept by difference; the parts are what they are sums of (DESIGN 6, X2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import neg, sub
from typing import Any

from msgspec.structs import replace

from contracts.money import half_up
from services.analytics.projections.calendar import month_of
from services.analytics.projections.model import ATTRIBUTES, FACTS, LISTED, MONTHS, PARTS, ROWS
from services.analytics.projections.sale import Sale
from services.analytics.projections.shapes import VOID, Fact, Part, Person, Row, Ruleset
from services.kit.documents import Filter
from services.kit.projection import Context

_COUNTS = {
    "bought": ("sales_count", "sales_sum"),
    "in_work": ("in_work_count", "in_work_sum"),
    "refused": ("refused_count", "refused_sum"),
    "none": ("none_count", "none_sum"),
}
_SLOTS = {"bought": 0, "in_work": 2, "refused": 4}
NOBODY = "-"
"""The row of facts without a client: counted in totals, in no client (DEFINITIONS)."""
_NAMES = ("country", "segment", "category")


def row_id(rules: Ruleset, subject_id: str) -> str:
    """Return the document id of a subject's row under a ruleset."""
    return f"{rules.id}:{subject_id}"


def row_of(context: Context, rules: Ruleset, subject: str, subject_id: str) -> Row:
    """Return the row as it is, or an empty one."""
    row: Row | None = context.get(ROWS.name, row_id(rules, subject_id))
    return row if row is not None else Row(rules=rules.id, subject=subject, subject_id=subject_id)


def save_row(context: Context, rules: Ruleset, before: Row, after: Row) -> None:
    """Store a row and move what boards add up of it: totals by attribute and first-time buyers by month."""
    if after == before:
        return
    if after.subject == "client":
        _move_shares(context, rules, before, after)
        _move_listed(context, rules, before, after)
        if (before.first_sale_at, before.owner_id) != (after.first_sale_at, after.owner_id):
            _first_sale(context, rules, before, -1)
            _first_sale(context, rules, after, 1)
    context.put(ROWS.name, row_id(rules, after.subject_id), after)


def _move_shares(context: Context, rules: Ruleset, before: Row, after: Row) -> None:
    """Move what a client gives to the totals by attribute: the difference alone where it stays in the same ones."""
    was, now = _shares(before), _shares(after)
    change = tuple(map(sub, now, was))
    for name in _NAMES:
        old, new = ((rules.id, name, getattr(row, name), row.owner_id) for row in (before, after))
        if old == new:
            if any(change):
                context.add(ATTRIBUTES.name, new, change)
            continue
        if any(was):
            context.add(ATTRIBUTES.name, old, tuple(map(neg, was)))
        context.add(ATTRIBUTES.name, new, now)


def _move_listed(context: Context, rules: Ruleset, before: Row, after: Row) -> None:
    """Move what a client gives to the totals of lists: the difference alone where it stays in the same ones."""
    was, now = _in_lists(before), _in_lists(after)
    old, new = ((rules.id, row.owner_id, row.status, row.temperature, int(row.balance < 0)) for row in (before, after))
    moves = [(old, tuple(map(sub, now, was)))] if old == new else [(old, tuple(map(neg, was))), (new, now)]
    for key, deltas in moves:
        if any(deltas):
            context.add(LISTED.name, key, deltas)


def _in_lists(row: Row) -> tuple[int, ...]:
    return (1, *_six(row), row.balance) if row.listed else (0,) * 8


def _shares(row: Row) -> tuple[int, ...]:
    """Return what a row gives to the totals by attribute: itself and its six sums, if the client is registered."""
    return (1, *_six(row)) if row.registered else (0, 0, 0, 0, 0, 0, 0)


def _six(row: Row) -> tuple[int, int, int, int, int, int]:
    return (
        row.sales_count,
        row.sales_sum,
        row.in_work_count,
        row.in_work_sum,
        row.refused_count,
        row.refused_sum,
    )


def _first_sale(context: Context, rules: Ruleset, row: Row, sign: int) -> None:
    if row.first_sale_at is not None:
        month = month_of(row.first_sale_at, rules.zone)
        context.add(MONTHS.name, (rules.id, month, row.owner_id), (0, 0, 0, sign))


def change_sale(
    context: Context, rules: Ruleset, fact_id: str, fact_kind: str, old: Sale | None, new: Sale | None
) -> None:
    """Move a fact's contribution in the rows of its client and contacts."""
    old_subjects, new_subjects = _subjects(old), _subjects(new)
    for subject_id, subject in (old_subjects | new_subjects).items():
        before = row_of(context, rules, subject, subject_id)
        row = before
        if old is not None and subject_id in old_subjects:
            row = _counted(row, old, -1)
        if new is not None and subject_id in new_subjects:
            row = _counted(row, new, 1)
        gone = old if subject_id in old_subjects else None
        come = new if subject_id in new_subjects else None
        _change_part(context, rules, subject_id, fact_id, fact_kind, come)
        row = _sale_dates(context, rules, row, gone, come)
        row = replace(
            row,
            avg_check=half_up(row.sales_sum, row.sales_count),
            balance=row.paid - row.billed,
        )
        save_row(context, rules, before, row)


def _subjects(sale: Sale | None) -> dict[str, str]:
    if sale is None or not sale.counted:
        return {}
    subjects = dict.fromkeys(sale.contact_ids, "contact")
    subjects[sale.client_id or NOBODY] = "client" if sale.client_id is not None else "nobody"
    return subjects


def _counted(row: Row, sale: Sale, sign: int) -> Row:
    count, total = _COUNTS[sale.kind]
    changes: dict[str, Any] = {
        count: getattr(row, count) + sign,
        total: getattr(row, total) + sign * sale.value,
    }
    if sale.kind == "bought":
        changes["profit"] = row.profit + sign * sale.profit
        changes["billed"] = row.billed + sign * sale.billed
    slot = _SLOTS.get(sale.kind)
    if slot is not None:
        sums = list(row.currencies.get(sale.currency, (0, 0, 0, 0, 0, 0)))
        sums[slot] += sign
        sums[slot + 1] += sign * sale.local
        currencies = dict(row.currencies)
        if any(sums):
            currencies[sale.currency] = tuple(sums)  # type: ignore[assignment]
        else:
            currencies.pop(sale.currency, None)
        changes["currencies"] = currencies
    return replace(row, **changes)


def _change_part(
    context: Context, rules: Ruleset, subject_id: str, fact_id: str, fact_kind: str, sale: Sale | None
) -> None:
    id = f"{rules.id}:{subject_id}:{fact_id}"
    if sale is None:
        context.delete(PARTS.name, id)
        return
    part = Part(rules.id, subject_id, sale.kind, sale.at, fact_id, fact_kind, sale.value, sale.profit, sale.billed)
    context.put(PARTS.name, id, part)


def _sale_dates(context: Context, rules: Ruleset, row: Row, gone: Sale | None, come: Sale | None) -> Row:
    """Return the row, its sales counted already, with its first and last sale; by an index read only where the one that
    left was at that end and others are left."""
    was = gone.at if gone is not None and gone.kind == "bought" else None
    now = come.at if come is not None and come.kind == "bought" else None
    if was == now:
        return row
    if row.sales_count == 0:
        return replace(row, first_sale_at=None, last_sale_at=None)
    first = _end(context, rules, row, row.first_sale_at, was, now, min)
    last = _end(context, rules, row, row.last_sale_at, was, now, max)
    return replace(row, first_sale_at=first, last_sale_at=last)


def _end(
    context: Context,
    rules: Ruleset,
    row: Row,
    end: int | None,
    was: int | None,
    now: int | None,
    choose: Callable[[int, int], int],
) -> int | None:
    """Return the first (choose: min) or last (max) sale, when one at `was` left and one at `now` came."""
    if was is not None and was == end:
        where = (Filter("rules", "=", rules.id), Filter("row_id", "=", row.subject_id), Filter("kind", "=", "bought"))
        found: list[Part] = context.find(PARTS.name, where, (("at", choose is max),))
        return found[0].at
    if now is None or end is None:
        return end if now is None else now
    return choose(end, now)


def change_paid(context: Context, rules: Ruleset, client_id: str | None, amount: int, at: int) -> None:
    """Add to what a client paid (minor base units; negative when a receipt is taken back)."""
    if client_id is not None:
        before = row_of(context, rules, "client", client_id)
        paid = before.paid + amount
        after = replace(before, paid=paid, balance=paid - before.billed, changed_at=max(before.changed_at, at))
        save_row(context, rules, before, after)


def change_person(context: Context, rules: Ruleset, person: Person, at: int) -> None:
    """Copy a client's attributes into its row."""
    before = row_of(context, rules, "client", person.id)
    if rules.id == VOID.id:
        save_row(context, rules, before, replace(before, changed_at=max(before.changed_at, at)))
        return
    after = replace(
        before,
        registered=person.registered,
        owner_id=person.owner_id,
        country=person.country,
        segment=person.segment,
        category=person.category,
        status=person.status,
        temperature=person.temperature,
        tags=person.tags,
        listed=int(person.registered and not person.archived and not person.erased),
        changed_at=max(before.changed_at, at),
    )
    save_row(context, rules, before, after)


def change_shipments(context: Context, rules: Ruleset, client_id: str, gone: int | None, come: int | None) -> None:
    """Move a client's first and last shipment; by an index read only when the one that left was at an end."""
    before = row_of(context, rules, "client", client_id)
    first, last = before.first_shipment_at, before.last_shipment_at
    if gone is not None and gone in (first, last):
        where = (Filter("client_id", "=", client_id), Filter("shipped_at", "not_null"))
        earliest: list[Fact] = context.find(FACTS.name, where, (("shipped_at", False),))
        latest: list[Fact] = context.find(FACTS.name, where, (("shipped_at", True),))
        first = earliest[0].shipped_at if earliest else None
        last = latest[0].shipped_at if latest else None
    elif come is not None:
        first = come if first is None else min(first, come)
        last = come if last is None else max(last, come)
    save_row(context, rules, before, replace(before, first_shipment_at=first, last_shipment_at=last))


def touch_rows(context: Context, rules: Ruleset, facts: tuple[Fact | None, Fact | None], at: int) -> None:
    """Note in the rows of all who take part in a fact that it changed, whatever it is worth (P4, "Last change")."""
    for subject, id in {s for fact in facts if fact is not None for s in _takes_part(fact)}:
        row = row_of(context, rules, subject, id)
        if at > row.changed_at:  # no board adds this up
            context.put(ROWS.name, row_id(rules, id), replace(row, changed_at=at))


def _takes_part(fact: Fact) -> Iterator[tuple[str, str]]:
    yield ("client", fact.client_id) if fact.client_id is not None else ("nobody", NOBODY)
    for contact_id in fact.contact_ids:
        yield "contact", contact_id


_SUMS = (*(name for pair in _COUNTS.values() for name in pair), "profit", "billed", "paid", "balance")


def together(rows: list[Row]) -> Row | None:
    """Return one subject's row from those of several lanes: a contact may have facts of clients in two of them."""
    if len(rows) < 2:
        return rows[0] if rows else None
    sums: dict[str, Any] = {name: sum(getattr(row, name) for row in rows) for name in _SUMS}
    for name, pick in (("first", min), ("last", max)):
        for what in ("sale_at", "shipment_at"):
            found = [at for row in rows if (at := getattr(row, f"{name}_{what}")) is not None]
            sums[f"{name}_{what}"] = pick(found) if found else None
    currencies: dict[str, tuple[int, int, int, int, int, int]] = {}
    for row in rows:
        for currency, six in row.currencies.items():
            known = currencies.get(currency, (0, 0, 0, 0, 0, 0))
            a, b, c, d, e, f = (x + y for x, y in zip(known, six, strict=True))
            currencies[currency] = (a, b, c, d, e, f)
    return replace(
        max(rows, key=lambda row: (row.registered, row.changed_at)),
        **sums,
        currencies=currencies,
        avg_check=half_up(sums["sales_sum"], sums["sales_count"]),
        changed_at=max(row.changed_at for row in rows),
    )
