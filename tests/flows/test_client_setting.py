"""One field of a client set from its page: once, undone, as rights allow, and never over somebody's change (#5)."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from tests.flows.test_api_page import text_of
from tests.flows.test_client_forms import page, sent
from tests.support.app import App, running
from tests.support.staff import bearer

HTMX = {"hx-request": "true"}


async def acme(app: App, **more: object) -> None:
    await app.done("/clients", {"client_id": "acme", "name": "Acme", **more})
    assert await app.engine.settle(60)


async def item(app: App) -> dict[str, object]:
    assert await app.engine.settle(60)
    return dict((await app.get("/clients/acme"))["item"])


def undo_of(html: str) -> dict[str, str]:
    """Return the form that the message about a change offers."""
    offered = re.search(r"<template data-say.*?</template>", html, re.DOTALL)
    assert offered is not None
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', offered[0])}


@pytest.mark.parametrize(
    ("field", "was", "value", "said"),
    [("status", "potential", "current", "Status: Current"), ("temperature", "", "hot", "Temperature: Hot")],
)
async def test_status_and_temperature_are_set_and_undone(
    tmp_path: Path, field: str, was: str, value: str, said: str
) -> None:  # S3.16, S3.17
    async with running(tmp_path) as app:
        await acme(app)
        form = {"value": value, "was": was, "key": "k1"}
        html = await sent(app, f"/clients/acme/set/{field}", form, 200, **HTMX)
        assert f'data-text="{said}"' in html
        assert (await item(app))[field] == value
        again = await sent(app, f"/clients/acme/set/{field}", form, 200, **HTMX)
        assert f'data-text="{said}"' in again, "sent twice it is done once"
        assert (await app.get("/clients/acme"))["item"]["version"] == 2
        undo = undo_of(html)
        assert (undo["value"], undo["was"]) == (was, value)
        html = await sent(app, f"/clients/acme/set/{field}", undo, 200, **HTMX)
        assert (await item(app))[field] == (was or None)
        assert "<form" not in html[html.index("data-say") :], "nothing undoes an undoing"


async def test_without_scripts_the_page_itself_answers(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        where = await sent(app, "/clients/acme/set/status", {"value": "current", "was": "potential", "key": "k"})
        assert where.startswith("/clients/acme?after=")
        assert "Current" in text_of(await page(app, where))


async def test_what_somebody_else_set_meanwhile_stays_and_is_told(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        await app.done("/clients/acme/temperature", {"temperature": "cold"})
        assert await app.engine.settle(60)
        html = await sent(app, "/clients/acme/set/temperature", {"value": "hot", "was": "", "key": "k"}, 422, **HTMX)
        assert 'data-say="bad" data-text="Somebody else changed this meanwhile' in html
        assert "Cold" in text_of(html)
        assert (await item(app))["temperature"] == "cold"
        await app.done("/clients/acme/status", {"status": "current"})
        await sent(app, "/clients/acme/set/temperature", {"value": "hot", "was": "cold", "key": "k2"}, 200, **HTMX)
        now = await item(app)
        assert (now["temperature"], now["status"]) == ("hot", "current"), "another field is no conflict"


async def test_nonsense_is_refused_in_words(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        html = await sent(app, "/clients/acme/set/status", {"value": "rich", "was": "potential"}, 422, **HTMX)
        assert 'data-say="bad"' in html
        await sent(app, "/clients/acme/set/nothing", {"value": "1", "was": ""}, 422, **HTMX)
        assert "No such client" in await sent(app, "/clients/nobody/set/status", {"value": "current"}, 404)
        assert (await item(app))["version"] == 1


async def test_who_may_not_edit_sees_plain_badges(tmp_path: Path) -> None:  # P17
    async with running(tmp_path) as app:
        await app.done("/employees", {"employee_id": "me", "name": "Me"})
        await acme(app, owner_id="me", temperature="warm")
        assert 'popovertarget="set-status"' in await page(app, "/clients/acme")
        form = {"value": "current", "was": "potential", "key": "k"}
        for who, status in (("marketer:kim", 403), ("manager:stranger", 404)):
            await sent(app, "/clients/acme/set/status", form, status, **bearer(who))
        shown = (await app.http.get("/clients/acme", headers=bearer("marketer:kim"))).text
        assert ("set-status" in shown, "Warm" in text_of(shown)) == (False, True)
        assert (await item(app))["status"] == "potential"
        await sent(app, "/clients/acme/set/status", form, 303, **bearer("manager:me"))


async def test_a_field_is_edited_where_it_stands_and_undone(tmp_path: Path) -> None:  # S3.12
    async with running(tmp_path) as app:
        await acme(app, email="a@acme.test", phones=["1", "2"], city="Kyiv")
        shown = await page(app, "/clients/acme")
        assert set(re.findall(r'hx-get="/clients/acme/set/(\w+)"', shown)) == {
            "name", "email", "phones", "address", "city", "owner_id", "discount", "source",
        }  # fmt: skip
        small = await page(app, "/clients/acme/set/phones")
        assert ('value="1, 2"' in small, 'value="1\n2"' in small) == (True, True)
        form = {"was": "1\r\n2", "value": "3; 4", "key": "k"}
        html = await sent(app, "/clients/acme/set/phones", form, 200, **HTMX)
        assert 'data-text="Phone: 3; 4"' in html
        now = await item(app)
        assert (now["phones"], now["email"], now["city"]) == (["3", "4"], "a@acme.test", "Kyiv")
        await sent(app, "/clients/acme/set/phones", undo_of(html), 200, **HTMX)
        assert (await item(app))["phones"] == ["1", "2"]


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("name", " Acme & Sons ", "Acme & Sons"),
        ("address", "1 Main Street", "1 Main Street"),
        ("country", "Ukraine", "Ukraine"),
        ("discount", "7,5", "7.5"),
        ("source", " fair ", "fair"),
        ("email", "", None),
        ("tags", "VIP, north", ["VIP", "north"]),
        ("currency", "eur", "EUR"),
        ("language", "uk", "uk"),
        ("birthday", "1990-05-17", "1990-05-17"),
        ("owner_id", "maria", "maria"),
    ],
)
async def test_each_field_is_read_as_the_whole_form_reads_it(
    tmp_path: Path, field: str, typed: str, kept: object
) -> None:  # S3.11 to S3.19
    async with running(tmp_path) as app:
        await app.done("/employees", {"employee_id": "maria", "name": "Maria"})
        await acme(app, email="a@acme.test", language="en")
        was = {"name": "Acme", "discount": "0", "email": "a@acme.test", "language": "en"}.get(field, "")
        html = await sent(app, f"/clients/acme/set/{field}", {"was": was, "value": typed, "key": "k"}, 200, **HTMX)
        assert (await item(app))[field] == kept
        await sent(app, f"/clients/acme/set/{field}", undo_of(html), 200, **HTMX)
        assert (await item(app))[field] == ([] if field == "tags" else was or None)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", " "), ("discount", "140"), ("birthday", "soon"), ("currency", "EURO"), ("owner_id", "nobody")],
)
async def test_a_wrong_value_is_refused_in_its_place(tmp_path: Path, field: str, typed: str) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        was = {"discount": "0", "name": "Acme"}.get(field, "")
        html = await sent(app, f"/clients/acme/set/{field}", {"was": was, "value": typed, "key": "k"}, 422, **HTMX)
        assert f'id="fact-{field}-value-error"' in html
        assert f'value="{typed}"' in html or field == "owner_id", "what was typed is kept"
        assert (await item(app))["version"] == 1


async def test_what_somebody_else_saved_meanwhile_is_told_in_its_place(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app, email="a@acme.test")
        await app.done("/clients/acme/details", {"name": "Acme", "email": "theirs@acme.test", "source": "fair"})
        assert await app.engine.settle(60)
        form = {"was": "a@acme.test", "value": "mine@acme.test", "key": "k"}
        html = await sent(app, "/clients/acme/set/email", form, 422, **HTMX)
        assert "Somebody else saved “theirs@acme.test” meanwhile." in text_of(html)
        assert 'value="mine@acme.test"' in html
        again = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', html)) | {"value": "mine@acme.test"}
        assert again["was"] == "theirs@acme.test"
        await sent(app, "/clients/acme/set/email", again, 200, **HTMX)
        now = await item(app)
        assert (now["email"], now["source"]) == ("mine@acme.test", "fair")


async def test_a_client_given_to_somebody_else_is_left(tmp_path: Path) -> None:  # P17
    async with running(tmp_path) as app:
        for id in ("me", "mate"):
            await app.done("/employees", {"employee_id": id, "name": id})
        await acme(app, owner_id="me")
        mine = bearer("manager:me")
        answer = await app.http.post(
            "/clients/acme/set/owner_id", data={"was": "me", "value": "mate", "key": "k"}, headers=HTMX | mine
        )
        assert (answer.status_code, answer.headers["hx-refresh"]) == (200, "true")
        assert (await app.http.get("/clients/acme", headers=mine)).status_code == 404
        assert (await app.http.get("/clients/acme/set/kind", headers=mine)).status_code == 422
        shown = (await app.http.get("/clients/acme", headers=bearer("marketer:kim"))).text
        assert "data-in-place" not in shown


CELL = {"place": "cell"}


async def test_a_cell_of_the_table_is_edited_and_undone(tmp_path: Path) -> None:  # S1.14, S3.16
    async with running(tmp_path) as app:
        await app.done("/employees", {"employee_id": "maria", "name": "Maria"})
        await acme(app)
        table = await page(app, "/clients?view=table")
        assert re.findall(r'data-cell="(\w+)"', table) == ["name", "status", "temperature", "owner_id"]
        for field, was, value, words in (
            ("name", "Acme", "Acme & Sons", "Acme &amp; Sons"),
            ("status", "potential", "current", "Current"),
            ("temperature", "", "hot", "Hot"),
            ("owner_id", "", "maria", "Maria"),
        ):
            small = await page(app, f"/clients/acme/set/{field}?place=cell")
            assert re.search(rf'name="was" value="{was}"', small), field
            assert ("<select" in small) == (field != "name")
            form = CELL | {"was": was, "value": value, "key": field}
            html = await sent(app, f"/clients/acme/set/{field}", form, 200, **HTMX)
            assert words in text_of(html[: html.index("data-say")]), field
            assert "data-in-place-form" not in html
            assert (await item(app))[field] == value
            undo = undo_of(html)
            assert (undo["place"], undo["was"]) == ("cell", value)
            await sent(app, f"/clients/acme/set/{field}", undo, 200, **HTMX)
            assert (await item(app))[field] == (was or None)


async def test_a_cell_tells_what_is_wrong_and_what_others_saved(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        html = await sent(app, "/clients/acme/set/name", CELL | {"was": "Acme", "value": " ", "key": "k"}, 422, **HTMX)
        assert "cell-value-acme-name-error" in html
        await app.done("/clients/acme/temperature", {"temperature": "cold"})
        assert await app.engine.settle(60)
        form = CELL | {"was": "", "value": "hot", "key": "k2"}
        html = await sent(app, "/clients/acme/set/temperature", form, 422, **HTMX)
        assert "Somebody else saved “Cold” meanwhile." in text_of(html)
        assert re.search(r'<option value="hot" selected>', html), "what was chosen is kept"
        again = dict(re.findall(r'name="(\w+)" value="([^"]*)"', html)) | {"value": "hot"}
        await sent(app, "/clients/acme/set/temperature", again, 200, **HTMX)
        now = await item(app)
        assert (now["name"], now["temperature"]) == ("Acme", "hot")


async def test_only_what_the_table_shows_is_edited_there(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        for field in ("email", "kind"):
            assert (await app.http.get(f"/clients/acme/set/{field}?place=cell")).status_code == 422
            await sent(app, f"/clients/acme/set/{field}", CELL | {"was": "", "value": "x", "key": "k"}, 422, **HTMX)
        assert (await app.http.get("/clients/acme/set/status")).status_code == 422
        assert (await item(app))["version"] == 1


async def test_who_may_not_edit_has_plain_cells(tmp_path: Path) -> None:  # P17
    async with running(tmp_path) as app:
        await app.done("/employees", {"employee_id": "me", "name": "Me"})
        await acme(app, owner_id="me")
        shown = (await app.http.get("/clients?view=table", headers=bearer("marketer:kim"))).text
        assert ("Acme" in shown, "data-cell" in shown, "cell-pencil" in shown) == (True, False, False)
        form = CELL | {"was": "potential", "value": "current", "key": "k"}
        for who, status in (("marketer:kim", 403), ("manager:stranger", 404)):
            assert (
                await app.http.get("/clients/acme/set/status?place=cell", headers=bearer(who))
            ).status_code == status
            await sent(app, "/clients/acme/set/status", form, status, **HTMX, **bearer(who))
        await sent(app, "/clients/acme/set/status", form, 200, **HTMX, **bearer("manager:me"))
        away = CELL | {"was": "me", "value": "", "key": "k2"}
        answer = await app.http.post("/clients/acme/set/owner_id", data=away, headers=HTMX | bearer("manager:me"))
        assert (answer.status_code, answer.headers.get("hx-refresh")) == (200, "true"), "the list is shown without it"
