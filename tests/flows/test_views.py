"""Saved views of the list of clients: saved, shown, changed, shared, removed and restored by pages and API (#5)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from contracts.gateway.commands import ChangeEmployee
from contracts.gateway.rights import OwnRights
from services.kit import clock
from services.kit.handle import Meta
from tests.flows.test_api_page import text_of
from tests.support.door import Browser, Door, door
from tests.support.patience import PATIENCE

READY = "Cold, to re-engage"
HOT = "/clients?status=potential&temperature=hot&view=table&sort=-name"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as found:
        yield found


async def page(browser: Browser, address: str, status: int = 200) -> str:
    answer = await browser.get(address)
    assert answer.status_code == status, text_of(answer.text)
    return answer.text


def form(html: str, ending: str) -> str:
    """The address of the form that does this."""
    found = re.search(rf'action="(/clients/views[^"]*{ending}[^"]*)"', html)
    assert found is not None, f"no form for {ending}"
    return unescape(found[1])


async def saved(browser: Browser, address: str, name: str, audience: str = "own") -> str:
    """Save what is at the address as a view; return where it is shown."""
    html = await page(browser, address)
    key = re.search(r'name="key" value="([^"]+)"', html)
    assert key is not None
    answer = await browser.send(form(html, r"(?<=views)\?"), name=name, audience=audience, key=key[1])
    assert answer.status_code == 303, text_of(answer.text)
    where = str(answer.headers["location"])
    await page(browser, where)  # waits until it is shown
    return where


def tabs(html: str) -> list[tuple[str, str, bool]]:
    """(name, address, whether it is the current one) of what is shown above the list."""
    found = re.findall(r'<a class="tab" href="([^"]+)"( aria-current="page")?>([^<]+)</a>', html)
    return [(name.strip(), unescape(address), bool(current)) for address, current, name in found]


async def test_a_view_holds_filters_order_and_look_of_the_list(opened: Door) -> None:
    browser = await opened.signed_in("mia", "manager")
    assert [(name, on) for name, _, on in tabs(await page(browser, "/clients"))] == [
        ("All clients", True),
        (READY, False),
    ]
    assert "Save as a view" not in await page(browser, "/clients")
    where = await saved(browser, f"{HOT}&q=secret", "Hot ones")
    html = await page(browser, where)
    ((all_, _, on_all), _, (name, address, on_it)) = tabs(html)
    assert (all_, on_all, name, on_it) == ("All clients", False, "Hot ones", True)
    assert re.fullmatch(re.escape(HOT) + "&saved=[0-9a-f-]{36}", address), "what was searched for is not kept"
    shown = text_of(await page(browser, address))
    assert "No Potential + Hot clients." in shown
    assert "Changed" not in shown
    assert [each[2] for each in tabs(await page(browser, "/clients"))] == [True, False, False]
    (event,) = await opened.engine.ports.store.read_types(frozenset({"gateway.ViewSaved.v1"}), 0, 10)
    assert b"secret" not in event.data


@pytest.mark.parametrize("role", ["manager", "marketer"])
async def test_everybody_has_a_ready_view_of_cold_ones(opened: Door, role: Any) -> None:  # P28, S3.28
    browser = await opened.signed_in("mia", role)
    (_, (name, address, _)) = tabs(await page(browser, "/clients"))
    assert (name, address) == (READY, "/clients?status=potential&temperature=cold")
    html = await page(browser, address)
    assert [each[2] for each in tabs(html)] == [False, True]
    assert [each[2] for each in tabs(await page(browser, f"{address}&view=table&sort=name"))] == [False, True]
    for more in ("&tag=vip", "&q=acme"):
        assert [each[2] for each in tabs(await page(browser, address + more))] == [False, False]
    assert "Actions on the view" not in html
    assert "Remove the view" not in html
    assert ">Холодні, повернути</a>" in (await browser.get(address, **{"accept-language": "uk"})).text


async def test_what_differs_is_saved_into_it_or_as_a_new_one(opened: Door) -> None:
    browser = await opened.signed_in("mia", "manager")
    await saved(browser, "/clients?status=current&view=table", "Zeta")
    (_, _, (_, zeta, _)) = tabs(await page(browser, "/clients"))
    changed = zeta.replace("status=current", "status=potential")
    html = await page(browser, changed)
    assert "Changed Save Save as new" in text_of(html)
    assert tabs(html)[2][2], "it is still the one that was opened"
    assert (await browser.send(form(html, "/query"))).status_code == 303
    assert await opened.engine.settle(PATIENCE)
    (_, _, (_, after, _)) = tabs(await page(browser, "/clients"))
    assert "status=potential" in after
    await saved(browser, after.replace("potential", "current"), "alpha")
    assert await opened.engine.settle(PATIENCE)
    assert [each[0] for each in tabs(await page(browser, "/clients"))] == ["All clients", READY, "alpha", "Zeta"]


async def test_a_view_is_renamed_removed_and_restored(opened: Door) -> None:
    browser = await opened.signed_in("mia", "manager")
    where = await saved(browser, HOT, "Old")
    html = await page(browser, where)
    renamed = await browser.send(form(html, "/name"), name="New", audience="own")
    html = await page(browser, renamed.headers["location"])
    assert [each[0] for each in tabs(html)] == ["All clients", READY, "New"]
    refused = await browser.send(form(html, "/name"), name=" ", audience="own")
    assert (refused.status_code, "Give the view a name" in refused.text) == (422, True)
    removed = await browser.send(form(html, "/remove"))
    html = await page(browser, removed.headers["location"])
    assert [each[0] for each in tabs(html)] == ["All clients", READY]
    assert "The view “New” was removed. Undo" in text_of(html)
    gone = await page(browser, where.split("&after")[0])
    assert "This saved view is not there any more" in text_of(gone)
    restored = await browser.send(form(html, "/restore"))
    assert [each[0] for each in tabs(await page(browser, restored.headers["location"]))] == [
        "All clients",
        READY,
        "New",
    ]


async def names(browser: Browser) -> list[str]:
    return [each[0] for each in tabs(await page(browser, "/clients"))][2:]


async def test_who_sees_and_changes_views(opened: Door) -> None:  # P17
    ids = {}
    for login, role, team, records in (
        ("boss", "director", None, None),
        ("lead", "manager", "East", "team"),
        ("mate", "manager", "East", "own"),
        ("other", "manager", "West", "team"),
    ):
        rights = OwnRights(records=records)  # type: ignore[arg-type]
        ids[login] = await opened.employee(login, role, rights)  # type: ignore[arg-type]
        change = ChangeEmployee(employee_id=ids[login], name=login, team=team)
        await opened.engine.send(change, Meta("system", clock.new_id()))
    browsers: dict[str, Browser] = {}
    for login in ids:
        browsers[login] = await opened.browser()
        await browsers[login].sign_in(login)
    lead, boss = browsers["lead"], browsers["boss"]
    await saved(lead, HOT, "own of lead")
    of_team = await saved(lead, HOT, "team of lead", "team")
    await saved(boss, HOT, "for all", "all")
    assert await opened.engine.settle(PATIENCE)
    assert await names(lead) == ["for all", "own of lead", "team of lead"]
    assert await names(browsers["mate"]) == ["for all", "team of lead"]
    assert await names(browsers["other"]) == ["for all"]
    assert await names(boss) == ["for all"]

    def choices(html: str) -> list[str]:
        return re.findall(r'name="audience" type="radio" value="(\w+)"', html)

    assert choices(await page(lead, HOT)) == ["own", "team"]
    assert choices(await page(boss, HOT)) == ["own", "team", "all"]
    assert choices(await page(browsers["mate"], HOT)) == []
    seen = await page(browsers["mate"], of_team.split("&after")[0])
    assert "/remove" not in seen
    view_id = re.search(r"saved=([0-9a-f-]{36})", of_team)[1]  # type: ignore[index]
    head = await opened.engine.ports.store.head()
    for login, status in (("mate", 403), ("other", 404)):
        answer = await browsers[login].send(f"/clients/views/{view_id}/remove")
        assert answer.status_code == status, login
    key = {"name": "x", "key": "k"}
    assert (await browsers["mate"].send("/clients/views", audience="team", **key)).status_code == 403
    assert (await lead.send("/clients/views", audience="all", **key)).status_code == 403
    assert await opened.engine.ports.store.head() == head


async def test_a_view_whose_owner_is_not_known_says_so(opened: Door) -> None:
    browser = await opened.signed_in("mia", "manager")
    where = await saved(browser, "/clients?owner=long-gone&tag=forgotten&view=table", "Old times")
    text = text_of(await page(browser, where))
    assert "The filter names an owner who is not known here." in text
    assert "No long-gone + forgotten clients." in text


async def test_the_api_lists_what_one_sees(opened: Door) -> None:
    mine, theirs = await opened.signed_in("dora", "director"), await opened.signed_in("otto", "manager")
    await saved(mine, HOT, "mine")
    await saved(mine, HOT, "shared", "all")
    assert await opened.engine.settle(PATIENCE)

    async def listed(browser: Browser) -> list[Any]:
        return (await browser.get("/api/v1/views")).json()["items"]

    assert [each["name"] for each in await listed(mine)] == ["mine", "shared"]
    (shared,) = await listed(theirs)
    assert shared["query"] == ["status=potential", "temperature=hot", "view=table", "sort=-name"]
    hidden = next(each for each in await listed(mine) if each["name"] == "mine")["view_id"]
    assert (await theirs.get(f"/api/v1/views/{hidden}")).status_code == 404
    assert (await mine.get(f"/api/v1/views/{hidden}")).json()["item"]["audience"] == "own"
