"""The sales rules form: the last one counts, a stage has one class (P2, S1.36)."""

from contracts.analytics.commands import SetSalesRules
from contracts.analytics.events import SalesRulesSet, StageClass
from contracts.problem import Overlap
from services.analytics.domain.sales_rules import SALES_RULES, Rules
from services.kit.testing import given

A_IN_WORK = StageClass(funnel_id="f", stage_id="A", kind="in_work")
A_BOUGHT = StageClass(funnel_id="f", stage_id="A", kind="bought")
OTHER_A = StageClass(funnel_id="g", stage_id="A", kind="bought")
FORM = {"sources": ["deals", "orders"], "classes": [A_IN_WORK, OTHER_A]}
rules_set = SalesRulesSet(**FORM)


def test_the_form_is_stored_as_a_whole_in_a_fixed_order():  # S1.36
    command = SetSalesRules(sources=["orders", "deals", "orders"], classes=[OTHER_A, A_IN_WORK, OTHER_A])
    given(SALES_RULES).when(command).then(rules_set)


def test_the_same_form_again_is_no_event():
    given(SALES_RULES, rules_set).when(SetSalesRules(**FORM)).then_nothing()


def test_another_form_replaces_it():
    outcome = given(SALES_RULES, rules_set).when(SetSalesRules(sources=[], classes=[], promote_on_first_sale=False))
    wanted = SalesRulesSet(sources=[], classes=[], promote_on_first_sale=False)
    outcome.then(wanted)
    assert outcome.then_state().present.model_dump() == wanted.model_dump()


def test_a_stage_in_two_classes_is_refused():  # P2
    command = SetSalesRules(sources=["deals"], classes=[A_IN_WORK, A_BOUGHT])
    given(SALES_RULES).when(command).then_refused(Overlap, field="classes")


def test_the_first_form_is_an_event_even_if_it_says_what_the_defaults_are():
    assert Rules().present is None
    command = SetSalesRules(sources=["clients", "deals", "orders"], classes=[])
    given(SALES_RULES).when(command).then(SalesRulesSet(sources=["clients", "deals", "orders"], classes=[]))
