"""Employees and settings as read models, and as edges know them."""

from contracts.fast import DECODERS
from contracts.gateway.events import EmployeeAdded, EmployeeChanged, EmployeeLeft, WorkspaceSettingsChanged
from services.gateway.known import GatewayKnown, KnownEmployee, KnownSettings
from services.gateway.projections import GATEWAY_GROUP
from tests.support.memory import fold, recorded

EVENTS = [
    EmployeeAdded(employee_id="e1", name="Maria", team="East", external_id="17", occurred_at=1),
    EmployeeChanged(employee_id="e1", name="María", team="West", region="UA", occurred_at=2),
    EmployeeAdded(employee_id="e2", name="Petro", occurred_at=3),
    EmployeeLeft(employee_id="e1", occurred_at=4),
    WorkspaceSettingsChanged(name="Shop", base_currency="UAH", zone="Europe/Kyiv", churn_days=30, branches=["Kyiv"]),
]


def test_employees_are_shown_also_after_they_left():
    employees = fold(GATEWAY_GROUP, *EVENTS).documents["employees"]
    maria = employees["e1"]
    assert (maria.name, maria.name_key, maria.team, maria.region, maria.external_id) == (
        "María", "maría", "West", "UA", "17",
    )  # fmt: skip
    assert (maria.added_at, maria.changed_at, maria.left_at, maria.version) == (1, 4, 4, 3)
    assert employees["e2"].left_at is None


def test_the_settings_are_the_last_saved():  # P9, P10, P14, P15
    later = WorkspaceSettingsChanged(name="Shop 2", occurred_at=9)
    settings = fold(GATEWAY_GROUP, *EVENTS).documents["settings"]["workspace"]
    assert (settings.name, settings.base_currency, settings.zone) == ("Shop", "UAH", "Europe/Kyiv")
    assert (settings.churn_days, settings.branches) == (30, ["Kyiv"])
    settings = fold(GATEWAY_GROUP, *EVENTS, later).documents["settings"]["workspace"]
    assert (settings.name, settings.base_currency, settings.changed_at, settings.version) == ("Shop 2", None, 9, 2)


def test_other_lanes_keep_no_copy():
    context = fold(GATEWAY_GROUP, *EVENTS, lane=3)
    assert context.documents == {"employees": {}, "settings": {}, "accounts": {}, "views": {}}


def known(*events):
    cache = GatewayKnown()
    for event in events:
        assert event.type in cache.types
        stored = recorded(event)
        cache.apply(DECODERS[event.type].decode(stored.data), stored)
    return cache


def test_edges_know_employees_and_settings():
    assert known().settings == KnownSettings("", None, "UTC", 90, ())
    cache = known(*EVENTS)
    assert cache.employees == {"e1": KnownEmployee("María", left=True, team="West"), "e2": KnownEmployee("Petro")}
    assert cache.settings == KnownSettings("Shop", "UAH", "Europe/Kyiv", 30, ("Kyiv",))
