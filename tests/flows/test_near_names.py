"""Names tolerate a slip: in the API, in lists, in the palette, as far as rights reach (S0.39, S3.5, P17, P21)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.flows.test_api_page import text_of
from tests.support.app import App, running
from tests.support.staff import bearer
from tests.support.world import STAGES

pytestmark = pytest.mark.asyncio(loop_scope="module")
_ADMIN = "administrator:local"
_LINE = "Nothing is written exactly like"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    """Four clients whose names are alike, of three owners, and a contact person of each."""
    async with running(tmp_path_factory.mktemp("near") / "data") as app:
        await app.done("/settings", {"base_currency": "EUR", "zone": "Europe/Kyiv"})
        for id, team in (("me", "north"), ("mate", "north"), ("stranger", "south")):
            await app.done("/employees", {"employee_id": id, "name": f"Name of {id}", "team": team})
        await app.done("/funnels", {"funnel_id": "f", "name": "Sales", "subject": "deal", "stages": STAGES})
        for id, name, owner, more in (
            ("a", "Коваленко й партнери", "me", {"status": "current"}),
            ("b", "ТОВ «Коваленко»", "mate", {}),
            ("c", "Ковалінко", "stranger", {}),
            ("d", "Walker Ltd", "me", {"email": "kovalenko@acme.test"}),
        ):
            await app.done("/clients", {"client_id": id, "name": name, "owner_id": owner, **more})
            await app.done("/contacts", {"contact_id": f"p{id}", "client_id": id, "name": f"Olena {name.split()[0]}"})
        await app.done("/clients", {"client_id": "gone", "name": "Коваленко в архіві", "owner_id": "me"})
        await app.done("/clients/gone/archive", {})
        assert await app.engine.settle(60)
        yield app


async def page(app: App, address: str, who: str = _ADMIN, language: str = "en") -> str:
    answer = await app.http.get(address, headers={**bearer(who), "accept-language": language})
    assert answer.status_code == 200, answer.text[:1_000]
    return answer.text


async def ids(app: App, **params: Any) -> tuple[list[str], bool]:
    found = await app.get("/clients", **params)
    return [each["client_id"] for each in found["items"]], found["near"]


async def test_the_api_tells_near_names_from_exact_ones(app: App) -> None:
    assert await ids(app, q="коваленко") == (["a", "b"], False)
    assert await ids(app, q="коваленок") == (["a", "c", "b"], True)
    assert await ids(app, q="коваленок", sort="-name") == (["b", "c", "a"], True)
    assert await ids(app, q="коваленок", match="exact") == ([], False)
    assert await ids(app, q="коваленко", match="near") == (["c"], True)
    assert await ids(app, q="коваленок", status="current") == (["a"], True)
    assert await ids(app, q="коваленок", limit=1) == (["a"], True)
    assert await ids(app, q="ковалінок", limit=1) == (["c"], True), "of those that are one slip away, not of all"
    assert await ids(app, q="kovalenok@acme") == ([], False)
    assert await ids(app, q="zzzzzz") == ([], False)
    assert (await app.get("/clients", q="коваленок", count=True, limit=2))["total"] == 3
    people = await app.get("/contacts", q="olena wlaker")
    assert ([each["contact_id"] for each in people["items"]], people["near"]) == (["pd"], True)
    assert (await app.get("/contacts", q="olena"))["near"] is False


async def test_lists_of_numbers_find_the_same_near_names(app: App) -> None:
    found = await app.get("/metrics/clients", q="коваленок", listed=True)
    assert ({each["id"] for each in found["items"]}, found["near"]) == ({"a", "b", "c"}, True)
    assert found["totals"]["clients"] == 3
    found = await app.get("/metrics/clients", q="коваленко", listed=True)
    assert ({each["id"] for each in found["items"]}, found["near"]) == ({"a", "b"}, False)
    found = await app.get("/metrics/clients", q="коваленок", match="exact")
    assert (found["items"], found["totals"]["clients"], found["near"]) == ([], 0, False)


@pytest.mark.parametrize("view", ["cards", "table", "table&sort=name"])
async def test_a_list_says_that_its_names_are_only_similar(app: App, view: str) -> None:
    html = await page(app, f"/clients?q=коваленок&view={view}")
    shown = text_of(html)
    assert _LINE + " “коваленок”. Similar names:" in shown
    assert [name in shown for name in ("Коваленко й партнери", "ТОВ «Коваленко»", "Ковалінко", "Walker")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert "архіві" not in shown
    exact = text_of(await page(app, f"/clients?q=коваленко&view={view}"))
    assert (_LINE in exact, "Ковалінко" in exact, "ТОВ «Коваленко»" in exact) == (False, False, True)
    nobody = text_of(await page(app, f"/clients?q=zzzzzz&view={view}"))
    assert _LINE not in nobody
    assert "No “zzzzzz” clients." in nobody


async def test_what_one_section_has_exactly_leaves_no_room_for_guesses_in_the_other(app: App) -> None:
    shown = text_of(await page(app, "/clients?q=ковалінко&view=cards"))
    assert "Potential clients 1" in shown
    assert "Current clients" not in shown


@pytest.mark.parametrize("sort", ["-sales_sum", "name"])
async def test_a_table_of_similar_names_counts_them(app: App, sort: str) -> None:
    html = await page(app, f"/clients?q=коваленок&view=table&sort={sort}")
    assert re.search(r'id="found">Clients <span[^>]*>3</span>', html)


async def test_the_list_of_contacts_says_so_too(app: App) -> None:
    shown = text_of(await page(app, "/contacts?q=wlaker"))
    assert _LINE in shown
    assert "Olena Walker" in shown
    assert _LINE not in text_of(await page(app, "/contacts?q=walker"))
    assert "No contact is found" in text_of(await page(app, "/contacts?q=zzzzzz"))


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Similar names"), ("uk", "Схожі імена й назви"), ("ru", "Похожие имена и названия")]
)
async def test_the_palette_puts_similar_names_last_under_their_own_title(app: App, language: str, title: str) -> None:
    shown = text_of(await page(app, "/palette?q=ковалінко", language=language))
    assert shown.index("Ковалінко #3") < shown.index("Olena Ковалінко #3") < shown.index(title)
    assert shown.index(title) < shown.index("ТОВ «Коваленко» #2") < shown.index("Olena Коваленко #1")
    assert title not in text_of(await page(app, "/palette?q=%231", language=language))


async def test_the_palette_fills_up_to_five_and_no_exact_name_is_called_similar(app: App) -> None:
    html = await page(app, "/palette?q=коваленко")
    exact, near = html.split("Similar names")
    assert re.findall(r'href="/clients/(\w+)"', exact) == ["b", "a"]
    assert re.findall(r'href="/clients/(\w+)"', near) == ["c"]


async def test_near_names_are_found_within_ones_reach_only(app: App) -> None:  # P17
    reaches = {"own": {"a"}, "team": {"a", "b"}, "all": {"a", "b", "c"}}
    for records, wanted in reaches.items():
        who = f"manager:me:{records}"
        for path in ("/clients?view=table&q=", "/clients?view=cards&q=", "/palette?q="):
            html = await page(app, f"{path}коваленок", who)
            assert set(re.findall(r'href="/clients/(\w)"', html)) == wanted, (records, path)
        for path in ("/contacts?q=", "/palette?q="):
            html = await page(app, f"{path}коваленок", who)
            assert set(re.findall(r"/contacts/p(\w)", html)) == wanted - {"b"}, (records, path)
        answer = await app.http.get("/api/v1/clients?q=коваленок", headers=bearer(who))
        assert {each["client_id"] for each in answer.json()["items"]} == wanted
        answer = await app.http.get("/api/v1/metrics/clients?q=коваленок&listed=true", headers=bearer(who))
        assert {each["id"] for each in answer.json()["items"]} == wanted


async def test_guesses_are_exported_only_when_told_and_chosen_for_nothing(app: App) -> None:
    told = "the file will have the similar names"
    assert told in text_of(await page(app, "/clients/export?q=коваленок"))
    assert told not in text_of(await page(app, "/clients/export?q=коваленко"))
    assert told in text_of(await page(app, "/contacts/export?q=wlaker"))
    assert 'data-value="a"' in await page(app, "/options/clients?q=коваленко&list=x")
    assert "data-value" not in await page(app, "/options/clients?q=коваленок&list=x")
