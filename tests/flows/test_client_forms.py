"""Clients and notes are made and changed by forms, each once, as the rights allow (S3.10 to S3.24, #5)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.flows.test_api_page import text_of
from tests.support.app import App, running
from tests.support.door import door
from tests.support.staff import bearer

NEW = {
    "name": "Зоря & Co",
    "kind": "company",
    "status": "potential",
    "phones": "+380 44 1\n+380 44 2",
    "discount": "7,5",
}


async def sent(app: App, path: str, form: dict[str, str], status: int = 303, **headers: str) -> str:
    response = await app.http.post(path, data=form, headers=headers)
    assert response.status_code == status, response.text
    return str(response.headers.get("location", "")) if status == 303 else response.text


async def page(app: App, path: str) -> str:
    response = await app.http.get(path)
    assert response.status_code == 200, response.text
    return response.text


async def test_a_client_is_created_with_its_first_note_once(tmp_path: Path) -> None:  # S3.10, S3.15
    async with running(tmp_path) as app:
        form = NEW | {"key": "k1", "note": "met at the fair", "priority": "high", "tags": "VIP, wholesale"}
        where = await sent(app, "/clients/new", form)
        shown = text_of(await page(app, where))
        for text in ("Зоря &amp; Co", "+380 44 1", "+380 44 2", "7.5", "met at the fair", "VIP"):
            assert text in shown, text
        assert await sent(app, "/clients/new", form) == where
        assert len((await app.get("/clients"))["items"]) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": ""}, "name"), ({"discount": "140"}, "discount"), ({"discount": "much"}, "discount"),
     ({"birthday": "soon"}, "birthday"), ({"currency": "EURO"}, "currency"), ({"owner_id": "nobody"}, "owner_id")],
)  # fmt: skip
async def test_a_wrong_field_is_named_and_nothing_is_stored(tmp_path: Path, wrong: dict[str, str], field: str) -> None:
    async with running(tmp_path) as app:
        await app.done("/employees", {"employee_id": "maria", "name": "Maria"})
        assert await app.engine.settle(20)
        html = await sent(app, "/clients/new", NEW | {"key": "k"} | wrong, 422)
        assert f'href="#field-{field}"' in html
        assert f'id="field-{field}-error"' in html
        assert "+380 44 2" in html
        assert (await app.get("/clients"))["items"] == []


async def test_a_client_is_edited_and_who_saved_first_is_not_overwritten(tmp_path: Path) -> None:  # S3.11 to S3.19
    async with running(tmp_path) as app:
        where = (await sent(app, "/clients/new", NEW | {"key": "k1"})).partition("?")[0]
        assert await app.engine.settle(20)
        form = await page(app, f"{where}/edit")
        version = re.search(r'name="version" value="(\d+)"', form)
        assert version is not None
        changed = NEW | {"name": "Zorya", "status": "current", "temperature": "hot", "city": "Kyiv"}
        after = await sent(app, f"{where}/edit", changed | {"key": "k2", "version": version[1]})
        shown = text_of(await page(app, after))
        assert all(text in shown for text in ("Zorya", "Current", "Hot", "Kyiv"))
        html = await sent(app, f"{where}/edit", NEW | {"key": "k3", "version": version[1]}, 422)
        assert "changed" in text_of(html)
        assert "Zorya" in text_of(await page(app, where))


async def test_notes_are_added_edited_removed_and_restored(tmp_path: Path) -> None:  # S3.21 to S3.24, P12
    async with running(tmp_path) as app:
        client = (await sent(app, "/clients/new", NEW | {"key": "k1"})).partition("?")[0]
        where = await sent(app, f"{client}/notes", {"text": "call back", "priority": "high", "key": "n1"})
        html = await page(app, where)
        assert "call back" in text_of(html)
        note = re.search(r'href="(/notes/[^"]+)"', html)
        assert note is not None
        assert "call back" in await page(app, note[1])
        where = await sent(app, f"{note[1]}/save", {"text": "called", "priority": "none", "key": "n2"})
        assert "called" in text_of(await page(app, where))
        where = await sent(app, f"{note[1]}/remove", {"key": "n3"})
        html = await page(app, where)
        assert "The note is removed." in text_of(html)
        assert "called" not in text_of(html)
        where = await sent(app, f"{note[1]}/restore", {"key": "n4"})
        assert "called" in text_of(await page(app, where))
        assert await sent(app, f"{client}/notes", {"text": "  ", "key": "n5"}) == client


async def test_a_client_is_archived_and_marked_lost_by_one_click(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        client = (await sent(app, "/clients/new", NEW | {"key": "k1"})).partition("?")[0]
        for what, mark in (("archive", "In the archive"), ("lost", "Lost")):
            assert mark in text_of(await page(app, await sent(app, f"{client}/mark/{what}", {})))
        for what in ("restore", "return"):
            where = await sent(app, f"{client}/mark/{what}", {})
        shown = text_of(await page(app, where))
        assert "In the archive" not in shown
        await sent(app, f"{client}/mark/nonsense", {}, 422)
        for path in ("/clients/nobody/edit", "/notes/nobody"):
            answer = await app.http.get(path)
            assert (answer.status_code, "It is not there" in answer.text) == (404, True)


async def test_forms_are_offered_and_taken_as_the_rights_allow(tmp_path: Path) -> None:  # P17
    async with running(tmp_path) as app:
        client = (await sent(app, "/clients/new", NEW | {"key": "k1"})).partition("?")[0]
        assert await app.engine.settle(20)
        marketer = bearer("marketer:kim")
        shown = await app.http.get(client, headers=marketer)
        assert (shown.status_code, "Add note" in shown.text, "/edit" in shown.text) == (200, False, False)
        await sent(app, f"{client}/notes", {"text": "x", "key": "n"}, 403, **marketer)
        await sent(app, f"{client}/notes", {"text": "x", "key": "n"}, 422, **bearer("manager:stranger"))
        assert await app.engine.settle(20)
        assert "No notes yet." in text_of(await page(app, client))


async def test_a_form_of_another_site_changes_nothing(tmp_path: Path) -> None:  # TORTURE S6
    async with door(tmp_path) as opened:
        browser = await opened.signed_in("mia")
        form = NEW | {"key": "k1"}
        assert (await browser.send("/clients/new", csrf="", **form)).status_code == 403
        own = await browser.get("/clients/new")
        sealed = re.search(r'name="csrf" value="([0-9a-f]{64})"', own.text)
        assert sealed is not None
        assert (await browser.send("/clients/new", csrf=sealed[1], **form)).status_code == 303
