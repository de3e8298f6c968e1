"""Accounts, row by row; as read models; and as those know them who let callers in (P17, #5)."""

import pytest
from msgspec.structs import replace

from contracts.fast import DECODERS
from contracts.gateway import account_commands as c
from contracts.gateway import account_events as e
from contracts.gateway.events import EmployeeAdded, EmployeeLeft
from contracts.gateway.rights import OwnRights
from contracts.problem import AlreadyExists, IllegalMove, NotFound
from services.gateway.domain.account import ACCOUNT, MOST_TOKENS, Link, Opened
from services.gateway.known import GatewayKnown
from services.gateway.projections import GATEWAY_GROUP
from services.kit.sessions import LIFE, Session
from services.kit.testing import given
from tests.support.memory import fold, recorded

ID = {"account_id": "e1"}
opened = e.AccountOpened(**ID, login="ann", role="manager", rights=OwnRights())
closed = e.AccountClosed(**ID)
reopened = e.AccountReopened(**ID)
link = e.AccountLinkIssued(**ID, link_id="l1", digest="d", expires_at=9)
newer = e.AccountLinkIssued(**ID, link_id="l2", digest="d2", expires_at=9)
password = e.AccountPasswordChanged(**ID, by_link=True, hash="h")
ended = e.AccountSessionsEnded(**ID)
ISSUE = {"token_id": "t1", "name": "books", "scopes": ["read"], "expires_at": 99, "digest": "x"}
issued = e.AccountTokenIssued(**ID, **ISSUE)
revoked = e.AccountTokenRevoked(**ID, token_id="t1")


def test_an_employee_has_one_account():
    given(ACCOUNT).when(c.OpenAccount(**ID, login=" Ann ", role="manager")).then(opened)
    again = given(ACCOUNT, opened).when(c.OpenAccount(**ID, login="bo", role="director"))
    again.then_refused(AlreadyExists, field="account_id")
    given(ACCOUNT).when(c.CloseAccount(**ID)).then_refused(NotFound, field="account_id")


def test_login_role_and_rights_change():
    case = given(ACCOUNT, opened)
    case.when(c.ChangeAccountLogin(**ID, login="ann")).then_nothing()
    case.when(c.ChangeAccountLogin(**ID, login="Anna")).then(e.AccountLoginChanged(**ID, login="anna"))
    case.when(c.ChangeAccountRole(**ID, role="manager")).then_nothing()
    changed = e.AccountRoleChanged(**ID, from_role="manager", to_role="director")
    case.when(c.ChangeAccountRole(**ID, role="director")).then(changed)
    case.when(c.ChangeAccountRights(**ID, rights=OwnRights())).then_nothing()
    rights = OwnRights(records="team", profit=True)
    given_more = e.AccountRightsChanged(**ID, rights=rights)
    case.when(c.ChangeAccountRights(**ID, rights=rights)).then(given_more)
    after = ACCOUNT.fold([opened, e.AccountLoginChanged(**ID, login="anna"), changed, given_more])
    assert after == Opened("e1", "anna", "director", rights)


def test_a_closed_account_lets_nobody_in_and_forgets_what_let_them_in():
    given(ACCOUNT, opened).when(c.CloseAccount(**ID)).then(closed)
    given(ACCOUNT, opened, closed).when(c.CloseAccount(**ID)).then_nothing()
    given(ACCOUNT, opened).when(c.ReopenAccount(**ID)).then_nothing()
    given(ACCOUNT, opened, closed).when(c.ReopenAccount(**ID)).then(reopened)
    after = ACCOUNT.fold([opened, password, link, issued, closed, reopened])
    assert after == Opened("e1", "ann", "manager", OwnRights(), hash="h")


@pytest.mark.parametrize(
    "command",
    [
        c.IssueAccountLink(**ID, link_id="l1"),
        c.ChangePassword(**ID),
        c.ChangeOwnPassword(**ID, present="p", password="w"),
        c.NoteSignIn(**ID, session_id="s1"),
        c.IssueToken(**ID, **ISSUE),
    ],
)
def test_what_lets_in_is_refused_of_a_closed_account(command):
    given(ACCOUNT, opened, closed).when(command).then_refused(IllegalMove, field="account_id")


def test_a_password_is_chosen_under_the_newest_address_once():
    issue = c.IssueAccountLink(**ID, link_id="l1", digest="d", expires_at=9)
    given(ACCOUNT, opened).when(issue).then(link)
    assert ACCOUNT.fold([opened, link]).link == Link("l1", "d", 9)
    choose = c.ChangePassword(**ID, link_id="l1", hash="h")
    given(ACCOUNT, opened, link).when(choose).then(password, ended)
    for history in ([opened], [opened, link, newer], [opened, link, password]):
        given(ACCOUNT, *history).when(choose).then_refused(IllegalMove, field="link_id")


def test_a_new_password_ends_all_sessions():
    by_hand = e.AccountPasswordChanged(**ID, by_link=False, hash="h2")
    given(ACCOUNT, opened, password).when(c.ChangePassword(**ID, hash="h2")).then(by_hand, ended)
    own = c.ChangeOwnPassword(**ID, present="p", password="w", hash="h2")
    given(ACCOUNT, opened, password).when(own).then(by_hand, ended)
    assert ACCOUNT.fold([opened, password, by_hand]).hash == "h2"


def test_sessions_begin_and_end():
    signed = e.AccountSignedIn(**ID, session_id="s1")
    given(ACCOUNT, opened).when(c.NoteSignIn(**ID, session_id="s1")).then(signed)
    given(ACCOUNT, opened, signed).when(c.EndSessions(**ID)).then(ended)


def test_a_session_ends_alone_or_alone_stays():
    signed = [e.AccountSignedIn(**ID, session_id=f"s{n}", occurred_at=n) for n in (1, 2, 3)]
    one_ended = e.AccountSessionEnded(**ID, session_id="s1")
    given(ACCOUNT, opened, *signed).when(c.EndSession(**ID, session_id="s1")).then(one_ended)
    others = c.EndOtherSessions(**ID, session_id="s3")
    given(ACCOUNT, opened, *signed, one_ended).when(others).then(e.AccountSessionEnded(**ID, session_id="s2"))
    given(ACCOUNT, opened, signed[2]).when(others).then_nothing()
    for history in ([], [*signed, one_ended], [signed[0], ended], [signed[0], closed, reopened]):
        given(ACCOUNT, opened, *history).when(c.EndSession(**ID, session_id="s1")).then_refused(
            NotFound, field="session_id"
        )


def test_sessions_that_are_over_anyhow_are_forgotten():
    signed = [e.AccountSignedIn(**ID, session_id=f"s{n}", occurred_at=at) for n, at in enumerate((1, LIFE, LIFE + 1))]
    assert ACCOUNT.fold([opened, *signed]).sessions == {"s1": LIFE, "s2": LIFE + 1}


def test_what_a_token_made_is_revoked_with_it():
    def made(token: str, by: str | None) -> e.AccountTokenIssued:
        return e.AccountTokenIssued(**ID, **ISSUE | {"token_id": token, "made_by": by})

    family = [made("t1", None), made("t2", "t1"), made("t3", "t2"), made("t4", None)]
    ends = [e.AccountTokenRevoked(**ID, token_id=id) for id in ("t1", "t2", "t3")]
    given(ACCOUNT, opened, *family).when(c.RevokeToken(**ID, token_id="t1")).then(*ends)
    given(ACCOUNT, opened, *family).when(c.RevokeToken(**ID, token_id="t4")).then(
        e.AccountTokenRevoked(**ID, token_id="t4")
    )


def test_tokens_are_issued_and_revoked():
    given(ACCOUNT, opened).when(c.IssueToken(**ID, **ISSUE)).then(issued)
    given(ACCOUNT, opened, issued).when(c.IssueToken(**ID, **ISSUE)).then_refused(AlreadyExists, field="token_id")
    given(ACCOUNT, opened, issued).when(c.RevokeToken(**ID, token_id="t1")).then(revoked)
    for history in ([], [issued, revoked]):
        given(ACCOUNT, opened, *history).when(c.RevokeToken(**ID, token_id="t1")).then_refused(
            NotFound, field="token_id"
        )
    assert ACCOUNT.fold([opened, issued, revoked]).tokens == {}
    many = [e.AccountTokenIssued(**ID, **ISSUE | {"token_id": f"t{n}"}) for n in range(2, MOST_TOKENS + 2)]
    given(ACCOUNT, opened, *many).when(c.IssueToken(**ID, **ISSUE)).then_refused(IllegalMove)


def test_what_is_not_an_accounts_own_changes_nothing():
    assert ACCOUNT.fold([closed]) == ACCOUNT.initial


EVENTS = [
    opened,
    e.AccountLoginChanged(**ID, login="anna", occurred_at=2),
    e.AccountRoleChanged(**ID, from_role="manager", to_role="director", occurred_at=3),
    e.AccountRightsChanged(**ID, rights=OwnRights(records="team", profit=False), occurred_at=4),
    e.AccountClosed(**ID, occurred_at=5),
]


def test_accounts_are_shown_without_secrets():
    account = fold(GATEWAY_GROUP, *EVENTS).documents["accounts"]["e1"]
    assert (account.login, account.role, account.closed_at, account.changed_at) == ("anna", "director", 5, 5)
    assert (account.rights.records, account.rights.profit, account.rights.numbers) == ("team", False, None)
    again = fold(GATEWAY_GROUP, *EVENTS, e.AccountReopened(**ID, occurred_at=6)).documents["accounts"]["e1"]
    assert (again.closed_at, again.opened_at, again.version) == (None, 0, 6)
    assert fold(GATEWAY_GROUP, *EVENTS, lane=2).documents["accounts"] == {}


def known(*events):
    cache = GatewayKnown()
    for event in events:
        assert event.type in cache.types
        stored = recorded(event)
        cache.apply(DECODERS[event.type].decode(stored.data), stored)
    return cache


def test_who_may_come_in_is_known():
    ann, bo = EmployeeAdded(employee_id="e1", name="Ann", team="East"), EmployeeAdded(employee_id="e2", name="Bo")
    boss = e.AccountOpened(account_id="e2", login="bo", role="administrator", rights=OwnRights())
    cache = known(ann, bo, opened, boss, ended, revoked)
    account = cache.active("e1")
    assert account is not None
    assert (account.role, account.generation, account.revoked) == ("manager", 1, {"t1"})
    assert cache.teams == {"e1": "East", "e2": None}
    assert cache.by_login(" ANN ") is account
    assert cache.by_login("nobody") is None
    assert cache.administrators() == ["e2"]
    assert known(ann, bo, boss, EmployeeLeft(employee_id="e2")).administrators() == []
    assert known(ann, opened, closed).active("e1") is None
    after = known(ann, *EVENTS, reopened).active("e1")
    assert after is not None
    assert (after.login, after.role, after.rights.records, after.generation) == ("anna", "director", "team", 2)
    one = Session(id="s1", account_id="e1", generation=1, begun_at=0, seen_at=0, agent="", address="")
    assert account.goes_on(one)
    later = known(ann, opened, ended, e.AccountSessionEnded(**ID, session_id="s1")).accounts["e1"]
    assert (later.goes_on(one), later.goes_on(replace(one, id="s2"))) == (False, True)
    assert not known(ann, opened, e.AccountSessionEnded(**ID, session_id="s1"), ended).accounts["e1"].ended
    assert cache.active("e3") is None
    assert known(opened).active("e1") is None
