"""Many contact persons removed at once or taken out by the list: by right, told what was skipped, undone (ADR 0036)."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from contracts.clients import commands as c
from contracts.gateway.rights import OwnRights
from services.cli.verify import verify
from services.clients.domain.contact import CONTACT, Added
from services.gateway.bulk import change
from services.kit import clock
from tests.flows.test_api_page import text_of
from tests.flows.test_bulk import held, over, say, told, undone, until
from tests.support.door import Browser, Door, door
from tests.support.patience import PATIENCE

LIST = "/contacts"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as found:
        yield found


async def people(opened: Door, count: int, client: str = "acme", **fields: Any) -> list[str]:
    """Make a client with contacts; return their ids in the order of their names."""
    ids = [f"{client}-{number:04}" for number in range(count)]
    made = [c.AddContact(contact_id=id, client_id=client, name=f"Person {id}") for id in ids]
    await say(opened, c.RegisterClient(client_id=client, name=client.title(), **fields), *made)
    return ids


async def there(opened: Door, ids: list[str]) -> list[bool]:
    return [isinstance((await opened.engine.handler.load(CONTACT, id)).state, Added) for id in ids]


async def begun(browser: Browser, *, at: str = LIST, ids: Any = (), **more: str) -> Any:
    """Send the form of the dialog as the page has it; return the answer."""
    html = (await browser.get(at)).text.split("<dialog", 1)[1]
    key = re.search(r'name="key" value="([^"]+)"', html)
    address = re.search(r'action="(/contacts/bulk[^"]*)"', html)
    assert key is not None
    assert address is not None
    return await browser.send(unescape(address[1]), action="remove", key=key[1], ids=",".join(ids), **more)


async def removed(browser: Browser, **how: Any) -> str:
    return await over(browser, await begun(browser, **how))


async def test_chosen_contacts_are_removed_and_come_back_by_the_undo(opened: Door) -> None:  # S1.15, P23
    browser = await opened.signed_in("dora", "director")
    ids = await people(opened, 4)
    await say(opened, c.ChooseMainContact(client_id="acme", contact_id=ids[0]), c.RemoveContact(contact_id=ids[2]))
    where = await removed(browser, ids=ids[:3])
    assert await there(opened, ids) == [False, False, False, True]
    listed = await told(browser, LIST)
    assert "Contacts removed 2 contacts removed. 1 skipped: it was so already. Show which Undo until" in listed
    assert "Person acme-0000" not in listed
    assert "Skipped 1 Person acme-0002 it was so already" in await told(browser, where)
    (event,) = [e for e in await opened.engine.ports.store.read(f"contact-{ids[0]}") if "Removed" in e.type]
    assert event.command_id == change.command_id(where.rpartition("/")[2], ids[0])
    record = await opened.engine.ports.store.read(f"bulk-{where.rpartition('/')[2]}")
    assert [e.type.split(".")[1] for e in record] == ["BulkContactsChosen", "BulkBegun", "BulkFinished"]
    assert {e.actor for e in record} == {event.actor}
    assert await verify(opened.engine, clock.now()) == []
    assert "2 contacts are there again." in await undone(browser, where)
    assert await there(opened, ids) == [True, True, False, True]
    assert "main contact" in await told(browser, f"/contacts/{ids[0]}")
    assert await opened.engine.settle(PATIENCE)
    assert await verify(opened.engine, clock.now()) == []  # X5


async def test_an_undo_names_what_it_could_not_undo(opened: Door) -> None:  # X10
    browser = await opened.signed_in("dora", "director")
    ids, gone = await people(opened, 2), await people(opened, 1, "erased")
    where = await removed(browser, ids=[*ids, *gone])
    await say(opened, c.RestoreContact(contact_id=ids[0]), c.EraseClient(client_id="erased"))
    text = await undone(browser, where)
    assert "1 contact is there again. 2 not undone: 1 – somebody changed it since; 1 – its data was erased." in text
    assert "Not undone 2 Person acme-0000 somebody changed it since" in text
    assert "a contact that you do not see its data was erased" in text
    assert await there(opened, [*ids, *gone]) == [True, True, False]


async def test_names_that_are_only_similar_are_never_all_that_match(opened: Door) -> None:  # S0.39
    browser = await opened.signed_in("dora", "director")
    await people(opened, 60)
    assert "Select all 60 that match" in (await browser.get(f"{LIST}?q=person")).text
    html = (await browser.get(f"{LIST}?q=persno")).text
    assert "Person acme-0000" in html
    assert "that match" not in text_of(html)


async def test_all_that_match_are_removed_also_on_other_pages(opened: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await opened.signed_in("dora", "director")
    ids, others = await people(opened, 230), await people(opened, 60, "bravo")
    html = (await browser.get(f"{LIST}?q=bravo")).text
    assert "Select all 60 that match" in text_of(html)
    await removed(browser, at=f"{LIST}?q=bravo", ids=others[:50], every="1")
    assert await there(opened, others) == [False] * 60
    assert all(await there(opened, ids))
    html = (await browser.get(f"{LIST}?q=acme")).text
    assert "that match" not in text_of(html), "a search finds too many"
    answer = await begun(browser, at=f"{LIST}?q=acme", ids=ids[:50], every="1")
    assert (answer.status_code, "finds too many contacts" in text_of(answer.text)) == (422, True)
    assert all(await there(opened, ids))
    assert "Select all 230 that match" in text_of((await browser.get(f"{LIST}?sort=-name")).text)
    going = held(opened, monkeypatch, after=100, of=(c.RemoveContact,))
    answer = await begun(browser, at=f"{LIST}?sort=-name", every="1")

    async def far() -> bool:
        return 'max="230" value="100"' in (await browser.get(LIST)).text

    await until(far)
    going.set()
    where = await over(browser, answer)
    assert not any(await there(opened, ids))
    assert "230 contacts removed." in await told(browser, where)


async def test_what_is_out_of_reach_is_skipped_and_told(opened: Door) -> None:  # P17
    me = await opened.employee("mia", "manager")
    browser = await opened.browser()
    await browser.sign_in("mia")
    mine, foreign = await people(opened, 1, "mine", owner_id=me), await people(opened, 1, "foreign")
    where = await removed(browser, ids=[*mine, *foreign, "guessed"])
    assert await there(opened, [*mine, *foreign]) == [False, True]
    text = await told(browser, where)
    assert "1 contact removed. 2 skipped: it is not there, or not yours to change." in text
    assert text.count("a contact that you do not see") == 2
    assert "Person foreign" not in text
    await say(opened, c.AssignClient(client_id="mine", owner_id=None))
    assert "1 contact is there again." in await undone(browser, where), "the act was by right, so its undo is"


@pytest.mark.parametrize(
    ("role", "rights", "offered"),
    [
        ("marketer", OwnRights(export=False), (False, False)),
        ("marketer", OwnRights(export=True), (False, True)),
        ("manager", OwnRights(export=False), (True, False)),
        ("director", OwnRights(), (True, True)),
    ],
)
async def test_only_what_one_may_is_offered(opened: Door, role: Any, rights: OwnRights, offered: Any) -> None:  # P17
    await opened.employee("who", role, rights)
    browser = await opened.browser()
    await browser.sign_in("who")
    me = next(id for id, each in opened.site.accounts.entry.known.accounts.items() if each.login == "who")
    ids = await people(opened, 2, owner_id=me)
    html = (await browser.get(LIST)).text
    assert "Person acme-0000" in html
    assert ("bulk-remove" in html, '<form method="get" action="/contacts/export"' in html) == offered
    assert ("data-pick " in html) == any(offered)
    if not offered[0]:
        answer = await browser.send("/contacts/bulk", action="remove", ids=",".join(ids), key="k")
        assert answer.status_code == 403
        assert await there(opened, ids) == [True, True]


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"action": "archive"}, "Choose or type a value."),
        ({"ids": " ,"}, "Choose contacts in the list first."),
        ({"every": "1", "at": "?q=nobody-is-called-so"}, "Choose contacts in the list first."),
        ({"every": "1", "at": "?q=Persno"}, "Choose contacts in the list first."),  # similar names are never meant
    ],
)
async def test_a_form_that_makes_no_sense_removes_nothing(opened: Door, form: dict[str, str], why: str) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await people(opened, 2)
    head = await opened.engine.ports.store.head()
    given = {"action": "remove", "ids": ids[0], "key": "k", **form}
    answer = await browser.send(f"/contacts/bulk{given.pop('at', '')}", **given)
    assert (answer.status_code, why in text_of(answer.text)) == (422, True)
    assert await opened.engine.ports.store.head() == head


async def test_acts_of_one_list_are_not_told_in_the_other(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    ids = await people(opened, 1)
    where = await removed(browser, ids=ids)
    answer = await browser.send("/clients/bulk", action="tag", value="vip", ids="acme", key="k")
    assert answer.status_code == 303
    clients = await told(browser, "/clients?view=table")
    assert ("Tag added: vip" in clients, "contact removed" in clients) == (True, False)
    contacts = await told(browser, LIST)
    assert ("Tag added" in contacts, "1 contact removed." in contacts) == (False, True), "both can be undone"
    elsewhere = where.replace("/contacts/", "/clients/")
    assert (await browser.get(elsewhere)).status_code == 404
    for what in ("undo", "resume"):
        assert (await browser.send(f"{elsewhere}/{what}")).status_code == 404
    assert await there(opened, ids) == [False]
    answer = await browser.send(f"{where}/close?q=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/contacts?q=x")
    assert "contact removed" not in await told(browser, LIST)


async def test_a_restart_goes_on_and_removes_nobody_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door(tmp_path) as first:
        browser = await first.signed_in("dora", "director")
        ids = await people(first, 6)
        held(first, monkeypatch, after=3, of=(c.RemoveContact,))
        assert (await begun(browser, ids=ids)).status_code == 303
        assert await there(first, ids) == [False] * 3 + [True] * 3
    monkeypatch.undo()
    async with door(tmp_path) as second:
        browser = await second.browser()
        await browser.sign_in("dora")

        async def finished() -> bool:
            return "6 contacts removed." in await told(browser, LIST)

        await until(finished)
        for id in ids:
            events = await second.engine.ports.store.read(f"contact-{id}")
            assert [event.type.split(".")[1] for event in events] == ["ContactAdded", "ContactRemoved"]
        assert "Undo" not in await told(browser, "/clients?view=table")


async def test_chosen_contacts_are_taken_out_as_a_file(opened: Door) -> None:  # S1.15
    browser = await opened.signed_in("dora", "director")
    ids = await people(opened, 4)
    await say(opened, c.RemoveContact(contact_id=ids[3]))
    address = f"/contacts/export?sort=-name&ids={ids[2]},{ids[0]},{ids[3]},guessed"
    form = (await browser.get(address)).text
    assert "Chosen in the list · Contacts: 2" in text_of(form)
    action = re.search(r'<form class="form card pad" method="post" action="([^"]+)"', form)
    assert action is not None
    answer = await browser.send(unescape(action[1]), key="k", format="csv", separator="comma")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Name"] for row in rows] == ["Person acme-0002", "Person acme-0000"]
    assert {row["Company"] for row in rows} == {"Acme"}
    (event,) = await opened.engine.ports.store.read_types(frozenset({"gateway.DataExported.v1"}), 0, 10)
    exported = opened.engine.codec.decode(event)
    assert (exported.count, exported.filters) == (2, ["chosen"])
    whole = await browser.send("/contacts/export?ids=", key="k2", format="csv", separator="comma")
    assert whole.text.count("Person acme") == 3
