"""A client is erased after its name or number was typed, by whoever has the right (X10, #5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.test_api_page import text_of
from tests.flows.test_client_forms import page, sent
from tests.support.app import App, running
from tests.support.staff import bearer


async def acme(app: App) -> None:
    given = {"client_id": "acme", "name": "Зоря & Co", "email": "office@zorya.example", "city": "Kyiv"}
    await app.done("/clients", given)
    await app.done("/contacts", {"contact_id": "ada", "client_id": "acme", "name": "Ada Lovelace"})
    await app.done("/notes", {"client_id": "acme", "text": "likes green tea"})
    assert await app.engine.settle(60)


@pytest.mark.parametrize("typed", ["зоря  &  co ", "#1"])
async def test_the_name_or_the_number_erases(tmp_path: Path, typed: str) -> None:  # X10
    async with running(tmp_path) as app:
        await acme(app)
        assert "/clients/acme/erase" in await page(app, "/clients/acme")
        asked = text_of(await page(app, "/clients/acme/erase"))
        for text in ("Erase Зоря &amp; Co", "All its contacts", "no sum and no report changes"):
            assert text in asked, text
        where = await sent(app, "/clients/acme/erase", {"typed": typed, "key": "k"})
        assert where.startswith("/clients/acme?after=")
        assert await app.engine.settle(60)
        html = await page(app, "/clients/acme")
        shown = text_of(html)
        assert "The personal data of this client was erased" in shown
        for text in ("Зоря", "office@zorya.example", "Ada", "green tea"):
            assert text not in shown, text
        assert "Kyiv" in shown
        assert "/clients/acme/erase" not in html
        assert await sent(app, "/clients/acme/erase", {"typed": typed, "key": "k"}) == where
        assert (await app.http.get("/clients/acme/erase")).status_code == 303


@pytest.mark.parametrize("typed", ["", "Зоря", "1", "#2", "erase"])
async def test_anything_else_erases_nothing(tmp_path: Path, typed: str) -> None:
    async with running(tmp_path) as app:
        await acme(app)
        html = await sent(app, "/clients/acme/erase", {"typed": typed, "key": "k"}, 422)
        assert 'id="field-typed-error"' in html
        assert await app.engine.settle(60)
        assert (await app.get("/clients/acme"))["item"]["erased"] is False


async def test_only_who_may_erase_is_offered_it(tmp_path: Path) -> None:  # P17
    async with running(tmp_path) as app:
        await acme(app)
        await app.done("/employees", {"employee_id": "me", "name": "Me"})
        await app.done("/clients/acme/owner", {"owner_id": "me"})
        assert await app.engine.settle(60)
        manager = bearer("manager:me")
        shown = await app.http.get("/clients/acme", headers=manager)
        assert ("Edit" in shown.text, "/erase" in shown.text) == (True, False)
        await sent(app, "/clients/acme/erase", {"typed": "#1", "key": "k"}, 403, **manager)
        assert (await app.get("/clients/acme"))["item"]["erased"] is False
        await sent(app, "/clients/acme/erase", {"typed": "#1", "key": "k"}, 303, **bearer("director:dan"))
