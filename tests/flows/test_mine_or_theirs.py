"""Somebody else saved the same record first: nothing is lost, and what both changed is asked (S3.11 to S3.19, #5)."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from tests.flows.test_api_page import text_of
from tests.flows.test_client_forms import page, sent
from tests.support.app import App, running


def fields_of(html: str) -> dict[str, str]:
    """Return what the form of a page sends if nothing is typed; of radios and selects what is chosen."""
    form = html[html.index('<form class="form') :]
    form = form[: form.index("</form>")]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        given = {name: unescape(value) for name, value in re.findall(r'(\S+)="([^"]*)"', tag)}
        if given.get("type") in {"radio", "checkbox"} and not tag.rstrip(">").rstrip().endswith("checked"):
            continue
        if "name" in given:
            found[given["name"]] = given.get("value", "")
    for name, text in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


async def client(app: App) -> dict[str, str]:
    """Make a client; return its edit form as it is opened."""
    given = {"client_id": "acme", "name": "Acme", "city": "Kyiv", "phones": ["1", "2"], "email": "a@acme.test"}
    await app.done("/clients", given)
    assert await app.engine.settle(60)
    return fields_of(await page(app, "/clients/acme/edit"))


async def item(app: App, path: str = "/clients/acme") -> dict[str, object]:
    assert await app.engine.settle(60)
    return dict((await app.get(path))["item"])


async def details(app: App, **changed: object) -> None:
    base = {"name": "Acme", "city": "Kyiv", "phones": ["1", "2"], "email": "a@acme.test"}
    await app.done("/clients/acme/details", base | changed)
    assert await app.engine.settle(60)


async def test_what_only_one_of_both_changed_is_kept_without_asking(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        form = await client(app)
        assert (form["version"], form["was.phones"]) == ("1", "1\n2")
        await details(app, city="Lviv")
        await app.done("/clients/acme/temperature", {"temperature": "hot"})
        assert await app.engine.settle(60)
        mine = form | {"email": "new@acme.test", "phones": "1\r\n2", "key": "k"}
        where = await sent(app, "/clients/acme/edit", mine)
        now = await item(app)
        assert (now["email"], now["city"], now["temperature"]) == ("new@acme.test", "Lviv", "hot")
        head = await app.engine.ports.store.head()
        assert (await sent(app, "/clients/acme/edit", mine)).partition("?")[0] == where.partition("?")[0]
        assert await app.engine.ports.store.head() == head, "sent twice it is done once"


async def test_what_both_changed_is_asked_and_each_answer_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        form = await client(app)
        await details(app, city="Lviv & <b>", email="theirs@acme.test", name="Acme Ltd")
        mine = form | {"city": "Odesa", "email": "mine@acme.test", "source": "fair", "key": "k1"}
        html = await sent(app, "/clients/acme/edit", mine, 422)
        shown = text_of(html)
        assert "Somebody else saved first" in shown
        assert "You both changed 2 fields." in shown
        for text in ("Lviv &amp; &lt;b&gt;", "Odesa", "theirs@acme.test", "mine@acme.test", "Acme Ltd"):
            assert text in shown, text
        assert set(re.findall(r'name="take\.(\w+)"', html)) == {"city", "email"}
        asked = fields_of(html)
        assert (asked["take.city"], asked["take.email"]) == ("mine", "mine")
        assert (await item(app))["city"] == "Lviv & <b>", "nothing is saved before one answers"
        await sent(app, "/clients/acme/edit", asked | {"take.email": "theirs"})
        now = await item(app)
        assert (now["city"], now["email"]) == ("Odesa", "theirs@acme.test")
        assert (now["name"], now["source"], now["phones"]) == ("Acme Ltd", "fair", ["1", "2"])


async def test_a_third_one_who_saves_meanwhile_is_asked_about_again(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        form = await client(app)
        await details(app, city="Lviv")
        asked = fields_of(await sent(app, "/clients/acme/edit", form | {"city": "Odesa", "key": "k1"}, 422))
        await details(app, city="Dnipro")
        html = await sent(app, "/clients/acme/edit", asked, 422)
        assert "Dnipro" in text_of(html)
        assert "Odesa" in text_of(html)
        await sent(app, "/clients/acme/edit", fields_of(html) | {"take.city": "theirs"})
        assert (await item(app))["city"] == "Dnipro"


async def test_a_refused_form_still_knows_what_it_was_opened_with(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        form = await client(app)
        await details(app, city="Lviv")
        again = fields_of(await sent(app, "/clients/acme/edit", form | {"discount": "140", "key": "k"}, 422))
        assert (again["version"], again["was.city"], again["discount"]) == ("1", "Kyiv", "140")
        await sent(app, "/clients/acme/edit", again | {"discount": "14"})
        now = await item(app)
        assert (now["city"], now["discount"]) == ("Lviv", "14")


@pytest.mark.parametrize(("take", "position"), [("mine", "Buyer"), ("theirs", "Director")])
async def test_contacts_are_asked_about_too(tmp_path: Path, take: str, position: str) -> None:  # S3.13
    async with running(tmp_path) as app:
        await client(app)
        await app.done("/contacts", {"contact_id": "ada", "client_id": "acme", "name": "Ada", "phones": ["1"]})
        assert await app.engine.settle(60)
        form = fields_of(await page(app, "/contacts/ada/edit"))
        await app.done("/contacts/ada", {"name": "Ada", "phones": ["1", "2"], "position": "Director"})
        assert await app.engine.settle(60)
        html = await sent(
            app, "/contacts/ada/edit", form | {"position": "Buyer", "telegram": "@ada", "main": "1", "key": "k"}, 422
        )
        assert set(re.findall(r'name="take\.(\w+)"', html)) == {"position"}
        await sent(app, "/contacts/ada/edit", fields_of(html) | {"take.position": take})
        now = await item(app, "/contacts/ada")
        assert (now["position"], now["telegram"], now["phones"]) == (position, "@ada", ["1", "2"])
        assert (await item(app))["main_contact_id"] == "ada"
