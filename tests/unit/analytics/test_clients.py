"""Clients in the numbers: attributes, first-time buyers, ways through client funnels (P20)."""

from tests.unit.analytics.support import T0, H, Story, eight, ms, row, sums, total, values


def one(**more) -> Story:
    story = Story()
    story.client("c1", T0, country="UA", segment="S", category="VIP", owner_id="u1", temperature="hot", **more)
    return story


def test_a_row_shows_the_attributes_of_its_client():
    found = row(one(status="current").fold())
    assert (found.registered, found.country, found.segment, found.category) == (True, "UA", "S", "VIP")
    assert (found.owner_id, found.status, found.temperature, found.changed_at) == ("u1", "current", "hot", T0)


def test_nothing_known_is_empty():
    story = Story()
    story.client("c1", T0, imputed=True)
    context = story.fold()
    assert (row(context).country, row(context).owner_id, row(context).temperature) == ("", "", "")
    assert context.documents["people"]["c1"].imputed
    assert context.documents["people"]["c1"].registered_at == T0


def test_details_status_temperature_and_owner_follow():
    story = one()
    story.details("c1", T0 + H, country="PL", segment=None, category=None)
    story.client_status("c1", "current", T0 + 2 * H)
    story.temperature("c1", None, T0 + 3 * H)
    story.client_owner("c1", None, T0 + 4 * H)
    found = row(story.fold())
    assert (found.country, found.segment, found.status, found.temperature, found.owner_id) == (
        "PL", "", "current", "", "",
    )  # fmt: skip
    assert found.changed_at == T0 + 4 * H
    story.client_owner("c1", "u9")
    story.temperature("c1", "cold")
    assert (row(story.fold()).owner_id, row(story.fold()).temperature) == ("u9", "cold")


def test_by_country_when_a_client_moves():
    story = one()
    story.deal("d1", "W", 500)
    assert sums(story.fold(), "attributes", "value", name="country") == {"UA": (1, 1, 500, 0, 0, 0, 0)}
    story.details("c1", country="PL")
    context = story.fold()
    assert sums(context, "attributes", "value", name="country") == {"PL": (1, 1, 500, 0, 0, 0, 0)}
    story.move("d1", "L")
    assert sums(story.fold(), "attributes", "value", name="country") == {"PL": (1, 0, 0, 0, 0, 1, 500)}


def test_a_deal_may_come_before_its_client_between_topics():  # DESIGN 5
    story = Story()
    story.deal("d1", "W", 500, T0)
    context = story.fold()
    assert not context.counters["attributes"]
    assert not row(context).registered
    story.client("c1", T0 + H, country="UA", owner_id="u2")
    context = story.fold()
    assert sums(context, "attributes", "value", name="country") == {"UA": (1, 1, 500, 0, 0, 0, 0)}
    assert {owner: v[3] for owner, v in sums(context, "months", "owner_id").items()} == {"u1": 0, "u2": 1}


def test_a_first_time_buyer_is_of_the_month_of_the_first_sale():  # P22
    story = one()
    story.deal("d1", "W", 5, ms("2026-01-05"))
    story.deal("d2", "W", 5, ms("2026-03-05"))
    assert {m: v[3] for m, v in sums(story.fold(), "months", "month").items()} == {"2026-01": 1, "2026-03": 0}
    story.move("d1", "A", ms("2026-04-05"))
    assert {m: v[3] for m, v in sums(story.fold(), "months", "month").items()} == {"2026-03": 1}
    story.move("d1", "W", ms("2026-05-05"))
    assert {m: v[3] for m, v in sums(story.fold(), "months", "month").items()} == {"2026-03": 1, "2026-05": 0}
    story.client_owner("c1", "u2")
    assert total(story.fold(), "months", owner_id="u2").new_clients == 1


def test_a_way_through_a_client_funnel_is_a_purchase():  # P20
    story = one()
    story.walk("c1", "lead", 100, T0 + H, owner="u3")
    context = story.fold()
    assert eight(row(context)) == (0, 0, 0, 1, 100, 0, 0)
    story.walk("c1", "buyer", 250, T0 + 3 * H, owner="u3")
    story.walk("c1", "buyer", 300, T0 + 4 * H)
    context = story.fold()
    assert eight(row(context)) == (1, 300, 300, 0, 0, 0, 0)
    assert row(context).first_sale_at == T0 + 3 * H
    assert values(context, "stay:k\x1flead") == [2 * H]
    assert len(context.documents["facts"]["c1:k"].stays) == 2
    assert total(context, "deal_totals").deals == 0
    story.walk("c1", "gone", 300, T0 + 5 * H)
    assert eight(row(story.fold())) == (0, 0, 0, 0, 0, 1, 300)
    story.rules("deals")
    assert eight(row(story.fold())) == (0,) * 7


def test_totals_of_lists_follow_status_temperature_and_owner():
    story = one(tags=["vip", "new"])
    story.deal("d1", "W", 500)
    story.pay("y1", 200)
    by = ("owner_id", "status", "temperature")
    context = story.fold()
    assert sums(context, "listed", *by) == {("u1", "potential", "hot"): (1, 1, 500, 0, 0, 0, 0, -300)}
    assert (row(context).tags, row(context).listed, row(context).tag_words) == (("vip", "new"), 1, "\x1fvip\x1fnew\x1f")
    story.client_status("c1", "current")
    story.temperature("c1", None)
    story.client_owner("c1", "u2")
    story.details("c1", tags=["old"])
    context = story.fold()
    assert sums(context, "listed", *by) == {("u2", "current", ""): (1, 1, 500, 0, 0, 0, 0, -300)}
    assert row(context).tags == ("old",)


def test_totals_of_lists_tell_apart_who_owes():
    """The sign of the balance alone moves a client from one total to the other; 0 is not owed."""
    story = one()
    story.deal("d1", "W", 500)
    assert sums(story.fold(), "listed", "owes") == {1: (1, 1, 500, 0, 0, 0, 0, -500)}
    story.pay("y1", 499)
    assert sums(story.fold(), "listed", "owes") == {1: (1, 1, 500, 0, 0, 0, 0, -1)}
    story.pay("y2", 1)
    assert sums(story.fold(), "listed", "owes") == {0: (1, 1, 500, 0, 0, 0, 0, 0)}
    story.pay("y3", 1)
    assert sums(story.fold(), "listed", "owes") == {0: (1, 1, 500, 0, 0, 0, 0, 1)}


def test_who_is_in_the_archive_or_erased_is_in_no_total_of_lists():  # X10
    story = one()
    story.deal("d1", "W", 500)
    story.archive("c1")
    context = story.fold()
    assert (row(context).listed, context.counters["listed"], row(context).sales_sum) == (0, {}, 500)
    story.archive("c1", back=True)
    assert sums(story.fold(), "listed", "status") == {"potential": (1, 1, 500, 0, 0, 0, 0, -500)}
    story.erase("c1")
    context = story.fold()
    assert (row(context).listed, context.counters["listed"]) == (0, {})
    assert sums(context, "attributes", "value", name="country") == {"UA": (1, 1, 500, 0, 0, 0, 0)}


def test_facts_of_a_client_that_is_not_registered_yet_are_in_no_list():
    story = Story()
    story.deal("d1", "W", 500)
    context = story.fold()
    assert (row(context).listed, context.counters["listed"]) == (0, {})
