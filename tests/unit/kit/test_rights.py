"""What a role may, what an account may otherwise, and what a token leaves of it (P17, P25, S2.19)."""

from dataclasses import replace
from typing import get_args

import pytest

from contracts.gateway.rights import OwnRights, Role, TokenScope
from services.kit.rights import ALL, BY_SESSION, ROLES, SYSTEM, Caller, Denied, Reach, caller_of, needs, reach_of

TEAMS = {"e1": "East", "e2": "East", "e3": "West", "e4": None, "e5": None}


class Known:
    teams = TEAMS


def caller(role: Role, **own) -> Caller:
    return caller_of("e1", role, OwnRights(**own))


def test_every_role_has_rights():
    assert set(ROLES) == set(get_args(Role))
    assert caller("administrator").rights == ALL == SYSTEM.rights


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (
            "director",
            {"profit", "numbers", "export", "setup.write", "clients.erase", "clients.import"},
            {"accounts", "staff.write"},
        ),
        (
            "manager",
            {"clients.write", "numbers", "money"},
            {"profit", "export", "setup.write", "clients.erase", "clients.import"},
        ),
        ("marketer", {"clients.read", "leads.write", "export"}, {"clients.write", "payments.read", "profit"}),
        ("warehouse", {"orders.read", "orders.ship", "goods.read"}, {"money", "clients.read", "numbers", "deals.read"}),
    ],
)
def test_roles_differ(role, may, may_not):  # P17
    assert may <= caller(role).rights
    assert not may_not & caller(role).rights


def test_an_account_may_more_or_less_than_its_role():  # P25
    assert caller("manager", numbers=False).rights == caller("manager").rights - {"numbers"}
    assert caller("manager", profit=True, export=True).rights == caller("manager").rights | {"profit", "export"}
    assert caller("director", profit=False).rights == caller("director").rights - {"profit"}
    assert (caller("manager").records, caller("manager", records="all").records) == ("own", "all")


@pytest.mark.parametrize("records", ["own", "team"])
def test_who_reaches_less_than_all_imports_nothing(records):  # P17: duplicates are told by name
    assert caller("director").rights - caller("director", records=records).rights == {"clients.import"}


@pytest.mark.parametrize(
    ("actor", "records", "owners"),
    [
        ("e1", "own", ("e1",)),
        ("e1", "team", ("e1", "e2")),
        ("e4", "team", ("e4",)),
        ("unknown", "team", ("unknown",)),
    ],
)
def test_a_reach_is_ones_own_or_the_teams(actor, records, owners):  # P17
    reach = reach_of(Caller(actor, ALL, records), {"gateway": Known()})
    assert reach == Reach(actor, owners)
    assert [reach.covers(id) for id in (*owners, "e3", None)] == [True] * len(owners) + [False, False]


def test_who_reaches_all_has_no_bound():
    assert reach_of(SYSTEM, {}) is None


def test_a_token_leaves_what_its_scopes_name():
    director = caller("director")
    assert director.narrowed("t1", ["numbers"]).rights == {"numbers"}
    assert {"clients.read", "money"} <= director.narrowed("t1", ["read"]).rights
    assert not {"clients.write", "numbers", "profit"} & director.narrowed("t1", ["read"]).rights
    assert "accounts" not in director.narrowed("t1", get_args(TokenScope)).rights
    assert director.narrowed("t1", get_args(TokenScope)).rights == director.rights
    assert caller("administrator").narrowed("t1", get_args(TokenScope)).rights == ALL
    assert "staff.write" not in caller("administrator").narrowed("t1", ["read", "write"]).rights


def test_a_token_makes_tokens_by_a_scope_of_its_own():
    every = [scope for scope in get_args(TokenScope) if scope != "tokens"]
    assert "tokens" not in caller("administrator").narrowed("t1", every).rights
    assert all("tokens" in caller(role).narrowed("t1", ["tokens"]).rights for role in ROLES)


def test_no_token_is_somebody_who_signed_in():
    BY_SESSION.check(replace(caller("warehouse"), session="s1"))
    with pytest.raises(Denied, match="no token may do it"):
        BY_SESSION.check(caller("administrator").narrowed("t1", get_args(TokenScope)))


def test_a_route_names_the_right_that_is_missing():
    needs("clients.read", "numbers").check(caller("manager"))
    with pytest.raises(Denied) as refused:
        needs("clients.read", "profit").check(caller("manager"))
    assert refused.value.facts == {"right": "profit"}
