"""One fact changed: move every number it gives to, under each ruleset that is kept (DESIGN 6)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from services.analytics.projections.boards import (
    count_deal,
    count_fulfilment,
    count_receipt,
    count_sale,
    count_seen,
    count_shipment,
)
from services.analytics.projections.model import FACTS, LANE, PAYMENTS, PEOPLE, ROWS, SEEN
from services.analytics.projections.rows import change_paid, change_person, change_sale, change_shipments, touch_rows
from services.analytics.projections.sale import Sale, sale_of
from services.analytics.projections.shapes import VOID, Fact, LaneRules, Payment, Person, Ruleset
from services.analytics.projections.timings import change_timings
from services.kit.projection import Context

_DEFAULT = LaneRules()
LANE_ID = "lane"
PHASES = (PEOPLE.name, FACTS.name, PAYMENTS.name, ROWS.name)


def lane_rules(context: Context) -> LaneRules:
    """Return the lane's copy of the rules."""
    lane: LaneRules | None = context.get(LANE.name, LANE_ID)
    return lane if lane is not None else _DEFAULT


def rulesets(lane: LaneRules, phase: str, id: str) -> Iterator[Ruleset]:
    """Yield the rulesets a change of this document concerns: the active one, those that other lanes still answer under,
    and the one being derived if the derivation has passed the document (P2: live changes follow)."""
    yield lane.active
    yield from lane.previous
    if lane.building is not None:
        now, mine = PHASES.index(lane.phase), PHASES.index(phase)
        if mine < now or (mine == now and id <= lane.cursor):
            yield lane.building


def change_fact(context: Context, old: Fact | None, new: Fact | None, at: int) -> None:
    """Store the fact as it is now (None: gone) and move all its numbers. `at`: business time, UTC ms."""
    id = new.id if new is not None else old.id  # type: ignore[union-attr]
    if new is None:
        context.delete(FACTS.name, id)
    else:
        context.put(FACTS.name, id, new)
    lane = lane_rules(context)
    if lane.active.id != VOID.id:
        change_timings(context, old, new)
        if _unruled_parts(old) != _unruled_parts(new):
            for fact, sign in ((old, -1), (new, 1)):
                if fact is not None:
                    _unruled(context, fact, sign)
    for rules in rulesets(lane, FACTS.name, id):
        apply_rules(context, lane, rules, old, new, at)


def count_fact(context: Context, lane: LaneRules, rules: Ruleset, fact: Fact) -> None:
    """Count a stored fact under a ruleset that is being derived; if nothing of it was counted before, all of it."""
    if lane.active.id == VOID.id:
        change_timings(context, None, fact)
        _unruled(context, fact, 1)
    apply_rules(context, lane, rules, None, fact, 0)


def _unruled_parts(fact: Fact | None) -> object:
    """Return what the counters that know no rules depend on."""
    if fact is None:
        return None
    seen = fact.cost is not None, bool(fact.currency), fact.shipped is not None and fact.shipped[1] is not None
    return seen, fact.kind == "order" and (fact.owner_id, fact.created_at, fact.shipped_at, fact.required_at)


def _unruled(context: Context, fact: Fact, sign: int) -> None:
    count_seen(context, fact, sign)
    if fact.kind == "order":
        count_fulfilment(context, fact, sign)


def apply_rules(
    context: Context,
    lane: LaneRules,
    rules: Ruleset,
    old: Fact | None,
    new: Fact | None,
    at: int,
    was: LaneRules | None = None,
) -> None:
    """Move what the fact gives under one ruleset. `at`: when it changed (UTC ms); 0: it did not, rules are derived.
    `was`: the lane's stages when the fact was last counted, if they are others now."""
    if rules.id == VOID.id:
        touch_rows(context, rules, (old, new), at)
        return
    before = None if old is None else sale_of(old, was or lane, rules)
    after = None if new is None else sale_of(new, lane, rules)
    fact = new if new is not None else old
    if before != after and fact is not None:
        for sale, sign in ((before, -1), (after, 1)):
            if sale is not None:
                count_sale(context, rules, sale, sign)
                if fact.kind == "deal":
                    count_deal(context, rules, sale, sign)
        if _weight(before) != _weight(after):
            change_sale(context, rules, fact.id, fact.kind, before, after)
    if _shipment(old) != _shipment(new):
        if old is not None:
            count_shipment(context, rules, old, -1)
        if new is not None:
            count_shipment(context, rules, new, 1)
        _shipment_dates(context, rules, old, new)
    if at:
        touch_rows(context, rules, (old, new), at)


def _shipment_dates(context: Context, rules: Ruleset, old: Fact | None, new: Fact | None) -> None:
    gone = old.shipped_at if old is not None else None
    come = new.shipped_at if new is not None else None
    old_client = old.client_id if old is not None else None
    new_client = new.client_id if new is not None else None
    if old_client is not None and old_client == new_client:
        change_shipments(context, rules, old_client, gone, come)
    else:
        if old_client is not None and gone is not None:
            change_shipments(context, rules, old_client, gone, None)
        if new_client is not None and come is not None:
            change_shipments(context, rules, new_client, None, come)


def _weight(sale: Sale | None) -> object:
    """Return what a row depends on."""
    return None if sale is None else (*sale[:8], sale.client_id, sale.contact_ids)


def _shipment(fact: Fact | None) -> object:
    if fact is None or fact.shipped_at is None:
        return None
    return fact.shipped_at, fact.shipped, fact.branch, fact.owner_id, fact.client_id


def change_payment(context: Context, old: Payment | None, new: Payment | None, at: int) -> None:
    """Store the payment as it is now (None: gone) and move what was received and paid."""
    id = new.id if new is not None else old.id  # type: ignore[union-attr]
    if new is None:
        context.delete(PAYMENTS.name, id)
    else:
        context.put(PAYMENTS.name, id, new)
    for payment, sign in ((old, -1), (new, 1)):
        if payment is not None:
            context.add(SEEN.name, ("payment",), (sign,))
            for rules in rulesets(lane_rules(context), PAYMENTS.name, id):
                apply_payment(context, rules, payment, sign, at)


def apply_payment(context: Context, rules: Ruleset, payment: Payment, sign: int, at: int) -> None:
    """Count a payment under one ruleset; `sign` -1 takes it back."""
    if rules.id == VOID.id:
        change_paid(context, rules, payment.client_id, 0, at)
        return
    count_receipt(context, rules, payment, sign)
    amount = 0 if payment.reversed_at is not None else payment.amount
    change_paid(context, rules, payment.client_id, sign * amount, at)


def put_person(context: Context, person: Person, at: int) -> None:
    """Store a client's attributes and copy them into its rows."""
    context.put(PEOPLE.name, person.id, person)
    for rules in rulesets(lane_rules(context), PEOPLE.name, person.id):
        change_person(context, rules, person, at)


def person_of(context: Context, client_id: str) -> Person:
    """Return a client's attributes as they are, or empty ones."""
    person: Person | None = context.get(PEOPLE.name, client_id)
    return person if person is not None else replace(_NOBODY, id=client_id)


_NOBODY = Person(id="")
