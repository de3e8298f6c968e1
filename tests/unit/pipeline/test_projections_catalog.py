"""Funnels, products and rates as documents."""

import pytest

from contracts.pipeline.events import (
    CostSet,
    FunnelDefined,
    PriceSet,
    ProductAdded,
    ProductArchived,
    ProductChanged,
    RateSet,
    StageAdded,
    StageArchived,
    StageMoved,
    StageProbabilityChanged,
    StageRenamed,
)
from contracts.registry import REFERENCE_TYPES
from services.pipeline.projections.funnels import Funnel, Stage
from services.pipeline.projections.groups import CATALOG
from services.pipeline.projections.products import Product, Value, words
from services.pipeline.projections.rates import Rate
from tests.support.memory import fold

FUNNEL = (
    FunnelDefined(funnel_id="f", name="Sales", subject="deal", external_id="F"),
    StageAdded(funnel_id="f", stage_id="b", name="B", position=2, kind="bought"),
    StageAdded(funnel_id="f", stage_id="a", name="A", position=1, probability="0.1", external_id="S"),
    StageRenamed(funnel_id="f", stage_id="a", name="Contact"),
    StageMoved(funnel_id="f", stage_id="a", position=2),
    StageMoved(funnel_id="f", stage_id="b", position=1),
    StageProbabilityChanged(funnel_id="f", stage_id="a", probability="0.4"),
    StageArchived(funnel_id="f", stage_id="b"),
)
PRODUCT = (
    ProductAdded(
        product_id="p",
        names={"": "Tea", "uk": "Чай"},
        descriptions={"": "Green"},
        category="Drinks",
        unit="kg",
        external_id="T-1",
        occurred_at=10,
    ),
    PriceSet(product_id="p", price="3", currency="EUR", valid_from=200, occurred_at=20),
    PriceSet(product_id="p", price="2", currency="EUR", valid_from=100, occurred_at=30),
    PriceSet(product_id="p", price="90", currency="UAH", valid_from=200, occurred_at=30),
    PriceSet(product_id="p", price="2.50", currency="EUR", valid_from=100, occurred_at=40),
    CostSet(product_id="p", cost="1.2345", currency="EUR", valid_from=0, occurred_at=50),
)


def test_a_funnel_has_its_stages_in_order():  # P7
    assert fold(CATALOG, *FUNNEL).documents["funnels"] == {
        "f": Funnel(
            "f",
            "Sales",
            "deal",
            "F",
            (
                Stage("b", "B", 1, "bought", None, True, None),
                Stage("a", "Contact", 2, "none", "0.4", False, "S"),
            ),
            8,
        )
    }


def test_a_product_has_its_prices_and_costs():  # P11, P27
    product = Product(
        product_id="p",
        name="Tea",
        names={"": "Tea", "uk": "Чай"},
        descriptions={"": "Green"},
        category="Drinks",
        unit="kg",
        external_id="T-1",
        archived=0,
        prices=(Value(100, "EUR", "2.50"), Value(200, "EUR", "3"), Value(200, "UAH", "90")),
        costs=(Value(0, "EUR", "1.2345"),),
        added_at=10,
        changed_at=50,
        version=6,
    )
    assert fold(CATALOG, *PRODUCT).documents["products"] == {"p": product}
    assert words(product) == "Tea Чай T-1"


def test_a_product_is_renamed_and_archived():
    renamed = ProductChanged(product_id="p", names={"uk": "Кава"}, occurred_at=60)
    product = fold(CATALOG, *PRODUCT, renamed, ProductArchived(product_id="p", occurred_at=70)).get("products", "p")
    assert (product.name, product.names, product.descriptions) == ("Кава", {"uk": "Кава"}, {})
    assert (product.category, product.unit, product.archived) == (None, None, 1)
    assert (product.external_id, product.changed_at, product.version) == ("T-1", 70, 8)


def test_reference_documents_are_in_lane_0_alone():  # DESIGN 5
    context = fold(
        CATALOG,
        *FUNNEL,
        *PRODUCT,
        ProductChanged(product_id="p", names={"": "X"}),
        ProductArchived(product_id="p"),
        lane=3,
    )
    assert not any(context.documents.values())
    assert set(CATALOG.folds) - REFERENCE_TYPES == {RateSet.type}


def test_a_rate_is_in_the_lane_of_its_currency():  # P10
    first = RateSet(currency="UAH", base="EUR", day="2026-05-28", rate="48", occurred_at=5)
    again = RateSet(currency="UAH", base="EUR", day="2026-05-28", rate="48.5", occurred_at=6)
    next_day = RateSet(currency="UAH", base="EUR", day="2026-05-29", rate="49", occurred_at=7)
    assert fold(CATALOG, first, again, next_day, lane=3).documents["rates"] == {
        "UAH:2026-05-28": Rate("UAH", "2026-05-28", "EUR", "48.5", 6),
        "UAH:2026-05-29": Rate("UAH", "2026-05-29", "EUR", "49", 7),
    }


@pytest.mark.parametrize("event", [FUNNEL[1], FUNNEL[3], PRODUCT[1], PRODUCT[5], ProductArchived(product_id="p")])
def test_a_change_of_what_is_not_there_stops_the_lane(event):  # DESIGN 5
    with pytest.raises(LookupError, match="was not folded"):
        fold(CATALOG, event)


def test_folds_name_their_documents():
    for event in (*FUNNEL, *PRODUCT):
        collection = "funnels" if event in FUNNEL else "products"
        assert list(CATALOG.keys[event.type](event, None)) == [(collection, event.key())]
    for collection in CATALOG.collections:
        assert {column for index in collection.indexes for column in index} <= set(collection.columns)
        assert set(collection.columns) <= set(collection.model.__struct_fields__)
