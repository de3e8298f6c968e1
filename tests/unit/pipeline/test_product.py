"""Products, their prices and costs."""

import pytest

from contracts.pipeline.commands import AddProduct, ArchiveProduct, ChangeProduct, ProductCommand, SetCost, SetPrice
from contracts.pipeline.events import CostSet, PriceSet, ProductAdded, ProductArchived, ProductChanged
from contracts.problem import AlreadyExists, IllegalMove, Invalid, NotFound
from services.kit.testing import given
from services.pipeline.domain.product import PRODUCT, Archived, New

DETAILS = {"names": {"": "Tea", "uk": "Чай"}, "descriptions": {"": "Green"}, "category": "Drinks", "unit": "kg"}
ADDED = ProductAdded(product_id="p", **DETAILS, external_id="T-1")
PRICE = PriceSet(product_id="p", price="2.50", currency="EUR", valid_from=100)
COST = CostSet(product_id="p", cost="1.2345", currency="EUR", valid_from=100)


def test_a_product_is_added():  # P27
    given(PRODUCT).when(AddProduct(product_id="p", **DETAILS, external_id="T-1")).then(ADDED)


def test_a_product_is_added_once():
    given(PRODUCT, ADDED).when(AddProduct(product_id="p", **DETAILS)).then_refused(AlreadyExists, field="product_id")


def test_a_product_has_a_name():  # P27
    given(PRODUCT).when(AddProduct(product_id="p", names={})).then_refused(Invalid, field="names")
    given(PRODUCT, ADDED).when(ChangeProduct(product_id="p", names={})).then_refused(Invalid, field="names")


def test_details_change():
    case = given(PRODUCT, ADDED).when(ChangeProduct(product_id="p", names={"": "Black tea"}))
    case.then(ProductChanged(product_id="p", names={"": "Black tea"}))
    assert case.then_state().names == {"": "Black tea"}
    given(PRODUCT, ADDED).when(ChangeProduct(product_id="p", **DETAILS)).then_nothing()


def test_a_price_holds_from_a_moment_on():  # P27
    given(PRODUCT, ADDED).when(SetPrice(product_id="p", price="2.50", currency="EUR", valid_from=100)).then(PRICE)
    given(PRODUCT, ADDED).when(SetPrice(product_id="p", price="2.50", currency="EUR", at=100)).then(PRICE)
    given(PRODUCT, ADDED).when(SetPrice(product_id="p", price="3", currency="EUR")).then(
        PriceSet(product_id="p", price="3", currency="EUR", valid_from=0)
    )


def test_the_same_price_from_the_same_moment_is_no_event():
    given(PRODUCT, ADDED, PRICE).when(
        SetPrice(product_id="p", price="2.5", currency="EUR", valid_from=100)
    ).then_nothing()
    for other in (
        {"price": "2.6", "currency": "EUR", "valid_from": 100},
        {"price": "2.5", "currency": "USD", "valid_from": 100},
        {"price": "2.5", "currency": "EUR", "valid_from": 101},
    ):
        given(PRODUCT, ADDED, PRICE).when(SetPrice(product_id="p", **other)).then(PriceSet(product_id="p", **other))


def test_a_cost_holds_from_a_moment_on():  # P11
    given(PRODUCT, ADDED).when(SetCost(product_id="p", cost="1.2345", currency="EUR", valid_from=100)).then(COST)
    given(PRODUCT, ADDED, COST).when(
        SetCost(product_id="p", cost="1.2345", currency="EUR", valid_from=100)
    ).then_nothing()
    given(PRODUCT, ADDED, COST).when(SetCost(product_id="p", cost="1", currency="EUR", valid_from=100)).then(
        CostSet(product_id="p", cost="1", currency="EUR", valid_from=100)
    )


def test_a_product_is_archived_once():
    case = given(PRODUCT, ADDED).when(ArchiveProduct(product_id="p"))
    case.then(ProductArchived(product_id="p"))
    assert case.then_state() == Archived()
    given(PRODUCT, ADDED, ProductArchived(product_id="p")).when(ArchiveProduct(product_id="p")).then_nothing()


CHANGES = [
    ChangeProduct(product_id="p", names={"": "X"}),
    SetPrice(product_id="p", price="1", currency="EUR"),
    SetCost(product_id="p", cost="1", currency="EUR"),
]


@pytest.mark.parametrize("command", CHANGES)
def test_an_archived_product_stays_as_it_is(command: ProductCommand):
    given(PRODUCT, ADDED, ProductArchived(product_id="p")).when(command).then_refused(IllegalMove, field="product_id")


@pytest.mark.parametrize("command", [*CHANGES, ArchiveProduct(product_id="p")])
def test_a_product_that_is_not_there_takes_nothing(command: ProductCommand):
    given(PRODUCT).when(command).then_refused(NotFound)


def test_events_outside_its_life_change_nothing():
    assert PRODUCT.fold([PRICE]) == New()
    assert PRODUCT.fold([ADDED, ProductArchived(product_id="p"), PRICE]) == Archived()
