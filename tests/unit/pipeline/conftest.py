"""An office with a funnel, a client, an employee, products and rates."""

import pytest

from contracts.clients.events import ClientRegistered
from contracts.gateway.events import EmployeeAdded, WorkspaceSettingsChanged
from contracts.pipeline.events import (
    CostSet,
    FunnelDefined,
    PriceSet,
    ProductAdded,
    RateSet,
    StageAdded,
    StageArchived,
)
from tests.unit.pipeline.support import TODAY, Office


@pytest.fixture
async def office() -> Office:
    """Base EUR; 1 EUR is 2 USD today; tea 10.00 EUR costs 4.00 EUR; milk 300 UAH (50 to a EUR) costs 1.2345 USD."""
    office = Office()
    await office.add("settings-workspace", WorkspaceSettingsChanged(base_currency="EUR", branches=["Kyiv", "Lviv"]))
    await office.add("employee-o1", EmployeeAdded(employee_id="o1", name="Maria"))
    await office.add("employee-o2", EmployeeAdded(employee_id="o2", name="Ivan"))
    await office.add(
        "client-c1", ClientRegistered(client_id="c1", kind="company", name="ACME", number=1, owner_id="o2")
    )
    await office.add(
        "funnel-f",
        FunnelDefined(funnel_id="f", name="Sales", subject="deal"),
        StageAdded(funnel_id="f", stage_id="old", name="Old", position=1),
        StageAdded(funnel_id="f", stage_id="a", name="A", position=2),
        StageAdded(funnel_id="f", stage_id="b", name="B", position=3),
        StageArchived(funnel_id="f", stage_id="old"),
    )
    await office.add(
        "product-tea",
        ProductAdded(product_id="tea", names={"": "Tea"}),
        PriceSet(product_id="tea", price="10", currency="EUR", valid_from=0),
        CostSet(product_id="tea", cost="4", currency="EUR", valid_from=0),
    )
    await office.add(
        "product-milk",
        ProductAdded(product_id="milk", names={"": "Milk"}),
        PriceSet(product_id="milk", price="300", currency="UAH", valid_from=0),
        CostSet(product_id="milk", cost="1.2345", currency="USD", valid_from=0),
    )
    await office.add("product-idea", ProductAdded(product_id="idea", names={"": "Idea"}))
    await office.add("rate-USD", RateSet(currency="USD", base="EUR", day=TODAY, rate="2"))
    await office.add("rate-UAH", RateSet(currency="UAH", base="EUR", day=TODAY, rate="50"))
    return office
