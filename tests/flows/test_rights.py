"""Every route, every role, own and the team's and a foreign and nobody's record: each cell is as the table here says,
which was written by hand and shares nothing with the declarations (P17, P25, S2.19; TORTURE S1)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio

from contracts.gateway.rights import TokenScope
from services.cli.workspace import SERVICES
from services.gateway.site import Site
from services.kit.rights import Denied
from tests.support.app import App, running
from tests.support.staff import bearer, caller_named
from tests.support.world import STAGES

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLES = ("administrator", "director", "manager", "marketer", "warehouse")
A, D, M, K, W = "administrator", "director", "manager", "marketer", "warehouse"
EVERYBODY = {A, D, M, K, W}
OPEN = EVERYBODY | {""}
OWNERS = {"own": "me", "team": "mate", "foreign": "stranger", "none": None}
REACHES = {"own": {"own"}, "team": {"own", "team"}, "all": set(OWNERS)}
RECORDS = ("client", "contact", "note", "lead", "deal", "order", "payment")

READS: dict[str, set[str]] = {
    "/clients": {A, D, M, K},
    "/clients/{client_id}": {A, D, M, K},
    "/clients/{client_id}/history": {A, D, M, K},
    "/clients/{client_id}/notes": {A, D, M, K},
    "/clients/{client_id}/contacts": {A, D, M, K},
    "/contacts": {A, D, M, K},
    "/contacts/{contact_id}": {A, D, M, K},
    "/contacts/{contact_id}/history": {A, D, M, K},
    "/notes/{note_id}": {A, D, M, K},
    "/notes/{note_id}/history": {A, D, M, K},
    "/mentions": {A, D, M, K},
    "/leads": {A, D, M, K},
    "/leads/{lead_id}": {A, D, M, K},
    "/deals": {A, D, M, K},
    "/deals/{deal_id}": {A, D, M, K},
    "/orders": EVERYBODY,
    "/orders/{order_id}": EVERYBODY,
    "/payments": {A, D, M},
    "/payments/{payment_id}": {A, D, M},
    "/products": EVERYBODY,
    "/products/{product_id}": EVERYBODY,
    "/funnels": EVERYBODY,
    "/funnels/{funnel_id}": EVERYBODY,
    "/rates": EVERYBODY,
    "/settings": EVERYBODY,
    "/views": {A, D, M, K},
    "/views/{view_id}": {A, D, M, K},
    "/employees": EVERYBODY,
    "/employees/{employee_id}": EVERYBODY,
    "/accounts": {A},
    "/accounts/{account_id}": {A},
    "/me": EVERYBODY,
    "/me/sessions": EVERYBODY,
    "/me/tokens": EVERYBODY,
    "/status": EVERYBODY,
    "/openapi.json": OPEN,
    **{
        path: {A, D, M, K}
        for path in (
            "/clients/{client_id}/metrics", "/contacts/{contact_id}/metrics", "/metrics/clients", "/metrics/contacts",
            "/funnels/{funnel_id}/numbers", "/funnels/{funnel_id}/summary", "/boards/totals", "/boards/deals",
            "/boards/revenue", "/boards/sellers", "/boards/sellers-by-month", "/boards/products", "/boards/countries",
            "/boards/segments", "/boards/shipments", "/boards/receipts", "/boards/fulfilment", "/sales-rules",
            "/explain/clients/{subject_id}/{field}", "/explain/stages/{funnel_id}/{stage_id}/mean",
        )
    },
}  # fmt: skip
_CLIENT = (
    "details",
    "status",
    "temperature",
    "terms",
    "owner",
    "tag",
    "untag",
    "lost",
    "return",
    "archive",
    "restore",
    "stage",
    "main-contact",
)
_DEAL = ("stage", "value", "lines", "contacts", "owner", "touch", "client")
_STAGE = ("name", "position", "probability", "archive")
WRITES: dict[str, set[str]] = {
    "/clients": {A, D, M},
    **{f"/clients/{{client_id}}/{what}": {A, D, M} for what in _CLIENT},
    "/clients/{client_id}/erase": {A, D},
    "/contacts": {A, D, M},
    "/contacts/{contact_id}": {A, D, M},
    **{f"/contacts/{{contact_id}}/{what}": {A, D, M} for what in ("remove", "restore")},
    "/notes": {A, D, M},
    **{f"/notes/{{note_id}}/{what}": {A, D, M} for what in ("text", "priority", "remove", "restore")},
    **{f"/mentions/{{note_id}}/{what}": {A, D, M, K} for what in ("read", "unread")},
    "/leads": {A, D, M, K},
    "/leads/{lead_id}/take": {A, D, M, K},
    "/leads/{lead_id}/convert": {A, D, M},
    "/leads/{lead_id}/close": {A, D, M, K},
    "/deals": {A, D, M},
    **{f"/deals/{{deal_id}}/{what}": {A, D, M} for what in _DEAL},
    "/orders": {A, D, M},
    **{f"/orders/{{order_id}}/{what}": {A, D, M} for what in ("lines", "owner", "client")},
    "/orders/{order_id}/status": {A, D, M, W},
    "/orders/{order_id}/ship": {A, D, M, W},
    "/payments": {A, D, M},
    "/payments/{payment_id}/reverse": {A, D, M},
    "/payments/{payment_id}/client": {A, D, M},
    "/products": {A, D},
    "/products/{product_id}": {A, D},
    **{f"/products/{{product_id}}/{what}": {A, D} for what in ("price", "cost", "archive")},
    "/funnels": {A, D},
    "/funnels/{funnel_id}/stages": {A, D},
    **{f"/funnels/{{funnel_id}}/stages/{{stage_id}}/{what}": {A, D} for what in _STAGE},
    "/rates": {A, D},
    "/sales-rules": {A, D},
    "/views": {A, D, M, K},
    **{f"/views/{{view_id}}{what}": {A, D, M, K} for what in ("", "/remove", "/restore")},
    "/settings": {A, D},
    "/employees": {A},
    "/employees/{employee_id}": {A},
    "/employees/{employee_id}/leave": {A},
    "/accounts/{account_id}": {A},
    **{
        f"/accounts/{{account_id}}/{what}": {A}
        for what in ("login", "role", "rights", "close", "reopen", "end-sessions")
    },
    **{
        f"/me/{what}": EVERYBODY
        for what in (
            "password",
            "sessions/{session_id}/end",
            "sessions/end-others",
            "tokens",
            "tokens/{token_id}/revoke",
        )
    },
}
BY_SESSION = {"/me/sessions", "/me/password", "/me/sessions/{session_id}/end", "/me/sessions/end-others"}
"""What is for people who signed in, and for no token."""
BY_SCOPE = {"/me/tokens"}
"""What a token needs the scope `tokens` for."""
_IMPORT = ("match", "take", "undo", "drop")
PAGES: dict[tuple[str, str], set[str]] = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/clients"): {A, D, M, K},
    ("GET", "/clients/filter"): {A, D, M, K},
    ("GET", "/clients/export"): {A, D, K},
    ("POST", "/clients/export"): {A, D, K},
    ("POST", "/clients/views"): {A, D, M, K},
    **{("POST", f"/clients/views/{{view_id}}/{w}"): {A, D, M, K} for w in ("query", "name", "remove", "restore")},
    **{("POST", f"/{list}/bulk"): {A, D, M} for list in ("clients", "contacts")},
    **{("GET", f"/{list}/bulk/{{bulk_id}}"): {A, D, M} for list in ("clients", "contacts")},
    **{("GET", f"/{list}/bulk/{{bulk_id}}/state"): {A, D, M} for list in ("clients", "contacts")},
    **{
        ("POST", f"/{list}/bulk/{{bulk_id}}/{what}"): {A, D, M}
        for list in ("clients", "contacts")
        for what in ("undo", "resume", "close")
    },
    ("GET", "/clients/{client_id}"): {A, D, M, K},
    ("GET", "/clients/{client_id}/panel"): {A, D, M, K},
    ("GET", "/clients/{client_id}/why/{field}"): {A, D, M, K},
    ("GET", "/contacts"): {A, D, M, K},
    ("GET", "/contacts/{contact_id}"): {A, D, M, K},
    ("GET", "/contacts/{contact_id}/panel"): {A, D, M, K},
    ("GET", "/contacts/{contact_id}/why/{field}"): {A, D, M, K},
    ("GET", "/contacts/export"): {A, D, K},
    ("POST", "/contacts/export"): {A, D, K},
    ("GET", "/contacts/new"): {A, D, M},
    ("POST", "/contacts/new"): {A, D, M},
    ("GET", "/contacts/{contact_id}/edit"): {A, D, M},
    ("POST", "/contacts/{contact_id}/edit"): {A, D, M},
    ("POST", "/contacts/{contact_id}/mark/{what}"): {A, D, M},
    ("GET", "/options/clients"): {A, D, M, K},
    ("GET", "/options/mentions"): {A, D, M},
    ("GET", "/similar"): {A, D, M},
    ("GET", "/bell"): {A, D, M, K},
    **{("POST", f"/bell/{what}"): {A, D, M, K} for what in ("read", "unread", "{note_id}/read")},
    ("GET", "/palette"): {A, D, M, K},
    ("GET", "/live"): {A, D, M, K},
    ("GET", "/clients/new"): {A, D, M},
    ("POST", "/clients/new"): {A, D, M},
    ("GET", "/clients/{client_id}/edit"): {A, D, M},
    ("POST", "/clients/{client_id}/edit"): {A, D, M},
    ("POST", "/clients/{client_id}/mark/{what}"): {A, D, M},
    ("GET", "/clients/{client_id}/set/{field}"): {A, D, M},
    ("POST", "/clients/{client_id}/set/{field}"): {A, D, M},
    ("GET", "/clients/{client_id}/erase"): {A, D},
    ("POST", "/clients/{client_id}/erase"): {A, D},
    ("POST", "/clients/{client_id}/notes"): {A, D, M},
    ("GET", "/notes/{note_id}"): {A, D, M},
    ("POST", "/notes/{note_id}/{what}"): {A, D, M},
    **{
        ("GET", f"/clients/import{more}"): {A, D}
        for more in ("", "/{job_id}", "/{job_id}/state", "/{job_id}/refused.csv")
    },
    **{("POST", f"/clients/import{more}"): {A, D} for more in ("", *(f"/{{job_id}}/{w}" for w in _IMPORT))},
    ("GET", "/look"): OPEN,
    ("GET", "/static/{version}/{name:path}"): OPEN,
    ("GET", "/sign-in"): OPEN,
    ("POST", "/sign-in"): OPEN,
    ("POST", "/sign-out"): EVERYBODY,
    ("GET", "/start/{ticket}"): OPEN,
    ("POST", "/start/{ticket}"): OPEN,
    ("GET", "/join/{ticket}"): OPEN,
    ("POST", "/join/{ticket}"): OPEN,
    ("GET", "/profile"): EVERYBODY,
    ("POST", "/profile/password"): EVERYBODY,
    ("POST", "/profile/sessions/end"): EVERYBODY,
    ("POST", "/profile/sessions/end-others"): EVERYBODY,
    ("POST", "/profile/sessions/{session_id}/end"): EVERYBODY,
    ("POST", "/profile/tokens"): EVERYBODY,
    ("POST", "/profile/tokens/{token_id}/revoke"): EVERYBODY,
    ("GET", "/employees"): EVERYBODY,
    ("POST", "/employees"): {A},
    ("POST", "/employees/{account_id}/{what}"): {A},
}


class Shop:
    """A workspace with one record of each kind for each owner. `ids`: (kind, whose) → id."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.ids: dict[tuple[str, str], str] = {}

    async def fill(self) -> None:
        done = self.app.done
        await done("/settings", {"base_currency": "EUR"})
        for id, team in (("me", "East"), ("mate", "East"), ("stranger", "West"), ("maker", None)):
            await done("/employees", {"employee_id": id, "name": id, "team": team})
        await done("/accounts/me", {"login": "me", "role": "manager"})
        await done("/funnels", {"funnel_id": "f", "name": "Sales", "subject": "deal", "stages": STAGES})
        await done("/products", {"product_id": "p", "names": {"": "Tea"}})
        for what, value in (("price", "12.50"), ("cost", "3.50")):
            await done(f"/products/p/{what}", {what: value, "currency": "EUR", "valid_from": 0})
        await done("/views", {"view_id": "v", "name": "View", "audience": "all"})
        await done("/sales-rules", {"sources": ["deals", "orders"], "classes": []})
        for whose, owner in OWNERS.items():
            await self._of(whose, owner)
        assert await self.app.engine.settle()

    async def _of(self, whose: str, owner: str | None) -> None:
        ids = {kind: f"{kind}-{whose}" for kind in RECORDS}
        self.ids |= {(kind, whose): id for kind, id in ids.items()}
        done, of_client = self.app.done, {"client_id": ids["client"]}
        await done(
            "/clients", {"client_id": ids["client"], "name": f"Marked {whose}", "owner_id": owner, "country": whose}
        )
        await done("/contacts", {"contact_id": ids["contact"], "name": f"Marked {whose}", **of_client})
        await done("/notes", {"note_id": ids["note"], "text": "x", **of_client})
        await done("/leads", {"lead_id": ids["lead"], "name": f"Marked {whose}"})
        if owner is not None:
            await done(f"/leads/{ids['lead']}/take", {"owner_id": owner})
        deal = {
            "deal_id": ids["deal"],
            "funnel_id": "f",
            "value": 100,
            "owner_id": owner,
            "contact_ids": [ids["contact"]],
        }
        await done("/deals", {**deal, **of_client})
        await done(f"/deals/{ids['deal']}/stage", {"stage_id": "won"})
        lines = [{"product_id": "p", "quantity": "2"}]
        await done("/orders", {"order_id": ids["order"], "lines": lines, "owner_id": owner, **of_client})
        await done(f"/orders/{ids['order']}/ship", {})
        paid = {"payment_id": ids["payment"], "order_id": ids["order"], "amount": 500, "currency": "EUR"}
        await done("/payments", paid)

    def path(self, path: str, whose: str) -> str:
        """Return a route's path with the ids of these records in it."""
        known = {f"{kind}_id": id for (kind, of), id in self.ids.items() if of == whose}
        known |= {"funnel_id": "f", "stage_id": "won", "product_id": "p", "employee_id": "me", "account_id": "me"}
        known |= {"view_id": "v", "session_id": "s", "token_id": "t"}
        known |= {"subject_id": known["client_id"], "field": "sales_sum"}
        return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], path)

    async def get(self, caller: str, path: str, **params: Any) -> Any:
        return await self.app.http.get(f"/api/v1{path}", params=params, headers=bearer(caller))

    async def post(self, caller: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return await self.app.post(path, body, **bearer(caller))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("rights")
    async with running(folder) as app:
        made = Shop(app)
        await made.fill()
        yield made


async def test_every_route_is_in_the_tables():
    gets = {query.path for service in SERVICES for query in service.queries}
    posts = {handles.path for service in SERVICES for handles in service.handles if handles.path is not None}
    assert set(READS) == gets | {"/status", "/openapi.json"}
    assert set(WRITES) == posts


async def test_every_page_is_in_the_table(shop: Shop):
    pages = Site.of(shop.app.engine).pages
    assert {(page.method, page.path) for page in pages} == set(PAGES)
    for page in pages:
        allowed = PAGES[page.method, page.path]
        assert page.needs.open == ("" in allowed), page.path
        for role in ROLES:
            assert caller_named(f"{role}:me").may(*page.needs.rights) == (role in allowed), (page.path, role)


# ---------------------------------------------------------------- who may at all


@pytest.mark.parametrize("path", READS)
async def test_who_may_read(shop: Shop, path: str):
    for role in ROLES:
        answer = await shop.get(f"{role}:me", shop.path(path, "own"))
        wanted = 200 if role in READS[path] else 403
        assert answer.status_code == wanted, (role, answer.text)
        if wanted == 403:
            assert answer.json()["code"] == "no-right"
    nobody = await shop.app.http.get(f"/api/v1{shop.path(path, 'own')}", headers={"authorization": ""})
    assert nobody.status_code == (200 if "" in READS[path] else 401)


@pytest.mark.parametrize("path", WRITES)
async def test_who_may_write(shop: Shop, path: str):
    """Whoever may gets behind the right, to what is wrong with the field that nothing has."""
    head = await shop.app.engine.ports.store.head()
    for role in ROLES:
        answer = await shop.post(f"{role}:me", shop.path(path, "own"), {"nothing_has_this": 1})
        wanted = (422, "invalid") if role in WRITES[path] else (403, "no-right")
        assert (answer.status_code, answer.json()["code"]) == wanted, (role, answer.text)
    nobody = await shop.app.post(shop.path(path, "own"), {}, authorization="")
    assert nobody.status_code == 401
    assert await shop.app.engine.ports.store.head() == head


@pytest.mark.parametrize("role", ROLES)
async def test_what_a_token_may_of_ones_own_account(shop: Shop, role: str):
    """However much it may else: what a signed-in session alone may, it may not; tokens by a scope of their own."""
    every = [scope for scope in get_args(TokenScope) if scope != "tokens"]
    head = await shop.app.engine.ports.store.head()
    own = [("GET", path) for path in READS if f"{path}/".startswith("/me/")]
    own += [("POST", path) for path in WRITES if f"{path}/".startswith("/me/")]
    for scopes in (*get_args(TokenScope), "+".join(every), "+".join(get_args(TokenScope))):
        caller = f"{role}:me:all:{scopes}"
        for method, path in own:
            asked = shop.path(path, "own")
            answer = await (
                shop.get(caller, asked) if method == "GET" else shop.post(caller, asked, {"nothing_has_this": 1})
            )
            denied = path in BY_SESSION or (path in BY_SCOPE and "tokens" not in scopes.split("+"))
            wanted = 403 if denied else 200 if method == "GET" else 422
            assert answer.status_code == wanted, (scopes, method, path, answer.text)
    assert await shop.app.engine.ports.store.head() == head


async def test_no_page_of_ones_own_is_for_tokens(shop: Shop):
    pages = [page for page in Site.of(shop.app.engine).pages if page.path.startswith("/profile")]
    assert len(pages) == 7
    for page in pages:
        with pytest.raises(Denied):
            page.needs.check(caller_named(f"administrator:me:all:{'+'.join(get_args(TokenScope))}"))


# ---------------------------------------------------------------- whose records

ONE_OF = [path for path in READS if any(f"{{{kind}_id}}" in path for kind in (*RECORDS, "subject"))]
LISTS = {"/clients": "client", "/contacts": "contact", "/leads": "lead", "/deals": "deal", "/orders": "order",
         "/payments": "payment"}  # fmt: skip


def reached(path: str, records: str) -> set[str]:
    """A lead that nobody took waits for anybody."""
    return REACHES[records] | ({"none"} if path.startswith("/leads") else set())


@pytest.mark.parametrize("path", ONE_OF)
async def test_whose_record_is_shown(shop: Shop, path: str):
    for records in REACHES:
        for whose in OWNERS:
            answer = await shop.get(f"manager:me:{records}", shop.path(path, whose))
            wanted = 200 if whose in reached(path, records) else 404
            assert answer.status_code == wanted, (records, whose, answer.text)
            if wanted == 404:
                missing = await shop.get(f"manager:me:{records}", shop.path(path, whose).replace(whose, "guessed"))
                hidden = answer.json()["detail"].replace(whose, "guessed")
                assert (missing.status_code, missing.json()["detail"]) == (404, hidden), "as if it were not there"


@pytest.mark.parametrize("path", LISTS)
async def test_whose_records_are_listed_and_counted(shop: Shop, path: str):
    for records in REACHES:
        wanted = {shop.ids[LISTS[path], whose] for whose in reached(path, records)}
        answer = (await shop.get(f"manager:me:{records}", path, count=True)).json()
        found = {each[f"{LISTS[path]}_id"] for each in answer["items"]}
        assert (found, answer["total"]) == (wanted, len(wanted)), records
        if path in ("/clients", "/contacts", "/leads"):
            searched = (await shop.get(f"manager:me:{records}", path, q="Marked", count=True)).json()
            assert {each[f"{LISTS[path]}_id"] for each in searched["items"]} == wanted
            assert searched["total"] == len(wanted)


@pytest.mark.parametrize("kind", ["client", "contact"])
async def test_whose_records_are_named_by_ids(shop: Shop, kind: str):
    all_ids = ",".join(shop.ids[kind, whose] for whose in OWNERS)
    for records, reach in REACHES.items():
        named = (await shop.get(f"manager:me:{records}", f"/{kind}s", ids=f"guessed,{all_ids}")).json()
        wanted = {shop.ids[kind, whose] for whose in reach}
        assert {each[f"{kind}_id"] for each in named["items"]} == wanted


async def test_whose_contacts_have_numbers(shop: Shop):  # P3, P17
    everybody = ",".join(shop.ids["contact", whose] for whose in OWNERS)
    for records, reach in REACHES.items():
        shown = (await shop.get(f"manager:me:{records}", "/metrics/contacts", ids=f"guessed,{everybody}")).json()
        wanted = [shop.ids["contact", whose] for whose in OWNERS if whose in reach]
        assert [each["id"] for each in shown["items"]] == wanted
        assert {each["sales_count"] for each in shown["items"]} == {1}


_SUBJECTS = {kind: [path for path in WRITES if f"{{{kind}_id}}" in path] for kind in RECORDS}
_BODIES: dict[str, dict[str, Any]] = {
    "/clients/{client_id}/details": {"name": "N"}, "/clients/{client_id}/status": {"status": "current"},
    "/clients/{client_id}/terms": {"discount": "5"},
    "/clients/{client_id}/temperature": {"temperature": "hot"}, "/clients/{client_id}/owner": {"owner_id": "me"},
    "/clients/{client_id}/tag": {"tag": "t"}, "/clients/{client_id}/untag": {"tag": "t"},
    "/clients/{client_id}/stage": {"funnel_id": "none", "stage_id": "won"},
    "/clients/{client_id}/main-contact": {"contact_id": "guessed"}, "/contacts/{contact_id}": {"name": "N"},
    "/notes/{note_id}/text": {"text": "t"}, "/notes/{note_id}/priority": {"priority": "high"},
    "/leads/{lead_id}/take": {"owner_id": "me"}, "/deals/{deal_id}/stage": {"stage_id": "none"},
    "/deals/{deal_id}/value": {"value": 1}, "/deals/{deal_id}/lines": {"lines": []},
    "/deals/{deal_id}/contacts": {"contact_ids": []}, "/deals/{deal_id}/owner": {"owner_id": "me"},
    "/deals/{deal_id}/client": {"client_id": None}, "/orders/{order_id}/lines": {"lines": [{"product_id": "p",
    "quantity": "1"}]}, "/orders/{order_id}/status": {"status": "confirmed"},
    "/orders/{order_id}/owner": {"owner_id": "me"}, "/orders/{order_id}/client": {"client_id": None},
    "/payments/{payment_id}/client": {"client_id": None},
}  # fmt: skip


@pytest.mark.parametrize("path", [path for paths in _SUBJECTS.values() for path in paths])
async def test_a_record_out_of_reach_cannot_be_changed(shop: Shop, path: str):
    head = await shop.app.engine.ports.store.head()
    rights = "administrator"  # so that nothing but the reach says no, also to erasing
    for records in ("own", "team"):
        for whose in set(OWNERS) - reached(path, records):
            answer = await shop.post(f"{rights}:me:{records}", shop.path(path, whose), _BODIES.get(path))
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), (records, whose, answer.text)
    assert await shop.app.engine.ports.store.head() == head


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/contacts", {"client_id": "client-foreign", "name": "N"}, "client_id"),
        ("/notes", {"client_id": "client-foreign", "text": "t"}, "client_id"),
        ("/deals", {"client_id": "client-foreign", "funnel_id": "f", "value": 1}, "client_id"),
        ("/orders", {"client_id": "client-foreign", "lines": [{"product_id": "p", "quantity": "1"}]}, "client_id"),
        ("/orders", {"deal_id": "deal-foreign", "lines": [{"product_id": "p", "quantity": "1"}]}, "deal_id"),
        ("/payments", {"client_id": "client-foreign", "amount": 1, "currency": "EUR"}, "client_id"),
        ("/payments", {"order_id": "order-foreign", "amount": 1, "currency": "EUR"}, "order_id"),
        ("/deals/deal-own/client", {"client_id": "client-foreign"}, "client_id"),
        ("/orders/order-own/client", {"client_id": "client-foreign"}, "client_id"),
        ("/payments/payment-own/client", {"client_id": "client-foreign"}, "client_id"),
        ("/clients", {"name": "N", "owner_id": "stranger"}, "owner_id"),
        ("/deals", {"funnel_id": "f", "value": 1, "owner_id": "stranger"}, "owner_id"),
        ("/leads/lead-none/take", {"owner_id": "stranger"}, "owner_id"),
        ("/leads/lead-none/convert", {"owner_id": "stranger"}, "owner_id"),
    ],
)
async def test_nothing_is_tied_to_what_is_out_of_reach(shop: Shop, path: str, body: dict[str, Any], field: str):
    head = await shop.app.engine.ports.store.head()
    for records in ("own", "team"):
        answer = await shop.post(f"manager:me:{records}", path, body)
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert await shop.app.engine.ports.store.head() == head


async def test_what_one_makes_is_ones_own(shop: Shop):
    bodies = {"/clients": {"name": "Mine"}, "/deals": {"funnel_id": "f", "value": 1},
              "/payments": {"amount": 1, "currency": "EUR"}}  # fmt: skip
    for path, body in bodies.items():
        made = (await shop.post("manager:maker:own", path, body)).json()
        seen = await shop.get("manager:maker:own", f"{path}/{made['id']}", after=made["token"])
        assert seen.json()["item"]["owner_id"] == "maker"
    lead = (await shop.app.done("/leads", {"name": "Fresh"}))["id"]
    assert (await shop.post("manager:maker:own", f"/leads/{lead}/convert")).status_code == 200
    assert await shop.app.engine.settle()
    found = (await shop.get("manager:maker:own", "/clients", q="Fresh")).json()["items"]
    assert [each["owner_id"] for each in found] == ["maker"]


# ---------------------------------------------------------------- numbers, profit, money


async def test_totals_are_those_of_the_reach(shop: Shop):
    for records in ("own", "team"):
        count = len(REACHES[records])
        totals = (await shop.get(f"manager:me:{records}", "/metrics/clients")).json()
        assert len(totals["items"]) == totals["totals"]["clients"] == count
        sums = [each["sales_sum"] for each in totals["items"]]
        assert totals["totals"]["sales_sum"] == sum(sums) > 0
        sellers = (await shop.get(f"manager:me:{records}", "/boards/sellers")).json()["sellers"]
        assert {each["owner_id"] for each in sellers} == {OWNERS[whose] for whose in REACHES[records]}
        board = (await shop.get(f"manager:me:{records}", "/boards/totals")).json()["all"]
        assert board["sales_sum"] == sum(each["sales_sum"] for each in sellers)
        assert (await shop.get(f"manager:me:{records}", "/boards/deals")).json()["won"] == count
        countries = (await shop.get(f"manager:me:{records}", "/boards/countries")).json()["rows"]
        assert {row["value"] for row in countries} == REACHES[records]
        stages = (await shop.get(f"manager:me:{records}", "/funnels/f/numbers")).json()["stages"]
        assert {stage["stage_id"]: stage["current"] for stage in stages}["won"] == count
        stays = (await shop.get(f"manager:me:{records}", "/explain/stages/f/lead/mean")).json()
        assert len(stays["parts"]) == stays["count"] == count


async def test_profit_is_for_those_who_have_the_right(shop: Shop):  # P25
    for role, may in (("director", True), ("manager", False)):
        caller = f"{role}:me:all"
        one = (await shop.get(caller, "/clients/client-own/metrics")).json()["item"]
        assert (one["profit"] is not None) is may
        assert ((await shop.get(caller, "/boards/totals")).json()["all"]["profit"] is not None) is may
        assert ((await shop.get(caller, "/boards/revenue")).json()["months"][0]["profit"] is not None) is may
        assert ((await shop.get(caller, "/boards/sellers")).json()["sellers"][0]["profit"] is not None) is may
        assert ((await shop.get(caller, "/boards/shipments")).json()["rows"][0]["cost"] is not None) is may
        order = (await shop.get(caller, "/orders/order-own")).json()["item"]
        costs = (
            order["base_cost"],
            order["lines"][0]["cost"],
            order["lines"][0]["unit_cost"],
            order["shipment"]["cost"],
        )
        assert all((cost is not None) is may for cost in costs)
        assert bool((await shop.get(caller, "/products/p")).json()["item"]["costs"]) is may
        wanted = 200 if may else 403
        for path, params in (("/metrics/clients", {"sort": "-profit"}), ("/explain/clients/client-own/profit", {})):
            assert (await shop.get(caller, path, **params)).status_code == wanted


async def test_a_warehouse_sees_no_money_but_what_it_shipped(shop: Shop):  # P17
    order = (await shop.get("warehouse:me", "/orders/order-own")).json()["item"]
    hidden = [order[name] for name in ("total", "base_total", "base_cost", "base_shipping", "base_tax")]
    line = order["lines"][0]
    hidden += [line[name] for name in ("unit_price", "discount", "total", "cost", "unit_cost")]
    assert hidden == [None] * len(hidden)
    assert (order["shipment"]["goods"], order["shipment"]["cost"], line["quantity"]) == (2500, None, "2")
    product = (await shop.get("warehouse:me", "/products/p")).json()["item"]
    assert (product["prices"], product["costs"]) == ([], [])
    assert (await shop.get("warehouse:me", "/orders", sort="base_total")).status_code == 403
    assert (await shop.get("manager:me", "/orders", sort="base_total")).status_code == 200
