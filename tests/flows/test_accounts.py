"""Coming in: the first administrator, one-time addresses, sessions, passwords, tokens (#5; TORTURE S6, S8)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import structlog
import time_machine

from contracts.gateway.account_commands import ChangeAccountRole, CloseAccount
from contracts.gateway.commands import EmployeeLeaves
from contracts.gateway.rights import Role
from services.cli.events import export_events
from services.gateway.accounts import passwords as module
from services.gateway.accounts.tickets import digest
from services.gateway.pages.static import assets
from services.kit import telemetry
from services.kit.sessions import IDLE, LIFE
from services.kit.web import create_app
from tests.support.door import PASSWORD, Door, door

API = "/api/v1"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as made:
        yield made


def ways(setting: str) -> set[str]:
    """Return the words of a cookie but for its value."""
    return {part.strip().lower() for part in setting.split(";")[1:]}


async def test_the_first_address_makes_the_administrator_once(opened: Door):
    path = opened.site.accounts.first_path
    assert path is not None
    browser = await opened.browser()
    assert (await browser.get("/start/guessed")).status_code == 409
    assert (await browser.get(path)).status_code == 200
    weak = await browser.send(path, csrf="", name="Ann", login="ann", password="short")
    assert (weak.status_code, "must have 10 to 200 characters" in weak.text) == (422, True)
    made = await browser.send(path, csrf="", name="Ann", login="Ann", password=PASSWORD)
    assert (made.status_code, made.headers["location"]) == (303, "/")
    assert "Administrator" in (await browser.get("/profile")).text
    assert opened.site.accounts.first_path is None
    other = await opened.browser()
    assert (await other.send(path, csrf="", name="Eve", login="eve", password=PASSWORD)).status_code == 409
    assert [each.login for each in opened.site.gate.known.accounts.values()] == ["ann"]


async def test_pages_send_to_the_sign_in_and_back(opened: Door):
    await opened.employee("ann", "manager")
    browser = await opened.browser()
    turned = await browser.get("/employees?x=1")
    assert (turned.status_code, turned.headers["location"]) == (303, "/sign-in?next=%2Femployees%3Fx%3D1")
    assert (await browser.get(turned.headers["location"])).status_code == 200
    done = await browser.sign_in("ann", next="/employees?x=1")
    assert (done.status_code, done.headers["location"]) == (303, "/employees?x=1")
    for outside in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert (await browser.sign_in("ann", next=outside)).headers["location"] == "/"


async def test_the_api_asks_for_a_token(opened: Door):
    browser = await opened.browser()
    for path in (f"{API}/clients", f"{API}/status", f"{API}/metrics/clients"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await browser.http.post(f"{API}/clients", json={"name": "A"})).status_code == 401
    assert (await browser.get(f"{API}/clients", authorization="Basic YTpi")).status_code == 401
    for path in ("/health/live", "/health/ready", "/metrics", assets().address("app.css"), f"{API}/openapi.json"):
        assert (await browser.get(path)).status_code == 200


async def test_the_cookie_is_kept_from_scripts_and_other_sites(opened: Door):
    await opened.employee("ann", "manager")
    plain = (await (await opened.browser()).sign_in("ann")).headers["set-cookie"]
    assert plain.startswith("voronka=")
    assert {"httponly", "samesite=lax", "path=/"} <= ways(plain)
    assert "secure" not in ways(plain)
    tls = (await (await opened.browser(base="https://localhost")).sign_in("ann")).headers["set-cookie"]
    assert tls.startswith("__Host-voronka=")
    assert {"httponly", "samesite=lax", "path=/", "secure"} <= ways(tls)
    assert not any(way.startswith("domain") for way in ways(tls))


async def test_a_proxy_says_who_comes_and_how(opened: Door):
    await opened.employee("ann", "manager")
    browser = await opened.browser()
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4, 9.9.9.9"}
    sent: dict[str, Any] = {"data": {"login": "ann", "password": PASSWORD}, "headers": forwarded}
    assert (await browser.http.post("/sign-in", **sent)).headers["set-cookie"].startswith("voronka=")
    object.__setattr__(opened.site.gate.origin, "proxied", True)
    assert (await browser.http.post("/sign-in", **sent)).headers["set-cookie"].startswith("__Host-voronka=")
    (account,) = opened.site.gate.known.accounts
    assert {each.address for each in await opened.site.accounts.sessions(account)} == {"10.0.0.1", "9.9.9.9"}


async def test_signing_in_begins_a_session_anew(opened: Door):  # no fixation
    await opened.employee("ann", "manager")
    browser = await opened.browser()
    await browser.sign_in("ann")
    first = browser.http.cookies["voronka"]
    await browser.sign_in("ann")
    assert browser.http.cookies["voronka"] != first
    old = await opened.browser(cookie=f"voronka={first}")
    assert (await old.get(f"{API}/clients")).status_code == 401


async def test_a_session_ends_when_unused_and_at_last(opened: Door):
    with time_machine.travel(1_800_000_000.0, tick=False) as clock:
        browser = await opened.signed_in("ann")
        clock.shift((IDLE - 1000) / 1000)
        assert (await browser.get(f"{API}/clients")).status_code == 200
        clock.shift((IDLE - 1000) / 1000)
        assert (await browser.get(f"{API}/clients")).status_code == 200
        clock.shift(IDLE / 1000)
        assert (await browser.get(f"{API}/clients")).status_code == 401
        await browser.sign_in("ann")
        for _ in range(LIFE // IDLE * 2 - 1):
            clock.shift(IDLE / 2000)
            assert (await browser.get(f"{API}/clients")).status_code == 200
        clock.shift(IDLE / 2000)
        assert (await browser.get(f"{API}/clients")).status_code == 401


async def test_own_sessions_are_listed_and_end_everywhere(opened: Door):
    one = await opened.signed_in("ann")
    two = await opened.browser("10.0.0.2", **{"user-agent": "Another browser"})
    await two.sign_in("ann")
    page = (await one.get("/profile")).text
    assert ("Another browser" in page, "10.0.0.2" in page) == (True, True)
    assert (await one.send("/profile/sessions/end")).headers["location"] == "/sign-in?out=1"
    for browser in (one, two):
        assert (await browser.get(f"{API}/clients")).status_code == 401


async def test_signing_out_ends_this_session_alone(opened: Door):
    one = await opened.signed_in("ann")
    two = await opened.browser()
    await two.sign_in("ann")
    cookie = one.http.cookies["voronka"]
    assert (await one.send("/sign-out")).status_code == 303
    assert "voronka" not in one.http.cookies
    assert (await (await opened.browser(cookie=f"voronka={cookie}")).get(f"{API}/clients")).status_code == 401
    assert (await two.get(f"{API}/clients")).status_code == 200


async def test_a_new_password_ends_other_sessions(opened: Door):
    one = await opened.signed_in("ann")
    two = await opened.browser()
    await two.sign_in("ann")
    wrong = await one.send("/profile/password", present="no", password="another good password")
    assert "is not your present password" in wrong.text
    done = await one.send("/profile/password", present=PASSWORD, password="another good password")
    assert done.headers["location"] == "/profile"
    assert (await one.get("/profile")).status_code == 200
    assert (await two.get(f"{API}/clients")).status_code == 401
    assert (await two.sign_in("ann")).status_code == 422
    assert (await two.sign_in("ann", "another good password")).status_code == 303


@pytest.mark.parametrize("how", ["closed", "left"])
async def test_who_is_gone_is_out_at_once(opened: Door, how: str):
    await opened.employee("boss", "administrator")
    browser = await opened.signed_in("ann")
    id = opened.site.gate.known.by_login("ann").account_id  # type: ignore[union-attr]
    token = await opened.site.accounts.issue_token(id, "", ["read"], 1, id)
    gone: Any = CloseAccount(account_id=id) if how == "closed" else EmployeeLeaves(employee_id=id)
    await opened.site.accounts.send(gone, "system")
    assert (await browser.get(f"{API}/clients")).status_code == 401
    assert (await browser.sign_in("ann")).status_code == 422
    program = await opened.browser(authorization=f"Bearer {token}")
    assert (await program.get(f"{API}/clients")).status_code == 401


async def test_a_restart_signs_nobody_out(tmp_path: Path):
    async with door(tmp_path) as before:
        browser = await before.signed_in("ann")
        cookie = browser.http.cookies["voronka"]
    async with door(tmp_path) as after:
        again = await after.browser(cookie=f"voronka={cookie}")
        assert (await again.get(f"{API}/clients")).status_code == 200


async def test_the_last_administrator_stays(opened: Door):
    boss = await opened.signed_in("boss", "administrator")
    id = opened.site.gate.known.by_login("boss").account_id  # type: ignore[union-attr]
    for what, form in (("close", {}), ("role", {"role": "manager"})):
        assert "this is the last administrator" in (await boss.send(f"/employees/{id}/{what}", **form)).text
    await opened.employee("second", "administrator")
    await opened.site.accounts.send(ChangeAccountRole(account_id=id, role="manager"), "system")
    assert opened.site.gate.known.accounts[id].role == "manager"


# ---------------------------------------------------------------- one-time addresses


async def test_an_employee_joins_under_a_one_time_address(opened: Door):
    boss = await opened.signed_in("boss", "administrator")
    page = (await boss.send("/employees", name="Bo", login="Bo", role="manager")).text
    link = re.search(r"http://localhost(/join/[^<]+)</code>", page)
    assert link is not None
    bo = await opened.browser()
    form = await bo.get(link[1])
    assert (form.status_code, 'value="bo"' in form.text) == (200, True)
    assert (await bo.send(link[1], csrf="", password="bo")).status_code == 422
    assert (await bo.send(link[1], csrf="", password=PASSWORD)).headers["location"] == "/"
    assert "Bo" in (await bo.get("/profile")).text
    assert (await bo.send(link[1], csrf="", password="another good password")).status_code == 409
    assert (await (await opened.browser()).sign_in("bo")).status_code == 303


async def test_an_older_address_and_an_old_one_are_good_no_more(opened: Door):
    id = await opened.employee("ann", "manager", password=None)
    with time_machine.travel(1_800_000_000.0, tick=False) as clock:
        first = await opened.site.accounts.issue_link(id, id)
        second = await opened.site.accounts.issue_link(id, id)
        browser = await opened.browser()
        assert (await browser.get(first)).status_code == 409
        assert (await browser.get(second)).status_code == 200
        clock.shift(3 * 86_400)
        assert (await browser.get(second)).status_code == 409
    assert (await browser.get("/join/nonsense")).status_code == 409


# ---------------------------------------------------------------- guessing


async def test_unknown_account_and_wrong_password_are_answered_alike(opened: Door):
    await opened.employee("ann", "manager")
    await opened.employee("new", "manager", password=None)
    browser = await opened.browser()
    checked: list[bool] = []

    def verify(self: Any, password: str, hash: str) -> bool:
        checked.append(hash.startswith("$argon2id$"))
        return real(self, password, hash)

    real = module.PasswordHash.verify
    with patch.object(module.PasswordHash, "verify", verify):
        answers = [await browser.sign_in(login, "not the password") for login in ("ann", "nobody", "new")]
    assert checked == [True] * 3, "each takes the time of a check"
    bodies = {answer.text.replace(login, "*") for answer, login in zip(answers, ("ann", "nobody", "new"), strict=True)}
    assert (len(bodies), {answer.status_code for answer in answers}) == (1, {422})


async def test_guessing_one_account_is_slowed_and_passes(opened: Door):  # S8
    await opened.employee("ann", "manager")
    with time_machine.travel(1_800_000_000.0, tick=False) as clock:
        codes = [(await (await opened.browser(f"10.0.1.{n}")).sign_in("ann", "guess")).status_code for n in range(12)]
        assert codes == [422] * 10 + [429] * 2
        own = await opened.browser("10.9.9.9")
        slowed = await own.sign_in("ann")
        assert (slowed.status_code, "too many attempts" in slowed.text) == (429, True)
        clock.shift(16 * 60)
        assert (await own.sign_in("ann")).status_code == 303, "nobody is locked out for ever"


async def test_guessing_from_one_address_is_slowed(opened: Door):  # S8: at most 100 an hour
    await opened.employee("ann", "manager")
    with time_machine.travel(1_800_000_000.0, tick=False) as clock:
        browser = await opened.browser("10.0.0.7")
        codes = [(await browser.sign_in(f"login-{n}", "guess")).status_code for n in range(100)]
        assert codes == [422] * 100
        for path in ("/join/vk.YQ.guess", "/sign-in"):
            answer = await (browser.get(path) if "join" in path else browser.sign_in("ann"))
            assert answer.status_code == 429
        assert (await (await opened.browser("10.0.0.8")).sign_in("ann")).status_code == 303
        clock.shift(3_601)
        assert (await browser.sign_in("ann")).status_code == 303


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaa", "annann1", "ann1234567", "x ann ann x"])
def test_passwords_that_are_easily_guessed_are_refused(password: str):
    with pytest.raises(module.Invalid):
        module.check(password, "ann")
    module.check(PASSWORD, "ann")


# ---------------------------------------------------------------- other sites


CROSS = [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"sec-fetch-site": "same-site"}]


@pytest.mark.parametrize("headers", CROSS)
async def test_another_site_changes_nothing(opened: Door, headers: dict[str, str]):  # S6
    browser = await opened.signed_in("boss", "administrator")
    good = await browser.csrf()
    posts = [page.path for page in opened.site.pages if page.method == "POST"]
    assert len(posts) > 8
    head = await opened.engine.ports.store.head()
    for path in posts:
        for csrf in (good, ""):
            filled = re.sub(r"\{\w+\}", "x", path)
            assert (await browser.send(filled, csrf=csrf, headers=headers, login="boss")).status_code == 403, path
    assert await opened.engine.ports.store.head() == head


async def test_a_form_without_our_value_changes_nothing(opened: Door):  # S6
    browser = await opened.signed_in("boss", "administrator")
    other = await (await opened.signed_in("ann")).csrf()
    head = await opened.engine.ports.store.head()
    closed = [page.path for page in opened.site.pages if page.method == "POST" and not page.needs.open]
    assert len(closed) > 5
    for path in closed:
        for csrf in ("", "x", other):
            assert (await browser.send(re.sub(r"\{\w+\}", "x", path), csrf=csrf)).status_code == 403, path
    assert await opened.engine.ports.store.head() == head


async def test_a_command_by_cookie_needs_our_value_in_a_header(opened: Door):  # S6
    browser = await opened.signed_in("ann")
    sent: dict[str, Any] = {"json": {"name": "Acme"}}
    bare = await browser.http.post(f"{API}/clients", headers={"Idempotency-Key": "k"}, **sent)
    assert (bare.status_code, bare.json()["code"]) == (403, "forbidden")
    headers = {"Idempotency-Key": "k", "X-CSRF-Token": await browser.csrf()}
    done = await browser.http.post(f"{API}/clients", headers=headers, **sent)
    assert done.status_code == 201
    me = opened.site.gate.known.by_login("ann").account_id  # type: ignore[union-attr]
    (event,) = await opened.engine.ports.store.read(done.json()["stream"])
    assert (event.actor, opened.engine.codec.decode(event).owner_id) == (me, me)


async def test_no_page_may_be_framed_or_kept(opened: Door):
    browser = await opened.signed_in("ann")
    for path in ("/", "/sign-in", "/profile", "/employees", f"{API}/clients"):
        headers = (await browser.get(path)).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"


# ---------------------------------------------------------------- tokens


async def test_a_token_is_shown_once_and_may_what_its_scopes_say(opened: Door):
    browser = await opened.signed_in("boss", "administrator")
    form = {"name": "books", "scope-read": "on", "days": "30", "present": PASSWORD}
    token = re.search(r"<code[^>]*>(vk\.[^<]+)</code>", (await browser.send("/profile/tokens", **form)).text)
    assert token is not None
    page = (await browser.get("/profile")).text
    assert (token[1] in page, "books" in page) == (False, True)
    program = await opened.browser(authorization=f"Bearer {token[1]}")
    assert (await program.get(f"{API}/clients")).status_code == 200
    assert (await program.get(f"{API}/metrics/clients")).status_code == 403
    denied = await program.http.post(f"{API}/clients", json={"name": "A"}, headers={"Idempotency-Key": "k"})
    assert (denied.status_code, denied.json()["code"]) == (403, "no-right")
    (id,) = re.findall(r"/profile/tokens/([^/]+)/revoke", page)
    await browser.send(f"/profile/tokens/{id}/revoke")
    assert (await program.get(f"{API}/clients")).status_code == 401


async def test_a_token_ends_and_none_is_guessed(opened: Door):
    id = await opened.employee("ann", "manager")
    with time_machine.travel(1_800_000_000.0, tick=False) as clock:
        token = await opened.site.accounts.issue_token(id, "", ["read"], 1, id)
        program = await opened.browser(authorization=f"Bearer {token}")
        assert (await program.get(f"{API}/clients")).status_code == 200
        for wrong in (token[:-1], token + "A", token.replace("vk.", "vk"), "vk..", "", token.split(".")[2], "ї"):
            bad = await (await opened.browser()).http.get(
                f"{API}/clients", headers={"authorization": f"Bearer {wrong}".encode()}
            )
            assert bad.status_code == 401, wrong
        clock.shift(86_400)
        assert (await program.get(f"{API}/clients")).status_code == 401


async def test_a_token_needs_a_scope(opened: Door):
    browser = await opened.signed_in("ann")
    assert "scopes" in (await browser.send("/profile/tokens", name="nothing", days="30", present=PASSWORD)).text


# ---------------------------------------------------------------- the log


async def test_no_secret_is_in_the_log_in_a_read_model_or_in_an_export(tmp_path: Path):  # ADR 0023
    async with door(tmp_path / "data") as opened:
        id = await opened.employee("ann", "manager")
        token = await opened.site.accounts.issue_token(id, "books", ["read"], 1, id)
        link = await opened.site.accounts.issue_link(id, id)
        browser = await opened.browser()
        await browser.sign_in("ann")
        cookie = browser.http.cookies["voronka"]
        await opened.engine.settle()
        events = await opened.engine.ports.store.read_all(0, 100)
        await export_events(opened.engine.ports.store, opened.engine.codec, tmp_path / "events.jsonl")
    stored = b"".join(event.data for event in events)
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(files) > 4
    everywhere = stored + (tmp_path / "events.jsonl").read_bytes() + b"".join(path.read_bytes() for path in files)
    for secret in (PASSWORD, token, token.split(".")[2], link.removeprefix("/join/"), cookie, "$argon2"):
        assert secret.encode() not in everywhere
    log = stored + (tmp_path / "events.jsonl").read_bytes()
    for hashed in (digest(token), digest(link.removeprefix("/join/"))):
        assert hashed.encode() not in log


async def test_every_act_is_in_the_log(opened: Door):
    boss = await opened.signed_in("boss", "administrator")
    me = opened.site.gate.known.by_login("boss").account_id  # type: ignore[union-attr]
    await opened.employee("second", "administrator")
    await boss.send("/profile/tokens", **{"name": "t", "scope-read": "on", "present": PASSWORD})
    await boss.send(f"/employees/{me}/link")
    await boss.send(f"/employees/{me}/role", role="director")
    events = await opened.engine.ports.store.read(f"account-{me}")
    assert [event.type.split(".")[1] for event in events] == [
        "AccountOpened", "AccountPasswordChanged", "AccountSessionsEnded", "AccountSignedIn", "AccountTokenIssued",
        "AccountLinkIssued", "AccountRoleChanged",
    ]  # fmt: skip
    assert {event.actor for event in events[3:]} == {me}


async def test_what_lets_in_works_after_a_restart(tmp_path: Path):
    async with door(tmp_path) as before:
        id = await before.employee("ann", "manager")
        token = await before.site.accounts.issue_token(id, "", ["read"], 1, id)
    async with door(tmp_path) as after:
        assert (await (await after.browser()).sign_in("ann")).status_code == 303
        program = await after.browser(authorization=f"Bearer {token}")
        assert (await program.get(f"{API}/clients")).status_code == 200


def test_an_application_without_a_gate_cannot_be_made():
    with pytest.raises(TypeError):
        create_app(None, ())  # type: ignore[arg-type, call-arg]


@pytest.mark.parametrize(("role", "home"), [("warehouse", "/employees"), ("manager", ""), ("marketer", "")])
async def test_everybody_begins_at_a_page_they_may_see(opened: Door, role: Role, home: str):  # P17, P26
    browser = await opened.signed_in(f"begins-{role}", role)
    answer = await browser.get("/")
    assert (answer.status_code, answer.headers.get("location", "")) == (303 if home else 200, home)
    shown = await browser.get(home or "/", **{"accept-language": "en"})
    assert shown.status_code == 200
    assert ("Sales analytics" in shown.text) == (not home), "the menu has no entry that leads to a refusal"


async def test_no_secret_is_logged_and_a_look_ahead_uses_nothing_up(opened: Door, capsys: pytest.CaptureFixture[str]):
    """S8: what lets in stands in paths, headers and forms. Programs that look at links ahead ask with GET alone."""
    id = await opened.employee("ann", "manager", password=None)
    link = await opened.site.accounts.issue_link(id, id)
    browser = await opened.browser()
    for _ in range(3):
        assert (await browser.get(link)).status_code == 200
    assert (await browser.send(link, csrf="", password=PASSWORD)).status_code == 303
    assert (await (await opened.browser()).get(link)).status_code == 409, "used once"
    cookie = browser.http.cookies["voronka"]
    token = await opened.site.accounts.issue_token(id, "books", ["read"], 1, id)
    program = await opened.browser(authorization=f"Bearer {token}")
    telemetry.configure(json_logs=True)
    with patch.object(opened.engine.ports.documents, "snapshot", side_effect=RuntimeError("broken")):
        for one in (browser, program):
            assert (await one.get(f"{API}/clients")).status_code == 500
        assert (await browser.get(f"{link}/x")).status_code in (404, 405)
    structlog.reset_defaults()
    told = "".join(capsys.readouterr())
    assert "request failed" in told, "that it failed is logged"
    for secret in (PASSWORD, cookie, token, token.split(".")[2], link.removeprefix("/join/"), link.split(".")[2]):
        assert secret not in told
