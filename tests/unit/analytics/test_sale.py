"""What a fact is worth under a ruleset: class, time, whether it counts (P1, P2, P6)."""

from services.analytics.projections.sale import kind_of, sale_of
from services.analytics.projections.shapes import Fact, LaneRules, Ruleset, Stay, stage_key

LANE = LaneRules(stages={stage_key("f", s): k for s, k in {"A": "in_work", "W": "bought", "W2": "bought"}.items()})
RULES = Ruleset()


def deal(*stays: Stay, **more) -> Fact:
    return Fact("d1", "deal", "f", stays[-1].stage_id, stays[0].entered_at, value=100, stays=stays, **more)


def test_the_class_is_that_of_the_rules_else_of_the_stage_else_none():  # P2
    rules = Ruleset(classes={stage_key("f", "A"): "bought"})
    assert kind_of(LANE, rules, "f", "A") == "bought"
    assert kind_of(LANE, rules, "f", "W") == "bought"
    assert kind_of(LANE, rules, "g", "A") == "none"
    assert kind_of(LANE, RULES, "f", "A") == "in_work"


def test_a_sale_is_of_the_day_it_was_won():
    sale = sale_of(deal(Stay("A", 10, 20), Stay("W", 20)), LANE, RULES)
    assert (sale.kind, sale.at, sale.created_at) == ("bought", 20, 10)


def test_two_won_stages_are_one_sale():  # P6
    stays = (Stay("A", 10, 20), Stay("W", 20, 30), Stay("W2", 30, 40), Stay("W", 40))
    assert sale_of(deal(*stays), LANE, RULES).at == 20


def test_a_sale_after_reopening_is_of_the_later_entry():  # P6
    stays = (Stay("W", 10, 20), Stay("A", 20, 30), Stay("W", 30))
    assert sale_of(deal(*stays), LANE, RULES).at == 30


def test_won_from_the_first_moment():
    assert sale_of(deal(Stay("W", 10, 20), Stay("W2", 20)), LANE, RULES).at == 10


def test_in_work_and_orders_are_of_the_day_they_were_made():
    assert sale_of(deal(Stay("W", 10, 20), Stay("A", 20)), LANE, RULES).at == 10
    order = Fact("o1", "order", "f", "W", 5, stays=(Stay("A", 5, 9), Stay("W", 9)))
    assert sale_of(order, LANE, RULES).at == 5


def test_ties_at_one_instant():
    stays = (Stay("A", 10, 10), Stay("W", 10, 10), Stay("A", 10, 10), Stay("W", 10))
    assert (sale_of(deal(*stays), LANE, RULES).at, sale_of(deal(*stays), LANE, RULES).kind) == (10, "bought")


def test_only_sources_count():  # P1
    only_orders = Ruleset(sources=("orders",))
    assert not sale_of(deal(Stay("W", 1)), LANE, only_orders).counted
    assert sale_of(Fact("o1", "order", "f", "W", 1), LANE, only_orders).counted
    assert not sale_of(Fact("c1:f", "client", "f", "W", 1), LANE, only_orders).counted
    assert sale_of(Fact("c1:f", "client", "f", "W", 1), LANE, RULES).counted  # P20


def test_an_order_from_a_deal_counts_through_its_deal_unless_deals_are_no_source():  # P1
    order = Fact("o1", "order", "f", "W", 1, deal_id="d1")
    assert not sale_of(order, LANE, RULES).counted
    assert sale_of(order, LANE, Ruleset(sources=("orders",))).counted


def test_worth_profit_and_bill():  # P11
    order = Fact("o1", "order", "f", "W", 1, value=100, cost=60, extra=7)
    assert sale_of(order, LANE, RULES)[3:8] == (100, 0, "", 40, 107)
    assert sale_of(Fact("o1", "order", "f", "W", 1, value=100), LANE, RULES).profit == 100
