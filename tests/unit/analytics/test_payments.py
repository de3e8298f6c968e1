"""Receipts and their reversals (P11, DEFINITIONS)."""

import pytest

from services.analytics.projections.group import ANALYTICS
from tests.support.memory import fold
from tests.unit.analytics.support import T0, Story, lane, ms, row, sums


def paid() -> Story:
    story = Story()
    story.client("c1", T0)
    story.client("c2", T0)
    story.pay("m1", 5_000, ms("2026-01-10"), owner="u1", branch="Kyiv")
    return story


def test_a_receipt_counts_in_its_month_and_for_its_pinned_owner():
    context = paid().fold()
    assert sums(context, "receipts", "month", "branch", "owner_id") == {("2026-01", "Kyiv", "u1"): (1, 5_000)}
    assert (row(context).paid, row(context).balance, row(context).changed_at) == (5_000, 5_000, ms("2026-01-10"))
    assert context.counters["seen"]["payment",] == (1,)


def test_a_reversal_is_a_negative_receipt_of_its_own_date():
    story = paid()
    story.reverse("m1", ms("2026-03-02"))
    context = story.fold()
    assert sums(context, "receipts", "month") == {"2026-01": (1, 5_000), "2026-03": (1, -5_000)}
    assert (row(context).paid, row(context).balance) == (0, 0)


def test_payments_of_nobody_are_receipts_only():
    story = Story()
    story.pay("m1", 100, ms("2026-01-10"), client=None, owner=None)
    context = story.fold()
    assert sums(context, "receipts", "month", "owner_id") == {("2026-01", ""): (1, 100)}
    assert not context.documents["rows"]


@pytest.mark.parametrize("reversed_", [False, True])
def test_a_payment_changes_its_client(reversed_):
    story = paid()
    if reversed_:
        story.reverse("m1", ms("2026-03-02"))
    before = sums(story.fold(), "receipts", "month", "branch", "owner_id")
    story.payment_client("m1", "c2", ms("2026-04-01"))
    context = story.fold()
    assert (row(context, "c1").paid, row(context, "c2").paid) == (0, 0 if reversed_ else 5_000)
    assert row(context, "c1").changed_at == row(context, "c2").changed_at == ms("2026-04-01")
    assert sums(context, "receipts", "month", "branch", "owner_id") == before
    story.payment_client("m1", None, ms("2026-04-02"))
    assert row(story.fold(), "c2").paid == 0


def test_what_was_never_received_cannot_be_reversed():
    story = paid()
    story.reverse("m1")
    with pytest.raises(LookupError, match="m1"):
        fold(ANALYTICS, story.recorded()[-1])


def test_the_balance_is_what_was_paid_less_what_was_billed():  # P11
    story = paid()
    story.order("o1", "done", ms("2026-01-11"), total=3_000, shipping=200, tax=100)
    context = story.fold()
    assert (row(context).billed, row(context).balance) == (3_300, 1_700)
    story.status("o1", "off")
    assert row(story.fold()).balance == 5_000
    assert lane(context).active.id == "0.0"
