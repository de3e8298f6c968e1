"""Many clients changed at once by the pages: chosen or filtered, told what was skipped, taken back (#5, ADR 0032)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from contracts.base import Command
from contracts.clients import commands as c
from contracts.gateway.account_commands import ChangeAccountRole
from contracts.gateway.rights import OwnRights
from services.cli.verify import verify
from services.clients.domain.client import CLIENT
from services.gateway.bulk import acts, change, doing
from services.kit import clock
from services.kit.handle import Effect, Meta
from tests.flows.test_api_page import text_of
from tests.support.door import Browser, Door, door
from tests.support.patience import PATIENCE

TABLE = "/clients?view=table"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as found:
        yield found


async def say(opened: Door, *commands: Command) -> None:
    """Do what another process of the workspace would."""
    for command in commands:
        await opened.engine.send(command, Meta("ann", clock.new_id()))
    assert await opened.engine.settle(PATIENCE)


async def clients(opened: Door, count: int, **fields: Any) -> list[str]:
    """Make clients; return their ids in the order of their names."""
    ids = [f"c{number:04}" for number in range(count)]
    await say(opened, *(c.RegisterClient(client_id=id, name=f"Client {id}", **fields) for id in ids))
    return ids


async def state_of(opened: Door, id: str) -> Any:
    return (await opened.engine.handler.load(CLIENT, id)).state


async def begun(browser: Browser, action: str, value: str = "", *, at: str = TABLE, ids: Any = (), **more: str) -> Any:
    """Send the form as the page has it; return the answer."""
    html = (await browser.get(at)).text
    key = re.search(r'name="key" value="([^"]+)"', html)
    address = re.search(r'action="(/clients/bulk[^"]*)"', html)
    assert key is not None
    assert address is not None
    form = {"action": action, "value": value, "key": key[1], "ids": ",".join(ids), **more}
    return await browser.send(unescape(address[1]), **form)


async def over(browser: Browser, answer: Any) -> str:
    """Wait as the page does until nothing goes on; return where the act has its own page."""
    assert answer.status_code == 303, text_of(answer.text)
    async with asyncio.timeout(PATIENCE):
        while True:
            html = (await browser.get(answer.headers["location"])).text
            found = re.search(r'hx-get="([^"]+/state[^"]*)"', html)
            if found is None:
                break
            await browser.get(unescape(found[1]))
            await asyncio.sleep(0.02)
    act = re.search(r'action="(/(?:clients|contacts)/bulk/[0-9a-f-]{36})/', html)
    assert act is not None, text_of(html)
    return act[1]


async def told(browser: Browser, where: str) -> str:
    answer = await browser.get(where)
    return text_of(answer.text.split("<main", 1)[1].split("</main>", 1)[0])


async def done(browser: Browser, action: str, value: str = "", **how: Any) -> str:
    return await over(browser, await begun(browser, action, value, **how))


async def undone(browser: Browser, where: str) -> str:
    """Take an act back from its own page; return what it tells then."""
    answer = await browser.send(f"{where}/undo", **{"from": "page"})
    assert (answer.status_code, answer.headers["location"]) == (303, where)

    async def quiet() -> bool:
        return "hx-refresh" in (await browser.get(f"{where}/state")).headers

    await until(quiet)
    return await told(browser, where)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await asyncio.sleep(0.02)


def held(
    opened: Door,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    of: tuple[type[Command], ...] = (c.AssignClient, c.ChangeClientTemperature),
) -> asyncio.Event:
    """Let so many records be changed one by one by such commands, and the next wait until the event is set."""
    monkeypatch.setattr(doing, "_TOGETHER", 1)
    going, send, count = asyncio.Event(), opened.engine.send, 0

    async def slow(command: Command, meta: Meta) -> Effect:
        nonlocal count
        if isinstance(command, of):
            count += 1
            if count > after:
                await going.wait()
        return await send(command, meta)

    monkeypatch.setattr(opened.engine, "send", slow)
    return going


# ---------------------------------------------------------------- who is changed


async def test_chosen_rows_get_an_owner_and_the_others_none(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    maria = await opened.employee("maria", "manager")
    ids = await clients(opened, 4)
    await say(opened, c.AssignClient(client_id=ids[1], owner_id=maria))
    where = await done(browser, "owner", maria, ids=ids[:3])
    assert [(await state_of(opened, id)).owner_id for id in ids] == [maria, maria, maria, None]
    listed = await told(browser, TABLE)
    assert "New owner: Maria 2 clients changed. 1 skipped: it was so already. Show which Undo until" in listed
    page = await told(browser, where)
    assert "Skipped 1 Client c0001 it was so already" in page
    (event,) = [e for e in await opened.engine.ports.store.read(f"client-{ids[0]}") if e.type.endswith("Assigned.v1")]
    assert event.command_id == change.command_id(where.rpartition("/")[2], ids[0])
    record = await opened.engine.ports.store.read(f"bulk-{where.rpartition('/')[2]}")
    assert [e.type.split(".")[1] for e in record] == ["BulkClientsChosen", "BulkBegun", "BulkFinished"]
    assert {e.actor for e in record} == {event.actor}


@pytest.mark.parametrize(
    ("action", "value", "before", "after"),
    [
        ("temperature", "hot", {"temperature": "cold"}, {"temperature": "hot"}),
        ("temperature", "", {"temperature": "cold"}, {"temperature": None}),
        ("tag", "vip", {"tags": ["a"]}, {"tags": ["a", "vip"]}),
        ("untag", "a", {"tags": ["a", "b"]}, {"tags": ["b"]}),
        ("archive", "", {}, {"archived": True}),
    ],
)
async def test_each_action_and_its_undo(
    opened: Door, action: str, value: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 3, **before)

    async def seen(id: str) -> dict[str, Any]:
        state = await state_of(opened, id)
        return {name: state.details[name] if name == "tags" else getattr(state, name) for name in after}

    was = await seen(ids[0])
    where = await done(browser, action, value, ids=ids[:2])
    assert [await seen(id) for id in ids] == [after, after, was]
    text = await undone(browser, where)
    assert "2 clients are as before." in text
    assert sorted((await seen(ids[0])).get("tags", [])) == sorted(was.get("tags", []))
    assert [(await seen(id)) | {"tags": 0} for id in ids] == [was | {"tags": 0}] * 3


async def test_all_that_match_are_changed_also_on_other_pages(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 210, status="potential", country="UA")
    await say(opened, *(c.ChangeClientStatus(client_id=id, status="current") for id in ids[:4]))
    html = (await browser.get(f"{TABLE}&status=potential")).text
    assert "Select all 206 that match" in text_of(html)
    assert html.count("data-pick ") == 50
    await done(browser, "temperature", "warm", at=f"{TABLE}&status=potential&country=UA", ids=ids[4:54], every="1")
    states = [(await state_of(opened, id)).temperature for id in ids]
    assert states == [None] * 4 + ["warm"] * 206
    assert "206 clients changed." in await told(browser, TABLE)


async def test_all_that_match_a_condition_on_numbers(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 3)
    await done(browser, "temperature", "warm", at=f"{TABLE}&sales_count=lt:1", ids=ids[:1], every="1")
    assert [(await state_of(opened, id)).temperature for id in ids] == ["warm"] * 3


async def test_what_is_out_of_reach_is_skipped_and_told(opened: Door) -> None:  # P17
    me = await opened.employee("mia", "manager")
    browser = await opened.browser()
    await browser.sign_in("mia")
    ids = await clients(opened, 3)
    await say(opened, *(c.AssignClient(client_id=id, owner_id=me) for id in ids[:2]), c.EraseClient(client_id=ids[1]))
    where = await done(browser, "temperature", "hot", ids=[*ids, "guessed"])
    assert [getattr(await state_of(opened, id), "temperature", "-") for id in ids] == ["hot", "-", None]
    text = await told(browser, where)
    assert "1 client changed. 3 skipped: it is not there, or not yours to change." in text
    assert text.count("a client that you do not see") >= 2


async def test_who_may_not_write_is_offered_nothing(opened: Door) -> None:
    ids = await clients(opened, 2)
    browser = await opened.signed_in("mark", "marketer")
    html = (await browser.get(TABLE)).text
    assert "data-pick" not in html
    assert "/clients/bulk" not in html
    answer = await browser.send("/clients/bulk", action="temperature", value="hot", ids=",".join(ids), key="k")
    assert answer.status_code == 403
    assert (await state_of(opened, ids[0])).temperature is None


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"action": "owner", "value": "nobody-here"}, "Choose or type a value."),
        ({"action": "temperature", "value": "boiling"}, "Choose or type a value."),
        ({"action": "tag", "value": "  "}, "Choose or type a value."),
        ({"action": "erase", "value": ""}, "Choose or type a value."),
        ({"action": "archive", "value": "", "ids": " ,"}, "Choose clients in the list first."),
    ],
)
async def test_a_form_that_makes_no_sense_changes_nothing(opened: Door, form: dict[str, str], why: str) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 2)
    head = await opened.engine.ports.store.head()
    answer = await browser.send("/clients/bulk", **{"ids": ids[0], "key": "k", **form})
    assert (answer.status_code, why in text_of(answer.text)) == (422, True)
    assert await opened.engine.ports.store.head() == head


async def test_a_form_sent_twice_is_one_act(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 2)
    form = {"action": "tag", "value": "vip", "ids": ",".join(ids), "key": "k"}
    await over(browser, await browser.send("/clients/bulk", **form))
    head = await opened.engine.ports.store.head()
    await over(browser, await browser.send("/clients/bulk", **form))
    assert await opened.engine.ports.store.head() == head


# ---------------------------------------------------------------- taken back


async def test_an_undo_leaves_what_somebody_changed_since_and_lists_it(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 4, temperature="cold")
    where = await done(browser, "temperature", "hot", ids=ids[:3])
    await say(
        opened,
        c.ChangeClientTemperature(client_id=ids[0], temperature="warm"),
        c.ChangeClientStatus(client_id=ids[1], status="current"),  # another field: no hindrance
        c.EraseClient(client_id=ids[2]),
        c.ChangeClientTemperature(client_id=ids[3], temperature="hot"),
    )
    text = await undone(browser, where)
    assert "1 client is as before. 2 not undone: 1 – somebody changed it since; 1 – its data was erased." in text
    assert "Not undone 2 Client c0000 somebody changed it since" in text
    assert [getattr(await state_of(opened, id), "temperature", "-") for id in ids] == ["warm", "cold", "-", "hot"]
    head = await opened.engine.ports.store.head()
    await undone(browser, where)
    assert await opened.engine.ports.store.head() == head, "it is undone once"


async def test_an_undo_is_there_for_ten_minutes(opened: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 1)
    where = await done(browser, "temperature", "hot", ids=ids)
    assert "Undo until" in await told(browser, TABLE)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 601_000)
    monkeypatch.setattr(opened.engine.handler, "clock", clock.now)
    assert "Undo" not in await told(browser, TABLE)
    assert "Undo" not in await told(browser, where)
    answer = await browser.send(f"{where}/undo")
    assert (answer.status_code, "for ten minutes only" in answer.text) == (422, True)
    assert (await state_of(opened, ids[0])).temperature == "hot"


async def test_clients_given_away_come_back_to_who_gave_them(opened: Door) -> None:  # P17
    me, other = await opened.employee("mia", "manager"), await opened.employee("otto", "manager")
    browser = await opened.browser()
    await browser.sign_in("mia")
    ids = await clients(opened, 2)
    await say(opened, *(c.AssignClient(client_id=id, owner_id=me) for id in ids))
    where = await done(browser, "owner", other, ids=ids)
    assert [(await state_of(opened, id)).owner_id for id in ids] == [other, other]
    assert "2 clients are as before." in await undone(browser, where)
    assert [(await state_of(opened, id)).owner_id for id in ids] == [me, me]


async def test_somebody_elses_act_is_neither_shown_nor_undone(opened: Door) -> None:
    mine = await opened.signed_in("dora", "director")
    ids = await clients(opened, 2)
    where = await done(mine, "temperature", "hot", ids=ids)
    theirs = await opened.signed_in("otto", "director")
    assert "clients changed" not in await told(theirs, TABLE)
    assert (await theirs.get(where)).status_code == 404
    for what in ("undo", "resume"):
        assert (await theirs.send(f"{where}/{what}")).status_code == 404
    assert (await state_of(opened, ids[0])).temperature == "hot"
    assert (await mine.get("/clients/bulk/guessed")).status_code == 404


async def test_a_message_that_was_closed_stays_away(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    where = await done(browser, "temperature", "hot", ids=await clients(opened, 1))
    answer = await browser.send(f"{where}/close?view=table&q=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/clients?q=x&view=table")
    assert "client changed" not in await told(browser, TABLE)
    assert "1 client changed." in await told(browser, where)


# ---------------------------------------------------------------- what takes long, and a restart


async def test_what_takes_long_shows_how_far_it_is(opened: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 3)
    going = held(opened, monkeypatch, after=2)
    answer = await begun(browser, "temperature", "hot", ids=ids)
    assert answer.status_code == 303
    html = (await browser.get(TABLE)).text
    assert 'max="3" value="2"' in html
    state = unescape(re.search(r'hx-get="([^"]+)"[^>]*every', html)[1])  # type: ignore[index]
    assert "2 of 3" in text_of((await browser.get(state)).text)
    where = state.rpartition("/state")[0]
    assert (await browser.send(f"{where}/undo")).status_code == 422, "not while it goes on"
    going.set()
    await over(browser, answer)
    assert [(await state_of(opened, id)).temperature for id in ids] == ["hot"] * 3
    assert (await browser.get(state)).headers["hx-refresh"] == "true"


async def test_a_restart_goes_on_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door(tmp_path) as first:
        browser = await first.signed_in("dora", "director")
        maria = await first.employee("maria", "manager")
        ids = await clients(first, 6)
        held(first, monkeypatch, after=3)
        assert (await begun(browser, "owner", maria, ids=ids)).status_code == 303
        owners = [(await state_of(first, id)).owner_id for id in ids]
        assert owners == [maria] * 3 + [None] * 3
    monkeypatch.undo()
    async with door(tmp_path) as second:
        browser = await second.browser()
        await browser.sign_in("dora")

        async def finished() -> bool:
            return "6 clients changed." in await told(browser, TABLE)

        await until(finished)
        for id in ids:
            events = await second.engine.ports.store.read(f"client-{id}")
            assert [event.type.split(".")[1] for event in events] == ["ClientRegistered", "ClientAssigned"]
        held(second, monkeypatch, after=2)
        where = re.search(r"/clients/bulk/[0-9a-f-]{36}", (await browser.get(TABLE)).text)[0]  # type: ignore[index]
        assert (await browser.send(f"{where}/undo")).status_code == 303
        owners = [(await state_of(second, id)).owner_id for id in ids]
        assert owners == [None] * 2 + [maria] * 4
    monkeypatch.undo()
    async with door(tmp_path) as third:
        browser = await third.browser()
        await browser.sign_in("dora")

        async def as_before() -> bool:
            return "6 clients are as before." in await told(browser, where)

        await until(as_before)
        assert [(await state_of(third, id)).owner_id for id in ids] == [None] * 6


async def test_what_was_interrupted_goes_on_by_a_click(opened: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 2)

    async def broken(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(acts, "carry_out", broken)
    answer = await begun(browser, "temperature", "hot", ids=ids)
    where = await over(browser, answer)
    assert "It was interrupted." in await told(browser, TABLE)
    monkeypatch.undo()
    assert (await browser.send(f"{where}/resume", **{"from": "page"})).status_code == 303
    await over(browser, answer)
    assert "2 clients changed." in await told(browser, where)


async def test_who_lost_the_right_meanwhile_changes_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with door(tmp_path) as first:
        browser = await first.signed_in("mia", "director")
        me = next(id for id, each in first.site.accounts.entry.known.accounts.items() if each.login == "mia")
        ids = await clients(first, 4)
        held(first, monkeypatch, after=1)
        assert (await begun(browser, "temperature", "hot", ids=ids)).status_code == 303
        await first.site.accounts.send(ChangeAccountRole(account_id=me, role="marketer"), "system")
        await first.employee("boss", "administrator", OwnRights())
    monkeypatch.undo()
    async with door(tmp_path) as second:

        async def ended() -> bool:
            found = await second.engine.ports.store.read_types(frozenset({"gateway.BulkFinished.v1"}), 0, 10)
            return bool(found)

        await until(ended)
        assert [(await state_of(second, id)).temperature for id in ids] == ["hot", None, None, None]


async def test_the_numbers_can_be_recomputed_after_it(opened: Door) -> None:  # X5
    browser = await opened.signed_in("dora", "director")
    ids = await clients(opened, 3)
    where = await done(browser, "tag", "spring fair", ids=ids)
    assert await verify(opened.engine, clock.now()) == []
    await undone(browser, where)
    assert await opened.engine.settle(PATIENCE)
    assert await verify(opened.engine, clock.now()) == []
