"""Erasing a client: its plain text is in no file any more, totals stay, a rebuild works, nothing brings a key back
(R17, X10, #3)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from contracts.clients import commands as clients
from contracts.clients.events import NoteAdded
from contracts.envelope import RecordedEvent
from contracts.ids import derived_id, imported_id
from contracts.pipeline import commands as pipeline
from contracts.pipeline.commands import LineSpec
from contracts.problem import Refusal
from services.cli.metrics import present_tables
from services.importer.run import import_bundle
from services.kit.codec import Erased
from services.kit.engine import Engine
from services.kit.handle import Effect
from tests.support.bundles import NOW, small, write
from tests.support.company import Company
from tests.support.workspaces import Numbers, differences, present, rebuilt, settled, within

PERSON = derived_id("client", "lead")
"""The client that a lead is converted to."""
IMPORTED = imported_id("small", "customers", "ѪБWZ-7719")
WORDS: dict[str, str] = {}
"""What was written somewhere → the personal words."""


def word(place: str, text: str) -> str:
    """Note personal words; every one of them is rare enough to be found by three letters."""
    WORDS[place] = text
    return text


LEAD = {
    "name": word("lead name", "Ѯения Ѱиловская"),
    "company": word("lead company", "Ѵижица Ѯресурс"),
    "phone": word("lead phone", "+380977719001"),
    "email": word("lead email", "xqzlead@kvitka.test"),
    "message": word("lead message", "Зателефонуйте Ѫжеві про qzxпральню"),
}
DETAILS: dict[str, Any] = {
    "name": word("name", "Ѫжевика Ѯаверий"),
    "tax_id": word("tax id", "77190045QZX"),
    "email": word("email", "zqxowner@ѯаверий.test"),
    "phones": [word("phone", "+380977719002"), word("second phone", "+380977719003")],
    "address": word("address", "вул. Ѱалтирна 77/19, Ѫломия"),
    "birthday": word("birthday", "1919-07-19"),
    "links": [word("link", "https://zqx.test/Ѯлинк")],
}
NEW_DETAILS = DETAILS | {
    "name": word("new name", "Ѵеликий Ѯонтракт"),
    "address": word("new address", "Ѯарківська 7719"),
}
CONTACT: dict[str, Any] = {
    "name": word("contact name", "Ѱеларгонія Ѯвєтова"),
    "position": word("contact position", "Ѯачальниця zqxцеху"),
    "phones": [word("contact phone", "+380977719004")],
    "email": word("contact email", "zqxcontact@kvitka.test"),
    "telegram": word("contact telegram", "@zqx_ѱелар"),
    "birthday": word("contact birthday", "1919-08-20"),
}
NEW_CONTACT = CONTACT | {"name": word("new contact name", "Ѯонтактна Ѵдова"), "email": None}
GONE_CONTACT = word("removed contact", "Ѵилучений Ѱаломник")
NOTE = word("note", "Ѯотатка: просила дзвонити після 10, пароль qzxкалина")
EDITED = word("edited note", "Ѵиправлена Ѯотатка про zqxборг")
REMOVED = word("removed note", "Ѱрихована Ѵотатка qzx")
LOST = word("lost reason", "Ѱереїхала до Ѫдеси zqx")
TITLE = word("deal title", "Ѱродаж для Ѯении zqxтитул")
REASON = word("reversal reason", "Ѵідмовилась Ѱлатити zqx")
CUSTOMER = word("imported customer", "ѪБWZ-7719")
COMPANY = word("imported name", "Ѯонсорціум Ѱелікан")
MAIL = word("imported email", "zqxmail@ѱелікан.test")
PHONE = word("imported phone", "+380977719005")
DEAL = word("imported deal", "ѰУГОДА-7719")
ORDER = word("imported order", "ѮАМОВЛЕННЯ-7719")
PAYMENT = word("imported payment", "ѪПЛАТА-7719")
NOTE_ID = word("imported note id", "ѴОТАТКА-7719")
SAID = word("imported note", "Ѱередзвонити Ѯонсорціуму\nпісля zqxобіду")
FLIGHT = [word(f"note in flight {n}", f"Ѵ польоті {n} ѪжѮ zqxлист") for n in range(12)]
KEPT = "Залишається жити"
"""The name of another client, who is not erased."""


def forms(text: str) -> set[bytes]:
    """How words may lie in a file: as they are, in other cases, UTF-16, escaped in JSON, and the trigrams of search."""
    shown = {text, text.casefold(), text.lower(), text.upper(), text.title(), text.replace("\n", "\\n")}
    found = {form.encode(coding) for form in shown for coding in ("utf-8", "utf-16-le", "utf-16-be")}
    found |= {form.encode("unicode_escape") for form in shown if not form.isascii()}
    rare = set("ѫѯѱѵ")
    folded = text.casefold()
    found |= {
        folded[at : at + 3].encode() for at in range(len(folded) - 2) if len(rare & set(folded[at : at + 3])) >= 1
    }
    return {form for form in found if len(form) >= 4}


def files(data: Path) -> dict[str, bytes]:
    return {str(file.relative_to(data)): file.read_bytes() for file in sorted(data.rglob("*")) if file.is_file()}


def seen(data: Path, words: dict[str, str]) -> dict[str, list[str]]:
    """Return in which files each of the words is, in any form."""
    content = files(data)
    found: dict[str, list[str]] = {}
    for place, text in words.items():
        where = [name for name, raw in content.items() if any(form in raw for form in forms(text))]
        if where:
            found[place] = where
    return found


def bundle(folder: Path) -> Path:
    """The small bundle, whose first customer is a person with rare words everywhere."""
    tables = small()
    renamed = {"C1": CUSTOMER, "D1": DEAL, "O1": ORDER, "Y1": PAYMENT, "N1": NOTE_ID}
    for rows in (rows for name, rows in tables.items() if name != "meta"):
        for row in rows:
            row |= {column: renamed[value] for column, value in row.items() if renamed.get(str(value))}
    tables["customers"][0] |= {"name": COMPANY, "email": MAIL, "phone": PHONE}
    tables["notes"][0] |= {"text": SAID}
    return write(folder, tables)


async def fill(running: Engine, folder: Path) -> Company:
    """A person from a lead and an imported one, with everything that can be said of them; and somebody else."""
    company = Company(running)
    send = company.send
    await company.reference()
    report = await import_bundle(
        bundle(folder), running.ports.store, running.ports.keyring, running.codec, source="small", now=NOW
    )
    assert report.errors == []
    running.handler.forget_all()
    await running.learn()
    await send(clients.RegisterClient(client_id="other", name=KEPT), "2026-06-01")
    await send(clients.AddNote(note_id="other-note", client_id="other", text=f"{KEPT} теж"))
    await send(clients.CaptureLead(lead_id="lead", **LEAD), "2026-06-01")
    await send(clients.ConvertLead(lead_id="lead", funnel_id="f"), "2026-06-02")
    await settled(running)
    for _ in range(500):
        if (await running.ports.store.read(f"client-{PERSON}")) and await running.ports.store.read(
            f"note-{derived_id('note', 'lead')}"
        ):
            break
        await asyncio.sleep(0.01)
    await send(clients.ChangeClientDetails(client_id=PERSON, **DETAILS))
    await send(clients.ChangeClientDetails(client_id=PERSON, **NEW_DETAILS))
    await send(clients.MarkClientLost(client_id=PERSON, reason=LOST))
    await send(clients.AddContact(contact_id="k1", client_id=PERSON, **CONTACT))
    await send(clients.ChangeContact(contact_id="k1", **NEW_CONTACT))
    await send(clients.AddContact(contact_id="k2", client_id=PERSON, name=GONE_CONTACT))
    await send(clients.RemoveContact(contact_id="k2"))
    await send(clients.AddNote(note_id="n1", client_id=PERSON, text=NOTE, priority="high"))
    await send(clients.EditNote(note_id="n1", text=EDITED))
    await send(clients.AddNote(note_id="n2", client_id=PERSON, text=REMOVED))
    await send(clients.RemoveNote(note_id="n2"))
    opened = pipeline.OpenDeal(deal_id="d1", client_id=PERSON, funnel_id="f", stage_id="W", value=5_000, title=TITLE)
    await send(opened)
    lines = [LineSpec(product_id="p1", quantity="2")]
    await send(pipeline.PlaceOrder(order_id="o1", client_id=PERSON, lines=lines))
    await send(pipeline.ReceivePayment(payment_id="y1", client_id=PERSON, order_id="o1", amount=7_000, currency="USD"))
    await send(pipeline.ReversePayment(payment_id="y1", reason=REASON))
    await settled(running)
    return company


async def erase(company: Company) -> None:
    for id in (PERSON, IMPORTED):
        await company.send(clients.EraseClient(client_id=id))
    await settled(company.engine)


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace before anybody is erased."""
    folder = tmp_path_factory.mktemp("living")

    async def work(running: Engine) -> None:
        await fill(running, folder / "bundle")

    asyncio.run(within(folder / "data", work))
    return folder / "data"


@pytest.fixture
def data(living: Path, tmp_path: Path) -> Path:
    return shutil.copytree(living, tmp_path / "data")


def keys(data: Path) -> tuple[set[str], set[str]]:
    """Return the subjects with a key, and the tombstones."""
    with sqlite3.connect(data / "keys.sqlite") as base:
        rows = base.execute("SELECT subject, slot IS NOT NULL FROM subjects").fetchall()
    base.close()
    return {subject for subject, kept in rows if kept}, {subject for subject, kept in rows if not kept}


STAY = {place: text for place, text in WORDS.items() if not place.startswith("note in flight")}
OVERWRITTEN = {
    "lead name", "lead phone", "lead email", "name", "address", "contact name", "contact email", "note", "lead company",
}  # fmt: skip
"""Words that later ones took the place of may be gone before."""


def test_no_personal_word_is_left_in_any_file(living: Path, data: Path) -> None:
    before = seen(living, STAY)
    assert set(before) >= set(STAY) - OVERWRITTEN - {"imported note id"}, "what is not there before proves nothing"

    async def work(running: Engine) -> None:
        await erase(Company(running, "eraser"))
        assert seen(data, STAY) == {}, "while the process runs, its WAL files too"

    asyncio.run(within(data, work))
    assert seen(data, STAY) == {}
    assert seen(data, {"somebody else": KEPT}) != {}, "who was not erased is still there"
    there, gone = keys(data)
    erased = {PERSON, IMPORTED, "k1", "k2", "lead"}
    assert erased <= gone
    assert not erased & there
    assert "other" in there


def plain(numbers: Numbers) -> Counter[str]:
    """The rows of all tables and the summary, in any order, with our ids in place of the names the source had."""
    tables, summary = numbers
    ids = {CUSTOMER: IMPORTED} | {
        name: imported_id("small", table, name)
        for table, name in (("deals", DEAL), ("orders", ORDER), ("payments", PAYMENT))
    }
    rows: Counter[str] = Counter()
    for name, table in tables.items():
        for row in table:
            rows[f"{name} {[(column, ids.get(value, value)) for column, value in row.items()]}"] += 1
    rows[repr({name: content for name, content in summary.items() if name != "as_of"})] += 1
    return rows


def test_totals_stay_and_a_rebuild_gives_the_same(data: Path) -> None:
    before = asyncio.run(present(data, NOW))

    async def work(running: Engine) -> tuple[Numbers, Any]:
        await erase(Company(running, "eraser"))
        return await present_tables(running, NOW), await differences(running)

    after, found = asyncio.run(within(data, work))
    assert found == ([], [])
    assert plain(after) == plain(before)
    assert len(before[0]["customers"]) >= 5
    documents = asyncio.run(within(data, kept))
    asyncio.run(rebuilt(data))
    assert asyncio.run(within(data, kept)) == documents
    assert plain(asyncio.run(present(data, NOW))) == plain(before)
    assert seen(data, STAY) == {}


async def kept(running: Engine) -> dict[str, dict[str, Any]]:
    """All documents of clients and pipeline."""
    await settled(running)
    found: dict[str, dict[str, Any]] = {}
    async with running.reading() as reader:
        for name in ("clients", "pipeline"):
            for collection in running.runners[name].projection.collections:
                page = await reader.find(await running.serving(name), collection.name, limit=500)
                found[collection.name] = {row.id: row.document for row in page.rows}
    assert found["clients"][PERSON].name == ""
    assert found["clients"]["other"].name == KEPT
    return found


def test_what_comes_after_an_erasure_is_refused_and_makes_no_key(data: Path) -> None:
    async def work(running: Engine) -> None:
        company = Company(running, "eraser")
        await erase(company)
        before = keys(data)
        late: list[Any] = [
            clients.AddNote(note_id="late", client_id=PERSON, text=FLIGHT[0]),
            clients.AddContact(contact_id="late", client_id=PERSON, name=FLIGHT[1]),
            clients.EditNote(note_id="n1", text=FLIGHT[2]),
            clients.ChangeContact(contact_id="k1", name=FLIGHT[3]),
            clients.ChangeClientDetails(client_id=PERSON, name=FLIGHT[4]),
            clients.MarkClientLost(client_id=PERSON, reason=FLIGHT[5]),
            pipeline.OpenDeal(deal_id="late", client_id=PERSON, funnel_id="f", title=FLIGHT[6]),
            clients.CloseLead(lead_id="lead", reason=FLIGHT[7]),
        ]
        for command in late:
            with pytest.raises(Refusal):
                await company.send(command)
        note = NoteAdded(note_id="late", client_id=PERSON, text=FLIGHT[8])
        with pytest.raises(Erased):
            await running.codec.encode(note)
        await settled(running)
        assert keys(data) == before
        assert seen(data, WORDS) == {}

    asyncio.run(within(data, work))


def test_notes_in_flight_leave_nothing_behind(data: Path) -> None:
    """Notes and contacts are being added while the client is erased: each was stored before, or was refused."""

    async def work(running: Engine) -> list[Effect | BaseException]:
        company = Company(running, "eraser")
        sending = [
            company.send(clients.AddNote(note_id=f"fly{n}", client_id=PERSON, text=text))
            for n, text in enumerate(FLIGHT[:6])
        ]
        sending.append(company.send(clients.EraseClient(client_id=PERSON)))
        sending += [
            company.send(clients.AddContact(contact_id=f"fly{n}", client_id=PERSON, name=text))
            for n, text in enumerate(FLIGHT[6:])
        ]
        answers = await asyncio.gather(*sending, return_exceptions=True)
        await company.send(clients.EraseClient(client_id=IMPORTED))
        await settled(running)
        assert (await differences(running)) == ([], [])
        return answers

    answers = asyncio.run(within(data, work))
    assert all(isinstance(answer, Effect | Refusal) for answer in answers), answers
    assert not isinstance(answers[6], BaseException)
    assert seen(data, WORDS) == {}
    there, _ = keys(data)
    assert not [subject for subject in there if subject.startswith("fly") or subject == PERSON]


def test_an_older_keyring_stops_the_lane_and_blanks_nobody(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "keys.sqlite", tmp_path / "old.sqlite")

    async def more(running: Engine) -> None:
        company = Company(running, "more")
        await company.send(clients.RegisterClient(client_id="newcomer", name="Нова людина"))
        await company.send(clients.AddNote(note_id="newer", client_id="other", text="після копії"))
        await settled(running)

    asyncio.run(within(data, more))
    shutil.copy(data / "keys.sqlite", tmp_path / "right.sqlite")
    shutil.rmtree(data / "documents.groups")
    for file in [*data.glob("documents.sqlite*"), *data.glob("keys.sqlite-*")]:
        file.unlink()
    shutil.copy(tmp_path / "old.sqlite", data / "keys.sqlite")

    async def stopped(running: Engine) -> tuple[RecordedEvent, str, list[Any]]:
        for _ in range(2_000):
            lane = running.runners["clients"].lanes.get(0)
            if lane is not None and lane.stop is not None:
                break
            await asyncio.sleep(0.01)
        stop = running.runners["clients"].lanes[0].stop
        assert stop is not None, "the lane went on without the key"
        async with running.reading() as reader:
            page = await reader.find(await running.serving("clients"), "clients", limit=500)
        return stop.event, stop.reason, [row.document for row in page.rows]

    event, reason, found = asyncio.run(within(data, stopped))
    assert (event.type, event.key) == ("clients.ClientRegistered.v1", "newcomer")
    assert reason.startswith("MissingKey: There is no key of newcomer")
    assert [client.client_id for client in found if not client.name] == []
    shutil.copy(tmp_path / "right.sqlite", data / "keys.sqlite")

    async def again(running: Engine) -> dict[str, str]:
        assert await differences(running) == ([], [])
        async with running.reading() as reader:
            page = await reader.find(await running.serving("clients"), "clients", limit=500)
        return {row.id: row.document.name for row in page.rows}

    assert asyncio.run(within(data, again))["newcomer"] == "Нова людина"


def test_an_older_keyring_does_not_bring_the_erased_back(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "keys.sqlite", tmp_path / "old.sqlite")

    async def work(running: Engine) -> None:
        await erase(Company(running, "eraser"))

    asyncio.run(within(data, work))
    shutil.copy(tmp_path / "old.sqlite", data / "keys.sqlite")

    async def look(running: Engine) -> None:
        assert await differences(running) == ([], [])

    asyncio.run(within(data, look))
    asyncio.run(rebuilt(data))
    assert seen(data, STAY) == {}
    assert not keys(data)[0] & {PERSON, IMPORTED, "k1", "k2", "lead"}
