"""Every command over HTTP: what it answers, and that a read after its token shows it (DESIGN 7)."""

from typing import Any

import pytest

from services.cli.workspace import SERVICES
from services.kit import clock
from services.kit.token import Token
from tests.support.app import App
from tests.support.staff import bearer
from tests.support.world import STAGES, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

Case = tuple[str, dict[str, Any], str, str, Any]
_LINE = {"product_id": "{product}", "quantity": "3", "unit_price": "10"}
_TOMORROW = clock.now() + 86_400_000
CASES: list[Case] = [
    ("/settings", {"base_currency": "EUR", "branches": ["North"], "name": "Shop"}, "/settings", "name", "Shop"),
    ("/employees", {"name": "Olha"}, "/employees/{id}", "name", "Olha"),
    ("/employees/{employee}", {"name": "Maria K.", "team": "A"}, "/employees/{employee}", "team", "A"),
    ("/employees/{employee}/leave", {}, "/employees/{employee}", "name", "Maria"),
    ("/accounts/{employee}", {"login": "{employee}", "role": "manager"}, "/accounts/{employee}", "role", "manager"),
    ("/accounts/{account}/login", {"login": "x-{account}"}, "/accounts/{account}", "login", "x-{account}"),
    ("/accounts/{account}/role", {"role": "director"}, "/accounts/{account}", "role", "director"),
    ("/accounts/{account}/rights", {"rights": {"profit": True}}, "/accounts/{account}", "version", 2),
    ("/accounts/{account}/close", {}, "/accounts/{account}", "version", 2),
    ("/accounts/{closed_account}/reopen", {}, "/accounts/{closed_account}", "closed_at", None),
    ("/accounts/{account}/end-sessions", {}, "", "", None),
    ("/me/password", {"present": "{own_password}", "password": "{own_password}"}, "", "", None),
    ("/me/sessions/{own_session}/end", {}, "", "", None),
    ("/me/sessions/end-others", {}, "", "", None),
    ("/me/tokens", {"scopes": ["read"], "expires_at": _TOMORROW, "present": "{own_password}"}, "", "", None),
    ("/me/tokens/{own_token}/revoke", {}, "", "", None),
    ("/views", {"name": "Hot ones", "query": ["temperature=hot"]}, "/views/{id}", "query", ["temperature=hot"]),
    ("/views/{view}", {"name": "Mine", "audience": "all"}, "/views/{view}", "audience", "all"),
    ("/views/{view}/remove", {}, "/views/{view}", "version", 2),
    ("/views/{removed_view}/restore", {}, "/views/{removed_view}", "removed_at", None),
    ("/clients", {"name": "Nord", "phones": ["1"], "discount": "5"}, "/clients/{id}", "discount", "5"),
    ("/clients/{client}/details", {"name": "Acme 2", "city": "Kyiv"}, "/clients/{client}", "city", "Kyiv"),
    ("/clients/{client}/status", {"status": "current"}, "/clients/{client}", "status", "current"),
    ("/clients/{client}/temperature", {"temperature": "hot"}, "/clients/{client}", "temperature", "hot"),
    ("/clients/{client}/terms", {"discount": "7.5", "language": "uk"}, "/clients/{client}", "language", "uk"),
    ("/clients/{client}/owner", {"owner_id": "{employee}"}, "/clients/{client}", "owner_id", "{employee}"),
    ("/clients/{client}/tag", {"tag": "vip"}, "/clients/{client}", "tags", ["vip"]),
    ("/clients/{tagged_client}/untag", {"tag": "late"}, "/clients/{tagged_client}", "tags", ["net 30"]),
    ("/clients/{client}/lost", {"reason": "moved"}, "/clients/{client}", "lost_reason", "moved"),
    ("/clients/{lost_client}/return", {}, "/clients/{lost_client}", "lost_at", None),
    ("/clients/{client}/archive", {}, "/clients/{client}", "version", 2),
    ("/clients/{archived_client}/restore", {}, "/clients/{archived_client}", "archived_at", None),
    (
        "/clients/{client}/stage",
        {"funnel_id": "{client_funnel}", "stage_id": "won", "value": 700},
        "/clients/{client}/metrics",
        "sales_sum",
        700,
    ),
    (
        "/clients/{client}/main-contact",
        {"contact_id": "{contact}"},
        "/clients/{client}",
        "main_contact_id",
        "{contact}",
    ),
    ("/clients/{client}/erase", {}, "/clients/{client}", "erased", True),
    ("/contacts", {"client_id": "{client}", "name": "Bo"}, "/contacts/{id}", "name", "Bo"),
    ("/contacts/{contact}", {"name": "Ann B.", "telegram": "@ann"}, "/contacts/{contact}", "telegram", "@ann"),
    ("/contacts/{contact}/remove", {}, "/contacts/{contact}", "name", "Ann"),
    ("/contacts/{removed_contact}/restore", {}, "/contacts/{removed_contact}", "removed_at", None),
    ("/notes", {"client_id": "{client}", "text": "hello"}, "/notes/{id}", "text", "hello"),
    ("/notes/{note}/text", {"text": "changed"}, "/notes/{note}", "text", "changed"),
    ("/notes/{note}/priority", {"priority": "medium"}, "/notes/{note}", "priority", "medium"),
    ("/notes/{note}/remove", {}, "/notes/{note}", "removed_by", "local"),
    ("/notes/{removed_note}/restore", {}, "/notes/{removed_note}", "removed_at", None),
    ("/mentions/{mention}/read", {}, "", "", None),
    ("/mentions/{read_mention}/unread", {}, "", "", None),
    ("/leads", {"name": "Petrenko", "source": "website"}, "/leads/{id}", "source", "website"),
    ("/leads/{lead}/take", {"owner_id": "{employee}"}, "/leads/{lead}", "status", "in_work"),
    ("/leads/{lead}/convert", {"funnel_id": "{deal_funnel}"}, "/leads/{lead}", "status", "closed"),
    ("/leads/{lead}/close", {"reason": "spam"}, "/leads/{lead}", "close_reason", "spam"),
    ("/funnels", {"name": "Tenders", "subject": "deal", "stages": STAGES}, "/funnels/{id}", "name", "Tenders"),
    ("/funnels/{deal_funnel}/stages", {"stage_id": "new", "name": "New"}, "/funnels/{deal_funnel}", "version", 6),
    ("/funnels/{deal_funnel}/stages/talks/name", {"name": "Talk"}, "/funnels/{deal_funnel}", "version", 6),
    ("/funnels/{deal_funnel}/stages/talks/position", {"position": 1}, "/funnels/{deal_funnel}", "version", 7),
    ("/funnels/{deal_funnel}/stages/talks/probability", {"probability": "0.6"}, "/funnels/{deal_funnel}", "version", 6),
    ("/funnels/{deal_funnel}/stages/talks/archive", {}, "/funnels/{deal_funnel}", "version", 6),
    ("/deals", {"funnel_id": "{deal_funnel}", "value": 5, "title": "Big"}, "/deals/{id}", "title", "Big"),
    ("/deals/{deal}/stage", {"stage_id": "won", "value": 12_000}, "/deals/{deal}", "value", 12_000),
    ("/deals/{deal}/value", {"value": 300}, "/deals/{deal}", "base_value", 300),
    ("/deals/{deal}/lines", {"lines": [{"product_id": "{product}", "quantity": "1"}]}, "/deals/{deal}", "version", 2),
    ("/deals/{deal}/contacts", {"contact_ids": ["{contact}"]}, "/deals/{deal}", "contact_ids", ["{contact}"]),
    ("/deals/{deal}/owner", {"owner_id": "{employee}"}, "/deals/{deal}", "owner_id", "{employee}"),
    ("/deals/{deal}/touch", {}, "/deals/{deal}", "version", 2),
    ("/deals/{deal}/client", {"client_id": None}, "/deals/{deal}", "client_id", None),
    ("/products", {"names": {"": "Tea"}, "category": "drinks"}, "/products/{id}", "category", "drinks"),
    ("/products/{product}", {"names": {"": "Cocoa"}}, "/products/{product}", "name", "Cocoa"),
    ("/products/{product}/price", {"price": "9.99", "currency": "EUR"}, "/products/{product}", "version", 2),
    ("/products/{product}/cost", {"cost": "4.1234", "currency": "EUR"}, "/products/{product}", "version", 2),
    ("/products/{product}/archive", {}, "/products/{product}", "archived", 1),
    ("/orders", {"client_id": "{client}", "lines": [_LINE], "shipping": 500}, "/orders/{id}", "total", 3_000),
    ("/orders/{order}/lines", {"lines": [_LINE]}, "/orders/{order}", "base_total", 3_000),
    ("/orders/{order}/status", {"status": "confirmed"}, "/orders/{order}", "status", "confirmed"),
    ("/orders/{order}/owner", {"owner_id": "{employee}"}, "/orders/{order}", "owner_id", "{employee}"),
    ("/orders/{order}/ship", {"branch": "North"}, "/orders/{order}", "status", "new"),
    ("/orders/{order}/client", {"client_id": None}, "/orders/{order}", "client_id", None),
    ("/payments", {"client_id": "{client}", "amount": 99, "currency": "EUR"}, "/payments/{id}", "base_amount", 99),
    ("/payments/{payment}/reverse", {"reason": "mistake"}, "/payments/{payment}", "reason", "mistake"),
    ("/payments/{payment}/client", {"client_id": None}, "/payments/{payment}", "client_id", None),
    ("/rates", {"currency": "USD", "day": "2024-02-03", "rate": "1.1"}, "", "", None),
    ("/sales-rules", {"sources": ["deals", "orders"], "classes": []}, "", "", None),
]


async def test_every_command_has_a_case():
    shapes = {path_shape(handles.path) for service in SERVICES for handles in service.handles if handles.path}
    assert {path_shape(case[0]) for case in CASES} >= shapes


def path_shape(path: str) -> str:
    """A path with its fields (ids, here also the stage `talks`) left out."""
    return "/".join("*" if part.startswith("{") or part == "talks" else part for part in path.split("/"))


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
async def test_a_command_is_done_and_seen(app: App, world: World, case: Case):
    path, body, read, field, expected = case
    sent_to, sent = await world.filled(path), await world.filled(body)
    response = await app.post(sent_to, sent, key=f"case {path}".replace(" ", "-"))
    assert response.status_code in (200, 201), response.text
    done = response.json()
    assert set(done) - {"secret"} == {"id", "stream", "version", "position", "token", "repeated"}
    assert done["repeated"] is False
    assert done["version"] >= 1
    assert response.headers["etag"] == f'"{done["version"]}"'
    assert Token.parse(done["token"]).log_id == app.engine.ports.store.log_id
    if read:
        seen = await app.get((await world.filled(read.replace("{id}", done["id"]))), after=done["token"])
        assert seen["stale"] is False
        assert seen["item"][field] == await world.filled(expected)


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "/clients/{client}/erase"], ids=lambda c: c[0])
async def test_a_command_sent_again_is_answered_alike_and_not_done_again(app: App, world: World, case: Case):
    path, body = await world.filled(case[0]), await world.filled(case[1])
    key = f"again-{case[0]}"
    before = await app.engine.ports.store.head()
    first = await app.post(path, body, key=key)
    head = await app.engine.ports.store.head()
    second = await app.post(path, body, key=key)
    assert second.status_code == first.status_code
    told_once = {"repeated": False, "secret": None}
    assert second.json() | told_once == first.json() | told_once
    assert second.json()["repeated"] is (
        first.json()["position"] > before
    )  # what changed nothing is decided anew, to the same answer
    assert await app.engine.ports.store.head() == head


async def test_a_created_thing_may_be_named(app: App):
    done = await app.done("/clients", {"client_id": "my-own", "name": "Named"})
    assert done["id"] == "my-own"
    assert done["stream"] == "client-my-own"


async def test_one_key_for_two_things_gives_them_and_their_events_ids_of_their_own(app: App, world: World):
    client_id = await world.make("client")
    client = await app.done("/clients", {"name": "One"}, key="shared")
    note = await app.done("/notes", {"client_id": client_id, "text": "Two"}, key="shared")
    assert client["id"] != note["id"]
    store = app.engine.ports.store
    events = [*await store.read(client["stream"]), *await store.read(note["stream"])]
    assert len({event.id for event in events}) == len(events) == 2


async def test_the_actor_is_whose_token_came(app: App, world: World):
    client_id = await world.make("client")
    note = await app.done(
        "/notes", {"client_id": client_id, "text": "by me"}, X_Actor="eve", **bearer("manager:olha@shop:all")
    )
    seen = await app.get(f"/notes/{note['id']}", after=note["token"])
    assert seen["item"]["author"] == "olha@shop"


async def test_times_may_be_given_as_text_with_a_zone(app: App):
    done = await app.done("/clients", {"name": "Past", "at": "2024-05-01T12:00:00+03:00"})
    seen = await app.get(f"/clients/{done['id']}", after=done["token"])
    assert seen["item"]["registered_at"] == 1_714_554_000_000
