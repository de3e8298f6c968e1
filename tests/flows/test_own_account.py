"""One's own account over the API: who one is, one's sessions, one's tokens; and what no token may (#5; P17; TORTURE S1,
S8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts.gateway.rights import Role
from services.kit import clock
from tests.support.door import PASSWORD, Browser, Door, door

API = "/api/v1"
DAY = 86_400_000
NEW = "another good password"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as made:
        yield made


class Asking:
    """Asks the API as a browser that signed in, or as a program with a token."""

    def __init__(self, http: httpx2.AsyncClient, **headers: str) -> None:
        self.http, self.headers = http, headers

    @staticmethod
    async def signed_in(browser: Browser) -> Asking:
        return Asking(browser.http, **{"X-CSRF-Token": await browser.csrf()})

    @staticmethod
    async def program(opened: Door, token: str) -> Asking:
        return Asking((await opened.browser(authorization=f"Bearer {token}")).http)

    async def get(self, path: str) -> Any:
        answer = await self.http.get(f"{API}{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> httpx2.Response:
        headers = {"Idempotency-Key": key or clock.new_id(), **self.headers}
        return await self.http.post(f"{API}{path}", json=body or {}, headers=headers)

    async def token(self, *scopes: str, days: float = 1, **more: Any) -> httpx2.Response:
        body = {"name": "books", "scopes": list(scopes), "expires_at": int(clock.now() + days * DAY), **more}
        return await self.post("/me/tokens", body)

    async def made(self, *scopes: str, **more: Any) -> dict[str, Any]:
        answer = await self.token(*scopes, **more)
        assert answer.status_code == 201, answer.text
        done: dict[str, Any] = answer.json()
        return done


def refused(answer: httpx2.Response) -> tuple[int, str, list[str]]:
    problem = answer.json()
    return answer.status_code, problem["code"], [each["field"] for each in problem["errors"]]


async def events(opened: Door, login: str) -> list[Any]:
    account = opened.site.gate.known.by_login(login)
    assert account is not None
    return await opened.engine.ports.store.read(f"account-{account.account_id}")


def names(stored: list[Any]) -> list[str]:
    return [event.type.split(".")[1] for event in stored]


# ---------------------------------------------------------------- who one is


async def test_one_is_told_who_one_is_and_may_what(opened: Door):  # P17
    ann = await Asking.signed_in(await opened.signed_in("ann"))
    me = (await ann.get("/me"))["item"]
    assert (me["name"], me["login"], me["role"], me["records"], me["token_id"]) == (
        "Ann",
        "ann",
        "manager",
        "own",
        None,
    )
    assert {"clients.write", "numbers", "tokens"} <= set(me["rights"])
    assert me["session_id"] == (await ann.get("/me/sessions"))["items"][0]["session_id"]
    made = await ann.made("read", present=PASSWORD)
    program = (await (await Asking.program(opened, made["secret"])).get("/me"))["item"]
    assert (program["account_id"], program["session_id"], program["token_id"]) == (me["account_id"], None, made["id"])
    assert "clients.write" not in program["rights"]


async def test_an_api_of_ones_own_shows_nobody_else(opened: Door):  # S1
    bo, ann = await opened.signed_in("bo"), await Asking.signed_in(await opened.signed_in("ann"))
    of_bo = await Asking.signed_in(bo)
    made, session = await of_bo.made("read", present=PASSWORD), (await of_bo.get("/me"))["item"]["session_id"]
    assert len((await ann.get("/me/sessions"))["items"]) == 1
    assert (await ann.get("/me/tokens"))["items"] == []
    assert refused(await ann.post(f"/me/tokens/{made['id']}/revoke")) == (404, "not-found", ["token_id"])
    assert refused(await ann.post(f"/me/sessions/{session}/end")) == (404, "not-found", ["session_id"])
    me = (await of_bo.get("/me"))["item"]["account_id"]
    assert refused(await ann.post("/me/sessions/end-others", {"account_id": me})) == (422, "invalid", ["account_id"])
    assert (await of_bo.get("/me"))["item"]["session_id"] == session
    assert (await (await Asking.program(opened, made["secret"])).get("/me"))["item"]["account_id"] == me


# ---------------------------------------------------------------- sessions


async def test_sessions_end_one_by_one(opened: Door):
    one = await Asking.signed_in(await opened.signed_in("ann"))
    other = await opened.browser("10.0.0.2", **{"user-agent": "Another browser"})
    await other.sign_in("ann")
    listed = (await one.get("/me/sessions"))["items"]
    (found,) = [each for each in listed if not each["own"]]
    assert (found["agent"], found["address"], len(listed)) == ("Another browser", "10.0.0.2", 2)
    path = f"/me/sessions/{found['session_id']}/end"
    assert (await one.post(path, key="k")).json()["repeated"] is False
    assert (await one.post(path, key="k")).json()["repeated"] is True
    assert refused(await one.post(path)) == (404, "not-found", ["session_id"])
    assert (await other.get(f"{API}/me")).status_code == 401
    assert [each["own"] for each in (await one.get("/me/sessions"))["items"]] == [True]
    last = (await events(opened, "ann"))[-1]
    assert (last.type, opened.engine.codec.decode(last).session_id) == (
        "gateway.AccountSessionEnded.v1",
        found["session_id"],
    )


async def test_all_sessions_end_but_ones_own(opened: Door):
    one = await Asking.signed_in(await opened.signed_in("ann"))
    others = [await opened.browser() for _ in range(2)]
    for each in others:
        await each.sign_in("ann")
    assert (await one.post("/me/sessions/end-others")).status_code == 200
    assert [(await each.get(f"{API}/me")).status_code for each in others] == [401, 401]
    assert [each["own"] for each in (await one.get("/me/sessions"))["items"]] == [True]
    before = await events(opened, "ann")
    assert names(before)[-2:] == ["AccountSessionEnded"] * 2
    assert (await one.post("/me/sessions/end-others")).status_code == 200
    assert len(await events(opened, "ann")) == len(before), "there was nothing to end"


async def test_an_ended_session_stays_ended_after_a_restart(tmp_path: Path):
    async with door(tmp_path) as before:
        one = await Asking.signed_in(await before.signed_in("ann"))
        other = await before.browser()
        await other.sign_in("ann")
        cookie = other.http.cookies["voronka"]
        await one.post("/me/sessions/end-others")
    async with door(tmp_path) as after:
        assert (await (await after.browser(cookie=f"voronka={cookie}")).get(f"{API}/me")).status_code == 401


async def test_the_page_ends_sessions_too(opened: Door):
    one, other, third = await opened.signed_in("ann"), await opened.browser(), await opened.browser()
    for each in (other, third):
        await each.sign_in("ann")
    listed = (await (await Asking.signed_in(other)).get("/me/sessions"))["items"]
    (of_other,) = [each["session_id"] for each in listed if each["own"]]
    page = (await one.get("/profile", **{"accept-language": "en"})).text
    assert page.count('/end"') == 3, "two others, and all"
    assert (await one.send(f"/profile/sessions/{of_other}/end")).headers["location"] == "/profile"
    assert [(await each.get(f"{API}/me")).status_code for each in (one, other, third)] == [200, 401, 200]
    assert (await one.send("/profile/sessions/end-others")).headers["location"] == "/profile"
    assert [(await each.get(f"{API}/me")).status_code for each in (one, third)] == [200, 401]
    again = await one.send(f"/profile/sessions/{of_other}/end", headers={"accept-language": "en"})
    assert (again.status_code, "or it is over" in again.text) == (404, True)


# ---------------------------------------------------------------- the password


async def test_a_password_is_changed_with_the_present_one(opened: Door):
    ann = await Asking.signed_in(await opened.signed_in("ann"))
    wrong = await ann.post("/me/password", {"present": "guessed", "password": NEW})
    assert refused(wrong) == (422, "invalid", ["present"])
    weak = await ann.post("/me/password", {"present": PASSWORD, "password": "short"})
    assert refused(weak) == (422, "invalid", ["password"])
    assert (await ann.post("/me/password", {"present": PASSWORD, "password": NEW})).status_code == 200
    assert (await ann.http.get(f"{API}/me")).status_code == 401, "this session ended too"
    assert (await (await opened.browser()).sign_in("ann", NEW)).status_code == 303


async def test_a_password_is_in_no_digest_of_the_log(opened: Door):
    """An unsalted digest could be guessed at: of a command that differs in the password alone it is the same."""
    ann = await Asking.signed_in(await opened.signed_in("ann"))
    body = {"scopes": ["read"], "expires_at": int(clock.now() + DAY)}
    assert (await ann.post("/me/tokens", {**body, "present": PASSWORD}, key="k")).status_code == 201
    again = await ann.post("/me/tokens", {**body, "present": "guessed"}, key="k")
    assert (again.status_code, again.json()["repeated"], again.json()["secret"]) == (201, True, None)


async def test_the_present_password_is_not_guessed(opened: Door):  # S8
    ann = await Asking.signed_in(await opened.signed_in("ann"))
    answers = [(await ann.token("read", present=f"guess {n}")).status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    slowed = await ann.token("read", present=PASSWORD)
    assert (slowed.status_code, slowed.json()["code"], slowed.headers["retry-after"]) == (
        429,
        "too-many-attempts",
        "300",
    )
    changed = await ann.post("/me/password", {"present": PASSWORD, "password": NEW})
    assert changed.status_code == 429, "one limit for all that asks for it"


# ---------------------------------------------------------------- tokens


async def test_a_token_is_made_and_shown_once(opened: Door):
    ann = await Asking.signed_in(await opened.signed_in("ann"))
    body = {"name": "books", "scopes": ["read"], "expires_at": int(clock.now() + DAY), "present": PASSWORD}
    first = await ann.post("/me/tokens", body, key="k")
    assert (first.status_code, first.json()["repeated"]) == (201, False)
    again = (await ann.post("/me/tokens", body, key="k")).json()
    assert (again["id"], again["secret"], again["repeated"]) == (first.json()["id"], None, True)
    assert refused(await ann.post("/me/tokens", {**body, "name": "other"}, key="k"))[:2] == (
        422,
        "idempotency-key-reused",
    )
    (listed,) = (await ann.get("/me/tokens"))["items"]
    assert (listed["token_id"], listed["name"], listed["scopes"]) == (first.json()["id"], "books", ["read"])
    assert (listed["expires_at"], listed["made_by"], listed["own"]) == (body["expires_at"], None, False)
    assert first.json()["secret"] not in str(await ann.get("/me/tokens"))
    program = await Asking.program(opened, first.json()["secret"])
    assert (await program.http.get(f"{API}/clients")).status_code == 200
    assert (await ann.post(f"/me/tokens/{listed['token_id']}/revoke")).status_code == 200
    assert (await program.http.get(f"{API}/clients")).status_code == 401
    assert names(await events(opened, "ann"))[-2:] == ["AccountTokenIssued", "AccountTokenRevoked"]


async def test_a_session_needs_the_password_for_a_token(opened: Door):
    browser = await opened.signed_in("ann")
    ann = await Asking.signed_in(browser)
    for present in ({}, {"present": "guessed"}):
        assert refused(await ann.token("read", **present)) == (422, "invalid", ["present"])
    page = await browser.send("/profile/tokens", **{"name": "t", "scope-read": "on"})
    assert page.status_code == 422
    assert "AccountTokenIssued" not in names(await events(opened, "ann"))


@pytest.mark.parametrize("days", [-1, 367])
async def test_a_token_is_good_for_a_year_at_most(opened: Door, days: int):
    ann = await Asking.signed_in(await opened.signed_in("ann"))
    assert refused(await ann.token("read", days=days, present=PASSWORD)) == (422, "invalid", ["expires_at"])


async def test_nobody_gives_the_secret_of_a_token(opened: Door):
    ann = await Asking.signed_in(await opened.signed_in("ann"))
    for field in ("digest", "made_by", "account_id"):
        assert refused(await ann.token("read", present=PASSWORD, **{field: "x"})) == (422, "invalid", [field])


@pytest.mark.parametrize("role", ["administrator", "manager", "warehouse"])
async def test_a_token_makes_none_that_may_more_than_itself(opened: Door, role: Role):  # S1
    ann = await Asking.signed_in(await opened.signed_in("ann", role))
    plain = await Asking.program(opened, (await ann.made("read", "write", "accounts", present=PASSWORD))["secret"])
    assert refused(await plain.token("read", present=PASSWORD))[:2] == (403, "no-right"), "not even with the password"
    made = await ann.made("read", "tokens", present=PASSWORD)
    maker = await Asking.program(opened, made["secret"])
    for scopes in (["write"], ["read", "accounts"], ["tokens", "numbers"]):
        assert refused(await maker.token(*scopes, days=0.5, present=PASSWORD)) == (403, "no-right", ["scopes"])
    assert refused(await maker.token("read", days=2)) == (403, "no-right", ["expires_at"])
    child = await maker.made("read", "tokens", days=0.5)
    below = await (await Asking.program(opened, child["secret"])).made("read", days=0.25)
    listed = {each["token_id"]: each["made_by"] for each in (await ann.get("/me/tokens"))["items"]}
    assert (listed[made["id"]], listed[child["id"]], listed[below["id"]]) == (None, made["id"], child["id"])
    reader = await Asking.program(opened, below["secret"])
    assert (await reader.http.get(f"{API}/me")).status_code == 200
    assert (await reader.token("read", days=0.1)).status_code == 403
    await ann.post(f"/me/tokens/{made['id']}/revoke")
    for each in (maker, reader):
        assert (await each.http.get(f"{API}/me")).status_code == 401, "what it made is revoked with it"
    assert (await plain.http.get(f"{API}/me")).status_code == 200


async def test_a_token_revokes_itself_and_no_other(opened: Door):
    ann = await Asking.signed_in(await opened.signed_in("ann"))
    one, two = [await ann.made("read", present=PASSWORD) for _ in range(2)]
    program = await Asking.program(opened, one["secret"])
    assert refused(await program.post(f"/me/tokens/{two['id']}/revoke"))[:2] == (403, "no-right")
    assert (await program.post(f"/me/tokens/{one['id']}/revoke")).status_code == 200
    assert (await program.http.get(f"{API}/me")).status_code == 401
    assert [each["token_id"] for each in (await ann.get("/me/tokens"))["items"]] == [two["id"]]


async def test_no_token_acts_as_somebody_who_signed_in(opened: Door):  # S1
    """Whatever its scopes, and though whoever holds it knows the password."""
    browser = await opened.signed_in("boss", "administrator")
    boss = await Asking.signed_in(browser)
    every = ("read", "write", "numbers", "profit", "export", "accounts", "tokens")
    program = await Asking.program(opened, (await boss.made(*every, present=PASSWORD))["secret"])
    session = (await boss.get("/me"))["item"]["session_id"]
    before = len(await events(opened, "boss"))
    assert (await program.http.get(f"{API}/me/sessions")).status_code == 403
    for path, body in {
        "/me/password": {"present": PASSWORD, "password": NEW},
        f"/me/sessions/{session}/end": {},
        "/me/sessions/end-others": {},
    }.items():
        assert refused(await program.post(path, body))[:2] == (403, "no-right"), path
    assert (await program.http.get("/profile")).status_code == 403
    form = {"name": "t", "scope-read": "on", "present": PASSWORD}
    assert (await program.http.post("/profile/tokens", data=form)).status_code == 403
    assert len(await events(opened, "boss")) == before
    assert (await browser.get(f"{API}/me")).status_code == 200


async def test_acts_by_cookie_need_our_value_in_a_header(opened: Door):  # S6
    browser = await opened.signed_in("ann")
    bare = Asking(browser.http)
    answers = [
        await bare.post("/me/sessions/end-others"),
        await bare.token("read", present=PASSWORD),
        await bare.post("/me/password", {"present": PASSWORD, "password": NEW}),
    ]
    assert [refused(each)[:2] for each in answers] == [(403, "forbidden")] * 3
