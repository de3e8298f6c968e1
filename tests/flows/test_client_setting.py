"""One field of a client set from its page: once, undone, as rights allow, and never over somebody's change (#5)."""

from __future__ import annotations

import re
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
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', offered[0]))


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
