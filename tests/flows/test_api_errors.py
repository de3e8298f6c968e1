"""Bad input over HTTP, one by one: a problem with its code and field, and nothing stored (DESIGN 7, RFC 9457)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.problem import Unavailable
from services.kit.token import Token
from tests.support.app import App
from tests.support.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
_DAY = 86_400_000
_FUTURE = 4_000_000_000_000


def problem(response: Any, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """Check that a response is this problem; returns its body."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:voronka:problem:{code}"
    assert len(body["trace_id"]) == 32
    if field is not None:
        assert field in [error["field"] for error in body["errors"]], body
        assert all(error["message"] for error in body["errors"])
    assert "pydantic" not in response.text
    return body


REFUSED: dict[str, tuple[str, dict[str, Any], int, str, str | None]] = {
    "unknown field": ("/clients", {"name": "A", "colour": "red"}, 422, "invalid", "colour"),
    "field of the edge": ("/clients", {"name": "A", "number": 5}, 422, "invalid", "number"),
    "field of the path": (
        "/clients/{client}/status",
        {"client_id": "x", "status": "current"},
        422,
        "invalid",
        "client_id",
    ),
    "missing field": ("/clients", {}, 422, "invalid", "name"),
    "wrong type": ("/clients", {"name": 5}, 422, "invalid", "name"),
    "wrong type inside": ("/clients", {"name": "A", "phones": ["1", 2]}, 422, "invalid", "phones.1"),
    "not one of": ("/clients", {"name": "A", "kind": "robot"}, 422, "invalid", "kind"),
    "empty": ("/clients", {"name": "   "}, 422, "invalid", "name"),
    "too long": ("/notes", {"client_id": "{client}", "text": "x" * 20_001}, 422, "invalid", "text"),
    "NUL": ("/clients", {"name": "a\x00b"}, 422, "invalid", "name"),
    "no id": ("/clients", {"name": "A", "client_id": "a/b"}, 422, "invalid", "client_id"),
    "unknown currency": ("/clients", {"name": "A", "currency": "XXX"}, 422, "invalid", "currency"),
    "small currency": ("/clients", {"name": "A", "currency": "eur"}, 422, "invalid", "currency"),
    "percent": ("/clients", {"name": "A", "discount": "101"}, 422, "invalid", "discount"),
    "negative price": ("/products/{product}/price", {"price": "-1", "currency": "EUR"}, 422, "invalid", "price"),
    "float price": ("/products/{product}/price", {"price": 1.5, "currency": "EUR"}, 422, "invalid", "price"),
    "negative amount": ("/payments", {"amount": -1, "currency": "EUR"}, 422, "invalid", "amount"),
    "fraction of a cent": ("/payments", {"amount": 1.5, "currency": "EUR"}, 422, "invalid", "amount"),
    "money as text": ("/payments", {"amount": "15", "currency": "EUR"}, 422, "invalid", "amount"),
    "too much money": ("/payments", {"amount": 10**16, "currency": "EUR"}, 422, "invalid", "amount"),
    "beyond 64 bits": ("/payments", {"amount": 10**30, "currency": "EUR"}, 422, "invalid", "amount"),
    "no zone in a time": ("/clients", {"name": "A", "at": "2024-05-01T12:00:00"}, 422, "invalid", "at"),
    "no day": ("/rates", {"currency": "USD", "day": "2024-13-01", "rate": "1"}, 422, "invalid", "day"),
    "future date": ("/clients", {"name": "A", "at": _FUTURE}, 422, "future-date", "at"),
    "backdated": ("/clients/{client}/status", {"status": "current", "at": _DAY}, 422, "backdated", "at"),
    "unknown client": ("/notes", {"client_id": "nobody", "text": "hi"}, 422, "unknown-reference", "client_id"),
    "unknown stage": ("/deals/{deal}/stage", {"stage_id": "moon"}, 422, "unknown-reference", "stage_id"),
    "unknown employee": ("/deals/{deal}/owner", {"owner_id": "who"}, 422, "unknown-reference", "owner_id"),
    "unknown branch": ("/orders/{order}/ship", {"branch": "Atlantis"}, 422, "unknown-reference", "branch"),
    "missing rate": ("/deals/{deal}/value", {"value": 5, "currency": "JPY"}, 422, "missing-rate", "currency"),
    "unknown zone": ("/settings", {"base_currency": "EUR", "zone": "Mars/Base"}, 422, "invalid", "zone"),
    "overlap of classes": (
        "/sales-rules",
        {
            "sources": ["deals"],
            "classes": [
                {"funnel_id": "{deal_funnel}", "stage_id": "won", "kind": "bought"},
                {"funnel_id": "{deal_funnel}", "stage_id": "won", "kind": "refused"},
            ],
        },
        422,
        "overlap",
        "classes",
    ),
    "rules of unknown stage": (
        "/sales-rules",
        {"sources": ["deals"], "classes": [{"funnel_id": "f", "stage_id": "s", "kind": "bought"}]},
        422,
        "unknown-reference",
        "classes.0.stage_id",
    ),
    "illegal move": ("/orders/{order}/status", {"status": "completed"}, 409, "illegal-move", None),
    "already there": ("/clients", {"client_id": "{client}", "name": "A"}, 409, "already-exists", "client_id"),
    "not there": ("/clients/nobody/status", {"status": "current"}, 404, "not-found", None),
    "bad id in the path": ("/clients/a b/status", {"status": "current"}, 422, "invalid", "client_id"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refused_command_says_why_and_stores_nothing(app: App, world: World, case: str):
    path, body, status, code, field = REFUSED[case]
    sent_to, sent = await world.filled(path), await world.filled(body)
    head = await app.engine.ports.store.head()
    problem(await app.post(sent_to, sent), status, code, field)
    assert await app.engine.ports.store.head() == head


async def test_messages_are_plain_words(app: App):
    body = {"name": "", "kind": "robot", "phones": "1", "discount": "x", "client_id": "?", "colour": 1}
    found = {error["field"]: error["message"] for error in (await app.post("/clients", body)).json()["errors"]}
    assert found == {
        "name": "must not be empty",
        "kind": "must be one of 'company', 'person'",
        "phones": "must be a list",
        "discount": 'must be a decimal number in quotes, such as "12.50"',
        "client_id": "must be an id: 1 to 64 of the characters A-Z, a-z, 0-9, _ . : -",
        "colour": "is not known here; leave it out or correct its name",
    }


# ---------------------------------------------------------------- headers


async def test_a_command_needs_an_idempotency_key(app: App):
    found = problem(await app.http.post("/api/v1/clients", json={"name": "A"}), 400, "idempotency-key-missing")
    assert "Idempotency-Key" in found["detail"]


@pytest.mark.parametrize("key", ["", "with space", "x" * 201])
async def test_an_idempotency_key_is_short_visible_text(app: App, key: str):
    response = await app.http.post("/api/v1/clients", json={"name": "A"}, headers={"Idempotency-Key": key})
    problem(response, 422, "invalid", "Idempotency-Key")


async def test_the_same_key_with_another_body_is_refused(app: App):
    await app.done("/clients", {"name": "A"}, key="once")
    problem(await app.post("/clients", {"name": "B"}, key="once"), 422, "idempotency-key-reused")


async def test_nobody_names_themselves(app: App):
    done = await app.done("/clients", {"name": "A"}, X_Actor="system")
    assert [event.actor for event in await app.engine.ports.store.read(done["stream"])] == ["local"]


async def test_if_match_refuses_a_change_of_what_the_caller_has_not_seen(app: App, world: World):
    client = await world.make("client")
    await app.done(f"/clients/{client}/status", {"status": "current"}, If_Match='"1"')
    stale = await app.post(f"/clients/{client}/temperature", {"temperature": "hot"}, If_Match='"1"')
    found = problem(stale, 409, "version-conflict")
    assert found["facts"] == {"stream": f"client-{client}", "expected": 1, "actual": 2}
    assert stale.headers["etag"] == '"2"'
    done = await app.done(f"/clients/{client}/temperature", {"temperature": "hot"}, If_Match='"2"')
    assert done["version"] == 3


@pytest.mark.parametrize("version", ["1", '"one"', "*", 'W/"1"'])
async def test_if_match_is_a_version_in_quotes(app: App, world: World, version: str):
    client = await world.make("client")
    response = await app.post(f"/clients/{client}/status", {"status": "current"}, If_Match=version)
    problem(response, 422, "invalid", "If-Match")


# ---------------------------------------------------------------- bodies

_DEEP = b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
_LEVELS = b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}"


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nothing",
        b'{"name": "\xff\xfe"}',
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b"[]",
        b'"x"',
        _DEEP,
        _LEVELS,
    ],
    ids=["cut", "no json", "broken utf-8", "half a pair", "NaN", "list", "text", "deep", "deeper than needed"],
)
async def test_a_body_that_is_no_json_object_is_refused(app: App, raw: bytes):
    response = await send(app, raw, "application/json")
    problem(response, 400, "malformed")


async def send(app: App, content: Any, media: str) -> Any:
    headers = {"Idempotency-Key": "raw", "Content-Type": media}
    return await app.http.post("/api/v1/clients", content=content, headers=headers)


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_another_media_type_is_refused(app: App, media: str):
    problem(await send(app, b'{"name": "A"}', media), 415, "unsupported-media-type")


async def test_a_huge_body_is_refused_by_its_length(app: App):
    problem(await send(app, b" " * 1_000_001, "application/json"), 413, "too-large")


async def test_a_huge_body_without_a_length_is_refused_while_it_is_read(app: App):
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100_000_000:
            sent += 100_000
            yield b" " * 100_000

    problem(await send(app, endless(), "application/json"), 413, "too-large")


# ---------------------------------------------------------------- who may ask


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.0.1", "", "[::2]"]
)
async def test_another_name_of_this_machine_is_refused(app: App, host: str):
    problem(await app.http.get("/api/v1/status", headers={"Host": host}), 403, "forbidden")


async def test_two_names_at_once_are_refused(app: App):
    response = await app.http.get("/api/v1/status", headers=[("Host", "localhost"), ("Host", "evil.example")])
    problem(response, 403, "forbidden")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]", "[::1]:8000", "LOCALHOST"])
async def test_own_names_are_served(app: App, host: str):
    assert (await app.http.get("/api/v1/status", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_a_page_of_another_site_cannot_send_a_command(app: App, headers: dict[str, str]):
    head = await app.engine.ports.store.head()
    sent = {"Idempotency-Key": "cross"} | headers
    problem(await app.http.post("/api/v1/clients", json={"name": "A"}, headers=sent), 403, "forbidden")
    assert await app.engine.ports.store.head() == head


async def test_a_page_of_this_site_can(app: App):
    sent = {"Idempotency-Key": "same", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert (await app.http.post("/api/v1/clients", json={"name": "A"}, headers=sent)).status_code == 201


@pytest.mark.parametrize("path", ["/", "/api/v1/clients", "/nothing", "/metrics", "/static/x/app.css"])
async def test_security_headers_are_on_everything(app: App, path: str):
    headers = (await app.http.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; script-src 'self'; style-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


# ---------------------------------------------------------------- reads

READS: dict[str, tuple[str, dict[str, Any], int, str, str | None]] = {
    "unknown parameter": ("/clients", {"colour": "red"}, 422, "invalid", "colour"),
    "limit": ("/clients", {"limit": 201}, 422, "invalid", "limit"),
    "no limit": ("/clients", {"limit": "many"}, 422, "invalid", "limit"),
    "sort": ("/clients", {"sort": "email"}, 422, "invalid", "sort"),
    "sort of numbers": ("/metrics/clients", {"sort": "name"}, 422, "invalid", "sort"),
    "cursor": ("/clients", {"cursor": "abc"}, 422, "invalid", "cursor"),
    "cursor of another list": ("/leads", {"cursor": "W10"}, 422, "invalid", "cursor"),
    "NUL": ("/clients", {"q": "a\x00b"}, 422, "invalid", "q"),
    "token": ("/clients", {"after": "abc"}, 422, "invalid", "after"),
    "as of": ("/clients", {"as_of": "2024-01-01T00:00:00Z"}, 501, "not-available", "as_of"),
    "as of numbers": ("/boards/totals", {"as_of": 1}, 501, "not-available", "as_of"),
    "no time": ("/clients", {"as_of": "yesterday"}, 422, "invalid", "as_of"),
    "no client": ("/clients/nobody", {}, 404, "not-found", None),
    "no client's metrics": ("/clients/nobody/metrics", {}, 404, "not-found", None),
    "no contact's metrics": ("/contacts/nobody/metrics", {}, 404, "not-found", None),
    "no client's notes": ("/clients/nobody/notes", {}, 404, "not-found", None),
    "no funnel": ("/funnels/nothing/numbers", {}, 404, "not-found", None),
    "field of the path": ("/clients/x", {"client_id": "y"}, 422, "invalid", "client_id"),
    "no explained field": ("/explain/clients/x/name", {}, 422, "invalid", "field"),
    "nowhere": ("/nowhere", {}, 404, "not-found", None),
}


@pytest.mark.parametrize("case", READS)
async def test_a_refused_read_says_why(app: App, case: str):
    path, params, status, code, field = READS[case]
    problem(await app.http.get(f"/api/v1{path}", params=params), status, code, field)


async def test_a_parameter_given_twice_is_refused(app: App):
    problem(await app.http.get("/api/v1/clients?limit=1&limit=2"), 422, "invalid", "limit")


@pytest.mark.parametrize("query", ["q=%ff%fe", "&".join(f"a{n}=1" for n in range(60))], ids=["utf-8", "many"])
async def test_a_broken_address_is_refused(app: App, query: str):
    problem(await app.http.get(f"/api/v1/clients?{query}"), 422, "invalid", "query")


async def test_a_token_of_another_log_is_gone(app: App):
    token = str(Token("another-log", [("clients.events", 0, 1)]))
    found = problem(await app.http.get("/api/v1/clients", params={"after": token}), 410, "gone", "after")
    assert "without `after`" in found["detail"]


async def test_what_is_erased_is_gone(app: App, world: World):
    client = await world.make("client")
    await app.done(f"/clients/{client}/erase")
    problem(await app.post(f"/clients/{client}/status", {"status": "current"}), 410, "erased")


async def test_a_read_that_cannot_see_the_effect_in_time_says_so(app: App, monkeypatch: pytest.MonkeyPatch):
    store = app.engine.ports.store
    ahead = str(Token(store.log_id, [("clients.events", 0, await store.head() + 1_000)]))
    wait = app.engine.wait
    monkeypatch.setattr(app.engine, "wait", lambda token, groups: wait(token, groups, 0.01))
    assert (await app.get("/clients", after=ahead))["stale"] is True


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/clients"), ("PUT", "/clients/x"), ("GET", "/clients/x/status")]
)
async def test_another_method_is_refused_naming_those_that_are_there(app: App, method: str, path: str):
    response = await app.http.request(method, f"/api/v1{path}")
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] in {"GET, HEAD, POST", "GET, HEAD", "POST"}


# ---------------------------------------------------------------- our own faults


async def test_a_store_that_is_away_is_503_with_a_time_to_come_back(app: App, monkeypatch: pytest.MonkeyPatch):
    async def away(*_: object) -> None:
        raise Unavailable("the disk is full; nothing was stored")

    monkeypatch.setattr(app.engine, "send", away)
    response = await app.post("/clients", {"name": "A"})
    problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "1"


async def test_an_unexpected_error_leaks_nothing(app: App, monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(app.engine, "send", broken)
    trace = "0af7651916cd43dd8448eb211c80319c"
    response = await app.post("/clients", {"name": "A"}, traceparent=f"00-{trace}-b7ad6b7169203331-01")
    assert problem(response, 500, "internal")["trace_id"] == trace
    assert "swordfish" not in response.text


async def test_the_trace_of_a_request_is_in_its_events(app: App):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    done = await app.done("/clients", {"name": "Traced"}, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    events = await app.engine.ports.store.read(done["stream"])
    assert [event.correlation for event in events] == [trace]


async def test_64_writers_of_one_client_all_get_an_answer(app: App, world: World):
    client = await world.make("client")
    bodies = [{"temperature": "hot" if n % 2 else "cold"} for n in range(64)]
    found = await asyncio.gather(*(app.post(f"/clients/{client}/temperature", body) for body in bodies))
    assert {response.status_code for response in found} == {200}
    versions = [event.version for event in await app.engine.ports.store.read(f"client-{client}")]
    assert versions == list(range(1, len(versions) + 1))
