"""Mentions from end to end: written in a form, told by the bell, read and taken back; never shown to who may not see
the client (#5, P17)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.commands import AssignClient, EraseClient, RegisterClient
from contracts.gateway.commands import ChangeEmployee
from services.kit import clock
from services.kit.handle import Meta
from tests.flows.test_api_page import text_of
from tests.support.door import PASSWORD, Browser, Door, door
from tests.support.patience import PATIENCE
from tests.support.workspaces import differences


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as found:
        yield found


class Office:
    """Dora, a director; Mia and Max, managers of their own clients; Acme is Mia's."""

    def __init__(self, opened: Door) -> None:
        self.door, self.ids, self.browsers = opened, dict[str, str](), dict[str, Browser]()

    async def open(self) -> Office:
        for login, role in (("dora", "director"), ("mia", "manager"), ("max", "manager")):
            self.ids[login] = await self.door.employee(login, role)  # type: ignore[arg-type]
            self.browsers[login] = await self.door.browser()
            await self.browsers[login].sign_in(login)
        await self.do(RegisterClient(client_id="acme", name="Acme <b>", owner_id=self.ids["mia"]))
        return self

    async def do(self, command: Any) -> None:
        await self.door.engine.send(command, Meta("system", clock.new_id()))
        assert await self.door.engine.settle(PATIENCE)

    async def note(self, who: str, text: str, mentions: str = "", status: int = 303) -> str:
        """Add a note to Acme; return its id, or the page that says why not."""
        form = {"text": text, "mentions": mentions, "key": clock.new_id()}
        answer = await self.browsers[who].send("/clients/acme/notes", **form)
        assert answer.status_code == status, text_of(answer.text)
        if status != 303:
            return str(answer.text)
        page = (await self.browsers[who].get(answer.headers["location"])).text
        assert await self.door.engine.settle(PATIENCE)
        ids: list[str] = re.findall(r'id="note-([^"]+)"', page)
        return ids[0]

    async def bell(self, who: str) -> tuple[int, list[str]]:
        """How many are unread, and the list."""
        html = (await self.browsers[who].get("/bell")).text
        unread = re.search(r'data-unread="(\d+)"', html)
        assert unread is not None
        return int(unread[1]), [
            unescape(text_of(each)).strip() for each in re.findall(r'<a class="news-entry.*?</a>', html, re.DOTALL)
        ]


@pytest.fixture
async def office(opened: Door) -> Office:
    return await Office(opened).open()


async def test_at_offers_those_who_may_see_the_client(office: Office) -> None:  # P17
    async def offered(who: str, query: str = "client=acme") -> list[str]:
        html = (await office.browsers[who].get(f"/options/mentions?{query}")).text
        return re.findall(r'data-shown="([^"]+)"', html)

    assert await offered("dora") == ["Mia"], "not oneself, and not Max, whose client it is not"
    assert await offered("mia") == ["Dora"]
    assert await offered("dora", "client=acme&q=MI") == ["Mia"]
    assert await offered("dora", "client=acme&q=ia") == []
    assert await offered("dora", f"owner={office.ids['max']}") == ["Max"], "a client that is to be made"
    assert await offered("max") == [], "of a client that one does not see it tells nothing"
    assert await offered("dora", "client=%00") == []


async def test_a_mention_is_kept_by_id_sealed_and_shown_with_the_present_name(office: Office) -> None:
    note = await office.note("dora", "Call them, @Mia!", f"0:{office.ids['mia']}")
    (event,) = await office.door.engine.ports.store.read(f"note-{note}")
    assert office.ids["mia"].encode() not in event.data, "sealed with the text"
    await office.do(ChangeEmployee(employee_id=office.ids["mia"], name="Mia Nowak"))
    page = (await office.browsers["mia"].get("/clients/acme")).text
    assert '<span class="note-mention is-me">@Mia Nowak</span>' in page
    assert "is-me" not in (await office.browsers["dora"].get("/clients/acme")).text
    assert "Call them, @Mia Nowak!" in text_of((await office.browsers["dora"].get("/clients")).text)
    stored = (await office.browsers["dora"].get(f"/api/v1/notes/{note}")).json()["item"]
    assert (stored["text"], stored["mentions"]) == (
        "Call them, @Mia!",
        [{"employee_id": office.ids["mia"], "start": 11, "length": 4}],
    )


async def test_an_edited_note_keeps_its_mentions_and_what_is_not_touched_is_no_change(office: Office) -> None:
    note = await office.note("dora", "Call them, @Mia!\r\nSoon.")
    await office.do(ChangeEmployee(employee_id=office.ids["mia"], name="Mia Nowak"))
    browser, stream = office.browsers["dora"], f"note-{note}"
    form = (await browser.get(f"/notes/{note}")).text
    assert "Call them, @Mia Nowak!" in form
    said = f"0:{office.ids['mia']}"
    assert f'name="mentions" value="{said}"' in form
    same = await browser.send(f"/notes/{note}/save", text="Call them, @Mia Nowak!\r\nSoon.", mentions=said)
    assert same.status_code == 303
    assert len(await office.door.engine.ports.store.read(stream)) == 1
    await browser.send(f"/notes/{note}/save", text="Today: @Mia Nowak!", mentions=said)
    assert await office.door.engine.settle(PATIENCE)
    item = (await browser.get(f"/api/v1/notes/{note}")).json()["item"]
    assert (item["text"], item["mentions"][0]["start"]) == ("Today: @Mia Nowak!", 7)
    assert (await office.bell("mia"))[0] == 1, "no second bell for the same note"
    await browser.send(f"/notes/{note}/save", text="Today", mentions=said)
    assert await office.door.engine.settle(PATIENCE)
    assert await office.bell("mia") == (0, [])


async def test_whom_it_would_not_reach_is_said_before_anything_is_saved(office: Office) -> None:
    head = await office.door.engine.ports.store.head()
    page = await office.note("dora", "Look, @Max", status=422)
    assert "Max may not see this client and would not be told; write the name without @" in text_of(page)
    assert "Look, @Max</textarea>" in page, "what was typed is there"
    new = {"kind": "company", "name": "Nord", "status": "potential", "discount": "0", "key": "k"}
    answer = await office.browsers["mia"].send("/clients/new", **new, note="@Max?", owner_id=office.ids["mia"])
    assert (answer.status_code, "Max may not see this client" in answer.text) == (422, True)
    assert await office.door.engine.ports.store.head() == head, "no client without its note either"
    done = await office.browsers["dora"].send("/clients/new", **new, note="@Max?", owner_id=office.ids["max"])
    assert done.status_code == 303
    assert await office.door.engine.settle(PATIENCE)
    unread, (entry,) = await office.bell("max")
    assert (unread, "Dora mentioned you · Nord" in entry) == (1, True)


async def test_the_bell_tells_who_where_what_and_when_newest_first(office: Office) -> None:
    assert await office.bell("mia") == (0, [])
    assert "Nothing new" in (await office.browsers["mia"].get("/bell")).text
    await office.note("dora", "First @Mia <i>\nsecond line")
    newer = await office.note("dora", "Then @Mia")
    await office.note("mia", "To myself: @Mia")
    unread, entries = await office.bell("mia")
    assert unread == 2
    assert [re.sub(r" · unread| \d+ seconds? ago| now", "", each) for each in entries] == [
        "Dora mentioned you · Acme <b> Then @Mia",
        "Dora mentioned you · Acme <b> First @Mia <i>",
    ]
    html = (await office.browsers["mia"].get("/bell")).text
    assert "<i>" not in html
    assert f'href="/clients/acme?note={newer}#note-{newer}"' in html
    palette = text_of((await office.browsers["mia"].get("/palette")).text)
    assert "Mentions of you Dora mentioned you · Acme <b>" in unescape(palette)
    assert (await office.bell("dora"), await office.bell("max")) == ((0, []), (0, []))


async def test_it_is_opened_at_its_note_and_read_then(office: Office) -> None:
    old = await office.note("dora", "Old @Mia")
    for number in range(12):
        await office.note("dora", f"Plain {number}")
    browser = office.browsers["mia"]
    plain = (await browser.get("/clients/acme")).text
    assert f'id="note-{old}"' not in plain, "it is not among the first"
    page = (await browser.get(f"/clients/acme?note={old}")).text
    assert re.findall(r'id="note-([^"]+)"', page)[0] == old
    assert (await office.bell("mia"))[0] == 1, "a page that is fetched changes nothing"
    sends = re.search(r'<form hidden hx-post="(/bell/[^"]+)" hx-trigger="load"', page)
    assert sends is not None
    for _ in range(2):
        assert (await browser.send(sends[1], key="k")).status_code == 204
    assert await office.door.engine.settle(PATIENCE)
    assert (await office.bell("mia"))[0] == 0
    assert len((await office.bell("mia"))[1]) == 1, "read ones stay in the list"
    others = (await office.browsers["dora"].get(f"/clients/acme?note={old}")).text
    assert "/bell/" not in re.sub(r'data-bell="/bell"', "", others)
    assert (await office.browsers["dora"].send(f"/bell/{old}/read", key="k")).status_code == 204
    assert await office.door.engine.settle(PATIENCE)
    gone = text_of((await browser.get("/clients/acme?note=never")).text)
    assert "The note you look for is not there any more." in gone


async def test_all_are_marked_as_read_and_that_is_taken_back(office: Office) -> None:
    for number in range(3):
        await office.note("dora", f"{number} @Mia")
    browser = office.browsers["mia"]
    answer = await browser.send("/bell/read", headers={"hx-request": "true"}, key="k")
    assert 'data-unread="0"' in answer.text
    assert "3 marked as read Undo" in text_of(answer.text)
    notes = re.search(r'name="notes" value="([^"]+)"', answer.text)
    assert notes is not None
    assert len(notes[1].split()) == 3
    answer = await browser.send("/bell/unread", headers={"hx-request": "true"}, key="u", notes=f"{notes[1]} no! never")
    assert 'data-unread="3"' in answer.text
    assert (await browser.send("/bell/read", key="n")).status_code == 303
    assert await office.door.engine.settle(PATIENCE)
    nothing = await browser.send("/bell/read", headers={"hx-request": "true"}, key="o")
    assert "marked as read" not in text_of(nothing.text)
    assert await differences(office.door.engine) == ([], [])


async def test_what_one_may_not_see_any_more_is_not_told(office: Office) -> None:  # P17, P12, X10
    note = await office.note("dora", "Secret @Mia")
    assert (await office.bell("mia"))[0] == 1
    await office.do(AssignClient(client_id="acme", owner_id=office.ids["max"]))
    assert await office.bell("mia") == (0, [])
    answer = await office.browsers["mia"].send("/bell/read", headers={"hx-request": "true"}, key="k")
    assert "Secret" not in answer.text
    await office.do(AssignClient(client_id="acme", owner_id=office.ids["mia"]))
    assert (await office.bell("mia"))[0] == 1
    await office.browsers["dora"].send(f"/notes/{note}/remove")
    assert await office.door.engine.settle(PATIENCE)
    assert await office.bell("mia") == (0, [])
    await office.browsers["dora"].send(f"/notes/{note}/restore")
    assert await office.door.engine.settle(PATIENCE)
    assert (await office.bell("mia"))[0] == 1
    await office.do(EraseClient(client_id="acme"))
    assert await office.bell("mia") == (0, [])
    assert await differences(office.door.engine) == ([], [])


async def test_the_api_lists_and_marks(office: Office) -> None:
    note = await office.note("dora", "Call @Mia\nnow")
    await office.note("dora", "And @Mia again")
    browser = office.browsers["mia"]

    async def listed(query: str = "") -> Any:
        return (await browser.get(f"/api/v1/mentions{query}")).json()

    page = await listed("?unread=true&count=true&limit=1")
    assert (page["total"], len(page["items"])) == (2, 1)
    (second,) = (await listed(f"?unread=true&limit=1&cursor={page['next']}"))["items"]
    at, by = second.pop("at"), office.ids["dora"]
    assert isinstance(at, int)
    assert second == {
        "note_id": note, "client_id": "acme", "client_name": "Acme <b>", "by": by, "read_at": None, "priority": "none",
        "line": "Call @Mia", "mentions": [{"employee_id": office.ids["mia"], "start": 5, "length": 4}],
    }  # fmt: skip
    headers = {"authorization": f"Bearer {await _token(browser)}", "idempotency-key": "k"}
    done = await browser.http.post(f"/api/v1/mentions/{note}/read", headers=headers)
    assert done.status_code == 200, done.text
    left = await listed(f"?unread=true&count=true&after={done.json()['token']}")
    assert left["total"] == 1
    back = await browser.http.post(f"/api/v1/mentions/{note}/unread", headers=headers)
    assert (await listed(f"?unread=true&count=true&after={back.json()['token']}"))["total"] == 2
    wrong = await browser.http.post("/api/v1/mentions/never/read", headers=headers)
    assert (wrong.status_code, wrong.json()["detail"]) == (404, "there is no note never that mentions you")
    notes = {"client_id": "acme", "text": "hi @Max"}
    for start, why in ((3, "Max may not see this client"), (2, "begins with @")):
        body = notes | {
            "mentions": [{"employee_id": office.ids["max" if start == 3 else "dora"], "start": start, "length": 4}]
        }
        refused = await browser.http.post("/api/v1/notes", json=body, headers=headers | {"idempotency-key": str(start)})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "mentions")
        assert why in refused.json()["detail"]


async def _token(browser: Browser) -> str:
    """Make a token for programs."""
    form = {"name": "t", "days": "30", "scope-read": "on", "scope-write": "on", "present": PASSWORD}
    answer = await browser.send("/profile/tokens", **form)
    found = re.search(r"<code[^>]*>(vk\.[^<]+)</code>", answer.text)
    assert found is not None, text_of(answer.text)
    return found[1]
