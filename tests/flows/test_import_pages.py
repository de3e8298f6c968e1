"""A list is imported by pages alone: chosen, matched, looked at, taken in, taken back (#5, ADR 0026)."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from starlette.datastructures import UploadFile

from contracts.clients.import_events import TableImportBegun
from services.importer.desk.desk import IMPORTS
from services.importer.sheets import run
from services.kit.web import uploads
from tests.flows.test_api_page import text_of
from tests.support.app import running
from tests.support.door import Browser, Door, door
from tests.support.staff import bearer
from tests.support.tables import Desk as Tables
from tests.unit.sheets.test_reading import BOMB, SHEET, SMALL, WIDE, with_part

LIST = (
    "Назва;Тел.;Пошта;Щось\n"
    "ТОВ «Ґанок»;044 123 45 67;a@ganok.example;перша\n"
    "Бета;12;не пошта;\n"
    ";;;загублена\n"
    "Ще Ґанок;+380441234567;;\n"
    '"=HYPERLINK(""x"")";нема;;\n'
).encode("cp1251")
PEOPLE = b"Name;E-mail\nAnn;ann@x.example\nBob;bob@x.example\n"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as found:
        yield found


async def sent(browser: Browser, content: bytes, name: str = "list.csv", kind: str = "clients") -> str:
    """Send a file that is good; return the address of its page."""
    answer = await browser.upload("/clients/import", name, content, kind=kind)
    assert answer.status_code == 303, text_of(answer.text)
    return str(answer.headers["location"])


async def page(browser: Browser, path: str, status: int = 200) -> str:
    answer = await browser.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 90.0) -> None:
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


async def over(browser: Browser, where: str) -> str:
    """Wait as a page does until nothing goes on any more; return the page as it is then."""

    async def done() -> bool:
        return "hx-refresh" in (await browser.get(f"{where}/state")).headers

    await until(done)
    return text_of(await page(browser, where))


async def taken(browser: Browser, where: str, **form: str) -> str:
    answer = await browser.send(f"{where}/take", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    return await over(browser, where)


async def names(opened: Door) -> list[str]:
    group = await opened.engine.serving("clients")
    assert await opened.engine.settle()
    async with opened.engine.reading() as reader:
        rows = (await reader.find(group, "clients", limit=1000)).rows
    return sorted(row.document.name for row in rows if row.document.archived_at is None)


def kept(tmp_path: Path) -> list[str]:
    """Names of all that is kept of files on their way."""
    return sorted(path.name for path in (tmp_path / IMPORTS).rglob("*") if path.is_file())


# ---------------------------------------------------------------- the whole way


async def test_a_list_is_imported_and_the_import_undone(opened: Door, tmp_path: Path) -> None:
    browser = await opened.signed_in("dora", "director")
    assert 'href="/clients/import"' in await page(browser, "/clients")
    where = await sent(browser, LIST)
    shown = await page(browser, where)
    assert '<option value="name" selected>' in shown
    assert "044 123 45 67 is no phone number" in text_of(shown)  # the workspace of UTC has no country
    again = await browser.send(f"{where}/match", kind="clients", duplicates="skip", country="UA")
    assert again.status_code == 303
    shown = await page(browser, where)
    wrong = re.findall(r'<td class="is-wrong">(.*?)</td>', shown, re.DOTALL)
    assert [text_of(cell).split()[:2] for cell in wrong] == [
        ["12", "12"],
        ["не", "пошта"],
        ["the", "name"],
        ["нема"] * 2,
    ]
    totals = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", shown)
    assert totals == [("Rows", "5"), ("To create", "1"), ("To update", "0"), ("To skip", "1"), ("Refused", "3")]
    assert "the phone of row 2" in text_of(shown)
    assert await names(opened) == []

    text = await taken(browser, where)
    assert "imported Created 1 Updated 0 Skipped 1 Refused 3" in text
    assert await names(opened) == ["ТОВ «Ґанок»"]
    listed = await browser.get(f"{where}/refused.csv")
    assert "refused-rows.csv" in listed.headers["content-disposition"]
    lines = listed.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Назва,Тел.,Пошта,Щось,Row,Reason"
    assert lines[1].startswith("Бета,12,не пошта,,3,")
    assert lines[3].startswith('"\'=HYPERLINK(""x"")",нема')
    assert kept(tmp_path) == ["job.json", "refused.csv"], "the file itself is gone"

    assert (await browser.send(f"{where}/undo")).status_code == 303
    assert "undone Undone 1 Left as they are 0" in await over(browser, where)
    assert await names(opened) == []
    assert (await browser.send(f"{where}/undo")).status_code == 422
    past = text_of(await page(browser, "/clients/import"))
    assert re.search(r"list\.csv undone Clients · Dora · \S+ \S+ Undone: 1 · Left as they are: 0", past)


async def test_columns_are_matched_by_hand_and_what_is_shown_is_taken(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    where = await sent(browser, b"Who;Where\nAnn;Lviv\nBob;Kyiv\n")
    shown = await page(browser, where)
    assert "no column is known as the name of clients" in text_of(shown)
    assert "disabled" in re.search(r'<button class="btn btn-primary"[^>]*>', shown)[0]  # type: ignore[index]
    refused = await browser.send(f"{where}/take")
    assert (refused.status_code, "no column is known" in refused.text) == (422, True)
    columns = {"column-0": "name", "column-1": "city"}
    part = await browser.send(f"{where}/match", headers={"hx-request": "true"}, **columns)
    assert part.text.lstrip().startswith("<form")
    assert "Ann" in part.text
    both = await browser.send(f"{where}/match", headers={"hx-request": "true"}, **{**columns, "column-1": "name"})
    assert "two columns are matched to one field" in both.text
    assert "Created 2" in await taken(browser, where, **columns)
    group = await opened.engine.serving("clients")
    async with opened.engine.reading() as reader:
        found = (await reader.find(group, "clients")).rows
    assert sorted((row.document.name, row.document.city) for row in found) == [("Ann", "Lviv"), ("Bob", "Kyiv")]


async def test_contacts_and_notes_and_another_kind_of_rows(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    await taken(browser, await sent(browser, PEOPLE))
    where = await sent(browser, b"Client;Note\nAnn;called\nNobody;x\n", kind="notes")
    assert "Created 1 Updated 0 Skipped 0 Refused 1" in await taken(browser, where)
    where = await sent(browser, b"Company;Contact name\nBob;Eve\n", kind="clients")
    columns = {"column-0": "name", "column-1": "contact"}  # as the form has them while rows are clients
    assert (await browser.send(f"{where}/match", kind="contacts", **columns)).status_code == 303
    shown = await page(browser, where)
    assert re.findall(r'<option value="(\w+)" selected>', shown)[:1] == ["contacts"]
    assert re.findall(r'<option value="(\w+)" selected>', shown)[-2:] == ["client", "name"]
    assert "Created 1" in await taken(browser, where, kind="contacts")


async def test_duplicates_are_updated_and_an_undo_tells_what_it_left(opened: Door) -> None:
    browser = await opened.signed_in("dora", "director")
    await taken(browser, await sent(browser, PEOPLE))
    where = await sent(browser, b"Name;E-mail;City\nAnna;ann@x.example;Lviv\nZoe;zoe@x.example;Kyiv\n")
    assert "To update 1" in text_of(
        (await browser.send(f"{where}/match", headers={"hx-request": "true"}, duplicates="update")).text
    )
    assert "Created 1 Updated 1" in await taken(browser, where)
    group = await opened.engine.serving("clients")
    async with opened.engine.reading() as reader:
        rows = (await reader.find(group, "clients")).rows
    zoe = next(row.document.client_id for row in rows if row.document.name == "Zoe")
    assert (await browser.send(f"/clients/{zoe}/notes", text="called", key="n1")).status_code == 303
    await browser.send(f"{where}/undo")
    assert "Undone 1 Left as they are 1" in await over(browser, where)
    text = text_of(await page(browser, where))
    assert "Zoe row 3 it has a note of somebody else" in text
    assert await names(opened) == ["Ann", "Bob", "Zoe"]


async def test_a_workbook_of_several_sheets(opened: Door) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for sheet, who in ((book.active, "Ann"), (book.create_sheet("Друга"), "Bob")):
        sheet.append(["Name"])
        sheet.append([who])
    book.save(out)
    browser = await opened.signed_in("dora", "director")
    where = await sent(browser, out.getvalue(), "two.xlsx")
    assert "Ann" in await page(browser, where)
    await browser.send(f"{where}/match", sheet="Друга")
    shown = await page(browser, where)
    assert ("Bob" in shown, "Ann" in shown) == (True, False)
    await browser.send(f"{where}/match", sheet="Третя")
    assert "it has no sheet" in await page(browser, where)
    await browser.send(f"{where}/match", sheet="Друга")
    await taken(browser, where)
    assert await names(opened) == ["Bob"]


async def test_a_file_is_thrown_away(opened: Door, tmp_path: Path) -> None:
    browser = await opened.signed_in("dora", "director")
    where = await sent(browser, PEOPLE)
    assert (await browser.send(f"{where}/drop")).headers["location"] == "/clients/import"
    assert kept(tmp_path) == []
    assert "No such import" in await page(browser, where, 404)
    for path in ("/clients/import/..%2F..%2Flog.sqlite", "/clients/import/nonsense/refused.csv"):
        assert (await browser.get(path)).status_code == 404


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB, "it unpacks to"),
        (with_part(SMALL, SHEET, WIDE), "it has more than 500 columns"),
        (with_part(SMALL, "xl/externalLinks/externalLink1.xml", "<externalLink/>"), "it takes values from other files"),
        (b"\xff\xfea", "it is no valid UTF-16"),
        (b"", "it is empty"),
    ],
)
async def test_a_file_that_is_no_good_is_refused_at_the_field(
    opened: Door, tmp_path: Path, content: bytes, words: str
) -> None:
    browser = await opened.signed_in("dora", "director")
    answer = await browser.upload("/clients/import", "<b>.xlsx", content, kind="notes")
    assert answer.status_code == 422
    assert re.search(r'id="field-file-error">.*&lt;b&gt;\.xlsx: ' + re.escape(words), answer.text, re.DOTALL)
    assert re.search(r'value="notes" checked', answer.text)
    assert kept(tmp_path) == []
    russian = {"accept-language": "ru"}
    told = await browser.http.post(
        "/clients/import",
        data={"csrf": await browser.csrf()},
        files={"file": ("b.xlsx", content)},
        headers=russian,
    )
    assert words not in told.text
    assert "b.xlsx: файл" in told.text or "b.xlsx: текст" in told.text or "b.xlsx: в файле" in told.text


async def test_a_file_that_is_too_large_names_the_limit(
    opened: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await opened.signed_in("dora", "director")
    csrf = await browser.csrf()
    monkeypatch.setattr(uploads, "MOST_BYTES", 300_000)
    stored, write = 0, UploadFile.write

    async def counted(file: UploadFile, data: bytes) -> None:
        nonlocal stored
        stored += len(data)
        await write(file, data)

    monkeypatch.setattr(UploadFile, "write", counted)
    for size in (300_001, 900_000, 3_000_000):
        monkeypatch.setattr(uploads, "_READ_ON_BYTES", 1_000_000)
        answer = await browser.upload("/clients/import", "big.csv", b"a" * size, csrf=csrf)
        assert answer.status_code == 422
        assert "the file is larger than 50 MB" in answer.text
    assert stored <= 3 * 400_000, "what is too large is not even stored for a while"
    assert kept(tmp_path) == []
    nothing = await browser.http.post("/clients/import", data={"csrf": csrf}, files={"file": ("", b"")})
    assert (nothing.status_code, "choose a file first" in nothing.text) == (422, True)
    broken = await browser.http.post(
        "/clients/import", content=b"--x", headers={"content-type": "multipart/form-data", "x-csrf-token": csrf}
    )
    assert broken.status_code == 400


async def test_names_of_files_are_no_paths(opened: Door, tmp_path: Path) -> None:
    browser = await opened.signed_in("dora", "director")
    where = await sent(browser, PEOPLE, "..\\..\\../../etc/<i>pass\x07wd</i>.csv")
    assert '<h1 dir="auto">i&gt;.csv</h1>' in await page(browser, where)
    assert kept(tmp_path) == ["file", "job.json"]


async def test_a_form_of_another_site_imports_nothing(opened: Door, tmp_path: Path) -> None:  # TORTURE S6
    browser = await opened.signed_in("dora", "director")
    for csrf in ("", "0" * 64):
        assert (await browser.upload("/clients/import", "a.csv", PEOPLE, csrf=csrf)).status_code == 403
    assert kept(tmp_path) == []
    where = await sent(browser, PEOPLE)
    for what in ("match", "take", "undo", "drop"):
        assert (await browser.send(f"{where}/{what}", csrf="0" * 64)).status_code == 403
    assert await names(opened) == []


async def test_who_may_not_import_gets_no_link_and_no_page(opened: Door) -> None:  # P17
    director = await opened.signed_in("dora", "director")
    where = await sent(director, PEOPLE)
    for login, role in (("mia", "manager"), ("kim", "marketer")):
        browser = await opened.signed_in(login, role)  # type: ignore[arg-type]
        assert "/clients/import" not in await page(browser, "/clients")
        for path in ("/clients/import", where, f"{where}/state", f"{where}/refused.csv"):
            assert (await browser.get(path)).status_code == 403
        assert (await browser.upload("/clients/import", "a.csv", PEOPLE)).status_code == 403
        assert (await browser.send(f"{where}/take")).status_code == 403
    assert await names(opened) == []


async def test_where_no_file_can_be_taken_in_a_command_is_named(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        shown = await app.http.get("/clients/import")
        assert (shown.status_code, "voronka import-table FILE --profile distributed" in shown.text) == (200, True)
        assert (await app.http.post("/clients/import")).status_code == 501
        assert (await app.http.get("/clients/import", headers=bearer("manager:m"))).status_code == 403


# ---------------------------------------------------------------- going on


async def test_one_import_at_a_time_is_seen_by_who_comes_back(opened: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await opened.signed_in("dora", "director")
    first, second = await sent(browser, PEOPLE), await sent(browser, b"Name\nZoe\n", "other.csv")
    store, gate = opened.engine.ports.store, asyncio.Event()
    whole = store.append_many

    async def slow(appends: Any) -> Any:
        await gate.wait()
        return await whole(appends)

    monkeypatch.setattr(store, "append_many", slow)
    assert (await browser.send(f"{first}/take")).status_code == 303

    async def storing() -> bool:
        return "Importing" in (await browser.get(f"{first}/state")).text

    await until(storing)
    assert "0 of 2" in text_of((await browser.get(f"{first}/state")).text)
    assert 'hx-trigger="every 1s"' in await page(browser, first)
    assert "going on" in text_of(await page(browser, "/clients/import"))
    assert (await browser.send(f"{first}/take")).status_code == 303, "a second click begins nothing"
    assert "Another import is going on." in text_of(await page(browser, second))
    refused = await browser.send(f"{second}/take")
    assert (refused.status_code, "another import is going on" in refused.text) == (422, True)
    gate.set()
    assert "Created 2" in await over(browser, first)
    assert "Created 1" in await taken(browser, second)
    assert await names(opened) == ["Ann", "Bob", "Zoe"]


async def test_an_import_that_a_restart_cut_short_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_BATCH", 5)
    rows = "Name;Note\n" + "".join(f"Client {n};note {n}\n" for n in range(300))
    async with door(tmp_path) as opened:
        browser = await opened.signed_in("dora", "director")
        where = await sent(browser, rows.encode())
        store, calls = opened.engine.ports.store, 0
        whole = store.append_many

        async def slow(appends: Any) -> Any:
            nonlocal calls
            calls += 1
            await asyncio.sleep(0.05)
            return await whole(appends)

        monkeypatch.setattr(store, "append_many", slow)
        await browser.send(f"{where}/take")

        async def begun() -> bool:
            return calls > 4

        await until(begun)
    assert kept(tmp_path) == ["file", "job.json"]
    async with door(tmp_path) as opened:
        browser = await opened.browser()
        await browser.sign_in("dora")
        assert 0 < len(await names(opened)) < 300
        assert "interrupted" in text_of(await page(browser, "/clients/import"))
        assert "Go on" in await page(browser, where)
        assert "Created 300 Updated 0 Skipped 0 Refused 0" in await taken(browser, where)
        assert len(await names(opened)) == 300
        assert kept(tmp_path) == ["job.json"]
        await browser.send(f"{where}/undo")
        assert "Undone 600" in await over(browser, where)


async def test_an_import_that_failed_says_so_and_goes_on(opened: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await opened.signed_in("dora", "director")
    where = await sent(browser, PEOPLE)

    async def broken(_: Any) -> Any:
        raise OSError("power")

    with monkeypatch.context() as patched:
        patched.setattr(opened.engine.ports.store, "append_many", broken)
        text = await taken(browser, where)
    assert "something went wrong here" in text
    assert "The import was interrupted." in text
    assert opened.engine.failure is None, "the workspace is served on"
    assert "Created 2" in await taken(browser, where)


async def test_imports_of_the_command_line_are_listed_and_undone(opened: Door, tmp_path: Path) -> None:
    report = await Tables(opened.engine, tmp_path).take("Name\nFrom a command\n")
    browser = await opened.signed_in("dora", "director")
    past = text_of(await page(browser, "/clients/import"))
    assert re.search(r"list\.csv imported Clients · ann · \S+ \S+ Created: 1 · Updated: 0", past)
    where = f"/clients/import/{report.import_id}"
    assert "Undo the whole import" in await page(browser, where)
    await browser.send(f"{where}/undo")
    assert "undone Undone 1" in await over(browser, where)
    assert await names(opened) == []
    assert len(re.findall("list.csv", text_of(await page(browser, "/clients/import")))) == 1


async def test_what_the_command_line_undid_is_undone_on_the_pages(opened: Door, tmp_path: Path) -> None:
    tables = Tables(opened.engine, tmp_path)
    browser = await opened.signed_in("dora", "director")
    where = await sent(browser, PEOPLE)
    await taken(browser, where)
    begun = await opened.engine.ports.store.read_types(frozenset({TableImportBegun.type}), 0, 10)
    await tables.undo(begun[0].key.removeprefix("table-import-"))
    other = await tables.take("Name\nFrom a command\n")
    await tables.undo(other.import_id)
    assert "undone Undone 2" in text_of(await page(browser, where))
    past = text_of(await page(browser, "/clients/import"))
    assert (past.count(" undone "), past.count("Undone: ")) == (2, 2)
    assert (await browser.send(f"{where}/undo")).status_code == 422
