"""Contact persons are made, changed, made main and removed by forms, each once, as rights allow (S3.13, P23)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.flows.test_api_page import text_of
from tests.flows.test_client_forms import NEW as CLIENT
from tests.flows.test_client_forms import page, sent
from tests.support.app import App, running
from tests.support.staff import bearer

ADA = {
    "name": "Ада & Ко", "client_id": "acme", "phones": "+380 44 555 01 23\n067 555 01 44", "email": "ada@acme.test",
    "telegram": "@ada_l", "position": "Buyer", "birthday": "1990-05-17",
}  # fmt: skip


async def acme(app: App, **more: object) -> None:
    await app.done("/clients", {"client_id": "acme", "name": "Acme", **more})
    assert await app.engine.settle(60)


async def of_client(app: App) -> list[dict[str, object]]:
    assert await app.engine.settle(60)
    return list((await app.get("/clients/acme/contacts"))["items"])


async def test_a_contact_is_created_once_and_is_the_main_one(tmp_path: Path) -> None:  # S3.13, P23
    async with running(tmp_path) as app:
        await acme(app)
        blank = await page(app, "/contacts/new?client=acme")
        assert 'name="client_id" value="acme"' in blank
        assert re.search(r'name="main"[^>]* checked', blank), "the first one of a client"
        form = ADA | {"key": "k1", "main": "1"}
        where = await sent(app, "/contacts/new", form)
        html = await page(app, where)
        shown = text_of(html)
        for text in (
            "Ада &amp; Ко",
            "Acme",
            "main contact",
            "Buyer",
            "+380 44 555 01 23",
            "067 555 01 44",
            "1990-05-17",
        ):
            assert text in shown, text
        assert await sent(app, "/contacts/new", form) == where
        (only,) = await of_client(app)
        assert (await app.get("/clients/acme"))["item"]["main_contact_id"] == only["contact_id"]
        assert not re.search(r'name="main"[^>]* checked', await page(app, "/contacts/new?client=acme"))


async def test_one_added_from_a_client_leads_back_to_it(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        assert 'name="back" value="client"' in await page(app, "/contacts/new?client=acme")
        where = await sent(app, "/contacts/new", ADA | {"key": "k1", "back": "client"})
        assert where.startswith("/clients/acme?tab=contacts&after=")
        assert "Ада" in await page(app, where)
        for path in ("/contacts/new?client=nobody", "/contacts/new"):
            assert 'name="client_id" value=""' in await page(app, path)


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [({"name": ""}, "name", ""), ({"client_id": ""}, "client_id", "Choose the company"),
     ({"birthday": "soon"}, "birthday", ""), ({"client_id": "nobody"}, "client_id", "there is no client"),
     ({"phones": "1" * 400}, "phones", ""), ({"client_id": "a b"}, "client_id", "")],
)  # fmt: skip
async def test_a_wrong_field_is_named_and_nothing_is_stored(
    tmp_path: Path, wrong: dict[str, str], field: str, words: str
) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        html = await sent(app, "/contacts/new", ADA | {"key": "k"} | wrong, 422)
        assert f'href="#field-{field}"' in html
        assert f'id="field-{field}-error"' in html
        assert words in text_of(html)
        assert 'value="@ada_l"' in html, "what was typed is kept"
        assert await of_client(app) == []


async def test_who_has_this_phone_or_email_is_shown_first(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app, phones=["+380 44 555 01 23"])
        await app.done("/clients", {"client_id": "zorya", "name": "Zorya", "phones": ["8 (067) 555-01-44"]})
        await app.done(
            "/contacts", {"contact_id": "eve", "client_id": "zorya", "name": "Eve", "email": "Ada@acme.test"}
        )
        assert await app.engine.settle(60)
        html = await sent(app, "/contacts/new", ADA | {"key": "k"}, 422)
        shown = text_of(html)
        assert re.findall(r"Looks like (\w+) #\d : the (\w+) matches\.", shown) == [
            ("Zorya", "phone"),
            ("Eve", "email"),
        ]
        assert 'href="/clients/acme"' not in html, "its own company may well have the same phone"
        assert html.index('type="submit" hidden') < html.index('name="anyway"'), "Enter in a field is no answer"
        assert await of_client(app) == []
        await sent(app, "/contacts/new", ADA | {"key": "k", "anyway": "1"})
        assert len(await of_client(app)) == 1
        html = await sent(app, "/clients/new", CLIENT | {"key": "c", "phones": "067 555 01 44"}, 422)
        assert "Zorya" in html
        assert "Create anyway" in html
        assert len((await app.get("/clients"))["items"]) == 2
        await sent(app, "/clients/new", CLIENT | {"key": "c", "phones": "067 555 01 44", "anyway": "1"})
        assert await app.engine.settle(60)
        assert len((await app.get("/clients"))["items"]) == 3


async def test_it_is_told_while_one_types(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app, phones=["+380 44 555 01 23"], email="office@acme.test")
        typed = await page(app, "/similar?new=1&phones=%2B380445550123&email=")
        assert ("the phone matches" in typed, "Create anyway" in typed) == (True, True)
        mailed = await page(app, "/similar?phones=12&email=OFFICE%40acme.test")
        assert ("the email matches" in mailed, "Create anyway" in mailed) == (True, False)
        for nobody in ("phones=5550199", "phones=0123", "email=office", "phones=0445550123&but=acme", "", "email=%00@"):
            assert "notice" not in await page(app, f"/similar?{nobody}"), nobody


async def test_a_contact_is_edited_and_who_saved_first_is_not_overwritten(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        where = (await sent(app, "/contacts/new", ADA | {"key": "k1"})).partition("?")[0]
        assert await app.engine.settle(60)
        form = await page(app, f"{where}/edit")
        version = re.search(r'name="version" value="(\d+)"', form)
        assert version is not None
        assert "067 555 01 44</textarea>" in form
        changed = ADA | {"name": "Ada L.", "phones": "+380 44 9", "client_id": "elsewhere", "main": "1"}
        after = await sent(app, f"{where}/edit", changed | {"key": "k2", "version": version[1]})
        shown = text_of(await page(app, after))
        assert all(text in shown for text in ("Ada L.", "+380 44 9", "Acme", "main contact"))
        html = await sent(app, f"{where}/edit", ADA | {"key": "k3", "version": version[1]}, 422)
        assert "changed" in text_of(html)
        assert "This is the main contact of the company" in text_of(await page(app, f"{where}/edit"))
        assert "Ada L." in text_of(await page(app, where))
        html = await sent(app, f"{where}/edit", ADA | {"key": "k4", "birthday": "soon"}, 422)
        assert 'href="#field-birthday"' in html
        await sent(app, f"{where}/edit", ADA | {"key": "k5", "version": "wrong"})


async def test_another_one_is_made_main_and_one_is_removed(tmp_path: Path) -> None:  # P23
    async with running(tmp_path) as app:
        await acme(app)
        for id in ("ada", "bob"):
            await app.done("/contacts", {"contact_id": id, "client_id": "acme", "name": id.title()})
        assert await app.engine.settle(60)
        where = await sent(app, "/contacts/bob/mark/main", {"key": "m", "back": "client"})
        tab = await page(app, where)
        assert tab.index("/contacts/bob") < tab.index("/contacts/ada")
        assert (await sent(app, "/contacts/ada/mark/main", {"key": "m2"})).startswith("/contacts/ada?after=")
        where = await sent(app, "/contacts/ada/mark/remove", {"key": "r"})
        tab = await page(app, where)
        assert "The contact is removed." in text_of(tab)
        assert "/contacts/ada/edit" not in tab
        shown = await page(app, "/contacts/ada")
        assert ("Removed" in text_of(shown), "/contacts/ada/edit" in shown) == (True, False)
        assert "This contact was removed on" in text_of(shown)
        assert "Restored, it is the main contact of the company again." in text_of(shown)
        assert "Ada" not in text_of(await page(app, "/contacts"))
        for path in ("/contacts/ada/edit", "/contacts/nobody/edit"):
            answer = await app.http.get(path)
            assert (answer.status_code, "No such contact" in answer.text) == (404, True)
        assert "No such contact" in text_of(await sent(app, "/contacts/ada/mark/remove", {"key": "again"}, 404))
        await sent(app, "/contacts/bob/mark/nonsense", {}, 422)


async def test_what_was_removed_is_restored_by_undo_or_on_its_page(tmp_path: Path) -> None:  # P23
    async with running(tmp_path) as app:
        await acme(app)
        for id in ("ada", "bob"):
            await app.done("/contacts", {"contact_id": id, "client_id": "acme", "name": id.title()})
        await app.done("/clients/acme/main-contact", {"contact_id": "ada"})
        assert await app.engine.settle(60)
        tab = await page(app, await sent(app, "/contacts/ada/mark/remove", {"key": "r"}))
        undo = re.search(r'<form class="notice[^>]*action="([^"]+)"', tab)
        assert undo is not None
        where = await sent(app, undo[1], {"key": "u", "back": "client"})
        assert where.startswith("/clients/acme?tab=contacts&after=")
        tab = await page(app, where)
        assert ("The contact is removed." in tab, "Removed contacts" in tab) == (False, False)
        assert tab.index("/contacts/ada") < tab.index("/contacts/bob"), "the main one again"
        await sent(app, "/contacts/bob/mark/remove", {"key": "r"})
        where = await sent(app, "/contacts/bob/mark/restore", {"key": "u"})
        assert where.startswith("/contacts/bob?after=")
        shown = await page(app, where)
        assert ("removed on" in shown, "/contacts/bob/edit" in shown) == (False, True)
        assert "Contact removed" in text_of(await page(app, "/contacts/bob?tab=history"))
        assert "Contact restored" in text_of(await page(app, "/contacts/bob?tab=history"))
        assert "Bob" in text_of(await page(app, "/contacts"))


async def test_who_was_erased_is_not_restored(tmp_path: Path) -> None:  # X10
    async with running(tmp_path) as app:
        await acme(app)
        await app.done("/contacts", {"contact_id": "ada", "client_id": "acme", "name": "Ada"})
        await app.done("/contacts/ada/remove", {})
        await app.done("/clients/acme/erase", {})
        assert await app.engine.settle(60)
        assert "/restore" not in await page(app, "/contacts/ada")
        assert "No such contact" in text_of(await sent(app, "/contacts/ada/mark/restore", {"key": "u"}, 404))
        answer = await app.post("/contacts/ada/restore", {}, key="api")
        assert (answer.status_code, answer.json()["type"]) == (410, "urn:voronka:problem:erased")


async def test_forms_are_offered_and_taken_as_the_rights_allow(tmp_path: Path) -> None:  # P17
    async with running(tmp_path) as app:
        for id, team in (("me", "East"), ("mate", "East"), ("stranger", "West")):
            await app.done("/employees", {"employee_id": id, "name": id, "team": team})
        await acme(app, owner_id="mate")
        await app.done("/contacts", {"contact_id": "ada", "client_id": "acme", "name": "Ada"})
        assert await app.engine.settle(60)
        marketer = bearer("marketer:kim")
        for path in ("/contacts", "/contacts/ada", "/contacts/ada/panel", "/clients/acme?tab=contacts"):
            shown = await app.http.get(path, headers=marketer)
            assert (shown.status_code, "/edit" in shown.text, "/contacts/new" in shown.text) == (200, False, False), (
                path
            )
        head = await app.engine.ports.store.head()
        new = {"name": "X", "client_id": "acme", "key": "x"}
        for who, created, changed in (
            ("marketer:kim", 403, 403),
            ("manager:me", 422, 404),
            ("manager:stranger:team", 422, 404),
        ):
            caller = bearer(who)
            await sent(app, "/contacts/new", new, created, **caller)
            for what in ("edit", "mark/main", "mark/remove", "mark/restore"):
                await sent(app, f"/contacts/ada/{what}", {"name": "X", "key": "x"}, changed, **caller)
        assert await app.engine.ports.store.head() == head
        await sent(app, "/contacts/ada/mark/main", {"key": "x"}, 303, **bearer("manager:me:team"))
        await sent(app, "/contacts/new", new, 303, **bearer("manager:mate"))
        assert [each["name"] for each in await of_client(app)] == ["Ada", "X"]
        await sent(app, "/contacts/ada/mark/remove", {"key": "gone"}, 303, **bearer("manager:mate"))
        for who, status in (("marketer:kim", 403), ("manager:stranger:own", 404), ("manager:me:team", 200)):
            answer = await app.post("/contacts/ada/restore", {}, **bearer(who))
            assert answer.status_code == status, who
