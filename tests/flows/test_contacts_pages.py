"""The pages of contact persons: list, person, panel, their client's tab, palette, as rights allow (S1.15, P3, P23)."""

import re
from pathlib import Path
from typing import Any

import pytest

from contracts.gateway.rights import OwnRights
from contracts.problem import Unavailable
from services.kit.web import Asker
from tests.flows.test_api_page import text_of
from tests.flows.test_clients_pages import page
from tests.support.app import App, running
from tests.support.door import door
from tests.support.staff import bearer
from tests.support.world import STAGES

_HOSTILE = "<img src=x onerror=alert(1)>"
OWNERS = {"me": "East", "mate": "East", "stranger": "West"}


async def people(app: App) -> None:
    """Acme with Ada, its main one, who bought once, and Bob; nobody else has anything."""
    await app.done("/settings", {"base_currency": "EUR", "zone": "Europe/Kyiv"})
    await app.done("/clients", {"client_id": "acme", "name": "Acme"})
    ada = {"position": "Buyer", "phones": ["+380 44 555 01 23", "(067) 555-01-44"], "email": "ada@acme.test"}
    await app.done("/contacts", {"contact_id": "ada", "client_id": "acme", "name": "Ada", "telegram": "@ada_l", **ada})
    await app.done("/contacts", {"contact_id": "bob", "client_id": "acme", "name": "Bob", "telegram": "ask him"})
    await app.done("/clients/acme/main-contact", {"contact_id": "ada"})
    await app.done("/funnels", {"funnel_id": "f", "name": "Sales", "subject": "deal", "stages": STAGES})
    deal = {"client_id": "acme", "funnel_id": "f", "stage_id": "won", "value": 150_000, "contact_ids": ["ada"]}
    await app.done("/deals", deal)
    assert await app.engine.settle(60)


def names(html: str) -> list[str]:
    return re.findall(r'class="name-text"[^>]*>([^<]+)</a>', html)


def row(html: str, name: str) -> str:
    start = html.index(f">{name}</a>")
    return html[start : html.index("</tr>", start)]


async def test_the_list_shows_ways_company_and_eight_numbers(tmp_path: Path) -> None:  # S1.15, P3, S1.12
    async with running(tmp_path) as app:
        await people(app)
        html = await page(app, "/contacts")
        assert (names(html), "Contacts 2" in text_of(html)) == (["Ada", "Bob"], True)
        ada = row(html, "Ada")
        for link in (
            "tel:+380445550123",
            "tel:0675550144",
            "mailto:ada@acme.test",
            "https://t.me/ada_l",
            "/clients/acme",
        ):
            assert f'href="{link}"' in ada, link
        shown = re.sub(r"\s+", " ", text_of(f"<td>{ada}"))
        assert "main contact · Buyer" in shown
        assert re.search(r"Acme @ada_l 1 1,500.00 1,500.00 0 0.00 0 0.00 \d\d\.\d\d\.\d{4} \d\d:\d\d$", shown.strip())
        bob = re.sub(r"\s+", " ", text_of(f"<td>{row(html, 'Bob')}"))
        assert "Acme ask him 0 0.00 0.00 0 0.00 0 0.00" in bob
        assert "t.me" not in row(html, "Bob")


async def test_numbers_are_for_those_who_have_the_right(tmp_path: Path) -> None:  # P25
    async with door(tmp_path) as opened:
        await opened.employee("ann", "administrator", OwnRights(numbers=False))
        browser = await opened.browser()
        await browser.sign_in("ann")
        made = {"kind": "company", "status": "potential", "discount": "0"}
        client = (await browser.send("/clients/new", name="Acme", key="k1", **made)).headers["location"]
        id = client.partition("?")[0].rpartition("/")[2]
        where = (await browser.send("/contacts/new", name="Ada", client_id=id, key="k2")).headers["location"]
        assert await opened.engine.settle(60)
        for path in ("/contacts", where):
            shown = await browser.get(path)
            assert (shown.status_code, "Ada" in shown.text, "Average check" in shown.text) == (200, True, False)


async def test_numbers_that_cannot_be_had_are_told_and_the_list_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as app:
        await people(app)
        ask = Asker.ask

        async def away(self: Asker, sitting: Any, path: str, **params: Any) -> Any:
            if path == "/metrics/contacts":
                raise Unavailable("analytics cannot be reached")
            return await ask(self, sitting, path, **params)

        monkeypatch.setattr(Asker, "ask", away)
        html = await page(app, "/contacts?q=ada")
        assert names(html) == ["Ada"]
        assert re.search(r'cannot be had at the moment. <a href="/contacts\?q=ada">Retry', html)
        assert "Average check" not in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=ad", ["Ada"]), ("q=5550144", ["Ada"]), ("q=ada%40acme", ["Ada"]), ("q=ada_l", ["Ada"]), ("q=%232", ["Bob"]),
        ("sort=-name", ["Bob", "Ada"]), ("sort=-number", ["Bob", "Ada"]), ("sort=wrong&cursor=wrong", ["Ada", "Bob"]),
    ],
)  # fmt: skip
async def test_the_list_is_searched_and_sorted_by_its_address(tmp_path: Path, query: str, expected: list[str]) -> None:
    async with running(tmp_path) as app:
        await people(app)
        assert names(await page(app, f"/contacts?{query}")) == expected


async def test_an_empty_list_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        html = await page(app, "/contacts")
        assert "There are no contacts yet." in text_of(html)
        assert "/contacts/new" in html
        reader = await app.http.get("/contacts", headers=bearer("marketer:kim"))
        assert "/contacts/new" not in reader.text
        await people(app)
        html = await page(app, "/contacts?q=nobody", language="uk")
        assert "За запитом «nobody» контактів не знайдено." in text_of(html)


async def test_more_than_a_page_is_shown_by_a_link(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.done("/clients", {"client_id": "acme", "name": "Acme"})
        for number in range(52):
            await app.done("/contacts", {"client_id": "acme", "name": f"P{number:02}"})
        assert await app.engine.settle(60)
        first = await page(app, "/contacts")
        assert (len(names(first)), "Contacts 52" in text_of(first)) == (50, True)
        more = re.search(r'href="(/contacts\?cursor=[^"]+)" rel="next"', first)
        assert more is not None
        second = await page(app, more[1])
        assert names(second) == ["P50", "P51"]
        assert 'rel="next"' not in second
        assert 'href="/contacts">' in second[second.index("P51") :], "back to the first page"
        found = text_of(await page(app, "/contacts?q=P"))
        assert "The first 50 are shown" in found


async def test_a_person_is_shown_with_numbers_and_what_they_are_made_of(tmp_path: Path) -> None:  # S3.13, P3, X2
    async with running(tmp_path) as app:
        await people(app)
        await app.done("/contacts/bob", {"name": _HOSTILE, "position": _HOSTILE, "telegram": "javascript:alert(1)"})
        assert await app.engine.settle(60)
        for path in ("/contacts/ada", "/contacts/ada/panel", "/contacts?panel=ada"):
            html = await page(app, path)
            shown = re.sub(r"\s+", " ", text_of(html))
            assert "Sales, EUR 1,500.00" in shown, path
            assert 'href="https://t.me/ada_l"' in html
        hostile = await page(app, "/contacts/bob")
        assert _HOSTILE not in hostile
        assert 'href="javascript' not in hostile
        why = re.sub(r"\s+", " ", text_of(await page(app, "/contacts/ada/why/sales_sum")))
        assert re.search(r"Deal, .* 1,500.00 Total 1,500.00", why)
        nothing = re.sub(r"\s+", " ", text_of(await page(app, "/contacts/bob/why/avg_check")))
        assert "Nothing yet 0 Total 0.00" in nothing
        assert "No such contact" in text_of(await page(app, "/contacts/nobody", status=404))
        assert names(await page(app, "/contacts?panel=nobody")) == names(await page(app, "/contacts"))


async def test_a_persons_history_is_told_in_sentences(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await people(app)
        await app.done("/employees", {"employee_id": "maria", "name": "Maria"})
        changed = {"name": "Ada L.", "position": "Director", "telegram": "@ada_l"}
        await app.done("/contacts/ada", changed, **bearer("administrator:maria"))
        assert await app.engine.settle(60)
        shown = re.sub(r"\s+", " ", text_of(await page(app, "/contacts/ada?tab=history", language="ru")))
        for text in ("Maria · Контакт изменён", "Имя: Ada → Ada L.", "Должность: Buyer → Director", "Контакт добавлен"):
            assert text in shown, text
        assert "Telegram:" not in shown


async def test_a_client_has_its_persons_with_the_main_one_first(tmp_path: Path) -> None:  # S3.13, P23
    async with running(tmp_path) as app:
        await people(app)
        for number in range(60):
            await app.done("/contacts", {"contact_id": f"p{number:02}", "client_id": "acme", "name": f"P{number:02}"})
        await app.done("/clients/acme/main-contact", {"contact_id": "p55"})
        assert await app.engine.settle(60)
        side = await page(app, "/clients/acme")
        shown = re.findall(r'<a href="/contacts/(\w+)" dir="auto">', side)
        assert shown == ["p55", "ada", "bob"]
        assert 'href="tel:+380445550123"' in side
        assert 'href="/clients/acme?tab=contacts">All contacts' in side
        tab = await page(app, "/clients/acme?tab=contacts")
        first = re.findall(r'<a href="/contacts/(\w+)" dir="auto">', tab)
        assert first[:3] == ["p55", "ada", "bob"]
        assert len(first) == len(set(first)) == 51
        following = re.search(r'href="(/clients/acme\?tab=contacts&amp;cursor=[^"]+)" rel="next"', tab)
        assert following is not None
        rest = re.findall(r'<a href="/contacts/(\w+)" dir="auto">', await page(app, following[1].replace("&amp;", "&")))
        assert sorted([*first, *rest]) == sorted(["ada", "bob", *(f"p{number:02}" for number in range(60))])
        broken = await page(app, "/clients/acme?tab=contacts&cursor=x")
        assert len(re.findall(r'<a href="/contacts/(\w+)" dir="auto">', broken)) == 51
        await app.done("/contacts/p55/remove")
        assert await app.engine.settle(60)
        tab = await page(app, "/clients/acme?tab=contacts")
        there, removed = tab.split("Removed contacts")
        assert ("/contacts/p55" in there, "/contacts/p55/mark/restore" in removed) == (False, True)


async def test_own_team_foreign_and_nobodys_contacts_are_shown_as_the_reach_says(tmp_path: Path) -> None:  # P17
    async with running(tmp_path) as app:
        for id, team in OWNERS.items():
            await app.done("/employees", {"employee_id": id, "name": id, "team": team})
        for owner in (*OWNERS, None):
            await app.done("/clients", {"client_id": f"of-{owner}", "name": f"Firm {owner}", "owner_id": owner})
            given = {"contact_id": f"c-{owner}", "client_id": f"of-{owner}", "name": f"Person {owner}"}
            await app.done("/contacts", given | {"phones": ["+380 44 555 01 23"]})
        assert await app.engine.settle(60)
        reaches = {"own": {"me"}, "team": {"me", "mate"}, "all": {"me", "mate", "stranger", "None"}}
        for records, wanted in reaches.items():
            caller = bearer(f"manager:me:{records}")
            listed = await app.http.get("/contacts", headers=caller)
            assert set(names(listed.text)) == {f"Person {owner}" for owner in wanted}
            assert f"Contacts {len(wanted)}" in text_of(listed.text)
            for path in ("/palette?q=Person", "/similar?phones=0445550123"):
                found = await app.http.get(path, headers=caller)
                assert set(re.findall(r"/contacts/c-(\w+)", found.text)) <= wanted, path
                assert "/contacts/c-me" in found.text, path
            options = await app.http.get("/options/clients?q=Firm&list=x", headers=caller)
            assert set(re.findall(r'data-value="of-(\w+)"', options.text)) == wanted
            for owner in (*OWNERS, None):
                status = 200 if str(owner) in wanted else 404
                for path in ("", "/panel", "/edit", "?tab=history"):
                    answer = await app.http.get(f"/contacts/c-{owner}{path}", headers=caller)
                    assert answer.status_code == status, (records, owner, path)
                beside = await app.http.get(f"/contacts?panel=c-{owner}", headers=caller)
                assert (f'href="/clients/of-{owner}"' in beside.text) is (status == 200)


async def test_erased_persons_are_in_no_list(tmp_path: Path) -> None:  # X10
    async with running(tmp_path) as app:
        await people(app)
        await app.done("/clients/acme/erase")
        assert await app.engine.settle(60)
        assert "There are no contacts yet." in text_of(await page(app, "/contacts"))
        assert "erased" in text_of(await page(app, "/contacts/ada"))
        assert len((await app.get("/contacts", erased=True))["items"]) == 2


async def test_the_palette_finds_contacts_by_name_phone_tail_and_email(tmp_path: Path) -> None:  # S0.39
    async with running(tmp_path) as app:
        await people(app)
        for text in ("ad", "555-01-44", "%2B38%20(044)%20555", "ada%40acme"):
            found = await page(app, f"/palette?q={text}")
            assert 'href="/contacts/ada"' in found, text
            assert "/contacts/bob" not in found, text
        last = await page(app, "/palette")
        assert re.findall(r'href="(/c\w+/(?:ada|bob|acme))"', last)[0] == "/clients/acme"
        assert "/contacts/bob" in last
        assert "Create a contact" in text_of(await page(app, "/palette?q=create"))
        reader = await app.http.get("/palette?q=create", headers=bearer("marketer:kim"))
        assert "Create a contact" not in reader.text
