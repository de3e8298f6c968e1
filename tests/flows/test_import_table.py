"""Spreadsheets of clients, contacts and notes are taken in whole, in process, and taken back (#5, ADR 0025)."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.clients import commands as c
from contracts.clients.import_events import TableImportBegun, TableImportFinished, TableRowsTaken
from contracts.gateway.commands import AddEmployee
from contracts.pipeline import commands as pipeline
from contracts.problem import IllegalMove, Invalid, NotFound
from services.cli import sheets
from services.cli.in_folder import InFolder
from services.cli.verify import verify
from services.cli.workspace import engine
from services.importer.sheets import refused, run, taking
from services.importer.sheets.record import load, stream_of
from services.kit import clock
from services.kit.settings import Settings
from tests.support.tables import Desk
from tests.support.workspaces import settled
from tests.support.world import STAGES

UKRAINIAN = (
    "Звіт про клієнтів\n"
    "Назва;Тип;ЄДРПОУ;Тел.;Моб. тел.;Пошта;Адреса;День народження;Сайт;Країна;Місто;Категорія;Сегмент;Галузь;Джерело;"
    "Теги;Відповідальний;Статус;Температура;Знижка;Валюта;Мова;Контактна особа;Посада контакту;Нотатки\n"
    "ТОВ «Ґанок»;Юрособа;00012345;044 123-45-67;380671234567;a@ganok.example;вул. Їжакевича, 1;31.12.1999;ganok.example"
    ';Україна;Київ;VIP;Опт;Торгівля;Реклама;"новий, опт";Олена Коваль;Поточний;Гарячий;7,5%;грн;Українська;Євген Ємець;'
    'Директор;"перший рядок\nдругий рядок"\n'
)
RUSSIAN = (
    "Фамилия\tИмя\tТелефон\tСтатус\tТемпература\nПетров\tПётр\t+7 495 123-45-67\tПотенциальный\tНе заинтересован\n"
)
BOOK: list[list[Any]] = [
    ["Client name", "Tax number", "Phone", "Discount", "Language"],
    ["Acme", 87654321, 442223344, 10, "English"],
]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with engine(tmp_path / "data") as running:
        yield await Desk(running, tmp_path).open()


async def people(desk: Desk, *rows: str, header: str = "Name;Phone;E-mail;Tax number;City;Notes") -> str:
    return "\n".join([header, *rows]) + "\n"


def told(plan: Any) -> list[tuple[int, str, str]]:
    """Row, what becomes of it, and why."""
    return [(each.row.number, each.action, each.why) for each in plan.outcomes]


# ---------------------------------------------------------------- whole


async def test_a_ukrainian_list_with_every_field(desk: Desk) -> None:  # S3.11 to S3.19, S1.15
    await desk.say(AddEmployee(employee_id="e1", name="Олена Коваль"))
    path = desk.file(UKRAINIAN, encoding="cp1251")
    plan = await desk.plan(path)
    assert (plan.table.header, plan.matching.left_out, plan.problems) == (2, (), [])
    report = await desk.take(path)
    assert report.counts == {"new": 1, "update": 0, "skip": 0, "refuse": 0}
    (client,), (contact,), (note,) = await desk.all("clients"), await desk.all("contacts"), await desk.all("notes")
    details = {
        "name": "ТОВ «Ґанок»", "kind": "company", "tax_id": "00012345", "phones": ["+380441234567", "+380671234567"],
        "email": "a@ganok.example", "address": "вул. Їжакевича, 1", "birthday": "1999-12-31",
        "links": ["ganok.example"],
        "country": "Україна", "city": "Київ", "category": "VIP", "segment": "Опт", "business_type": "Торгівля",
        "source": "Реклама", "tags": ["новий", "опт"], "owner_id": "e1", "status": "current", "temperature": "hot",
        "discount": "7.5", "currency": "UAH", "language": "uk", "main_contact_id": contact.contact_id, "number": 1,
        "imputed": True,
    }  # fmt: skip
    assert {name: getattr(client, name) for name in details} == details
    assert (contact.name, contact.position, contact.client_id) == ("Євген Ємець", "Директор", client.client_id)
    assert (note.text, note.client_id) == ("перший рядок\nдругий рядок", client.client_id)


async def test_a_russian_list_and_an_english_workbook(desk: Desk) -> None:
    await desk.take(desk.file(RUSSIAN, encoding="koi8-r"))
    await desk.take(desk.file(BOOK))
    first, second = await desk.all("clients")
    assert (first.name, first.phones) == ("Петров Пётр", ["+74951234567"])
    assert (first.status, first.temperature) == ("potential", "not_interested")
    assert (second.name, second.tax_id, second.phones) == ("Acme", "87654321", ["+380442223344"])
    assert (second.discount, second.language, second.number) == ("10", "en", 2)


async def test_numbers_stay_exact_after_an_import_and_its_undo(desk: Desk) -> None:
    report = await desk.take(await people(desk, "A;0441234567;;;;note", "B;;b@b.example;;;"))
    assert await verify(desk.engine, clock.now(), lambda *_: None) == []
    await desk.undo(report.import_id)
    assert await verify(desk.engine, clock.now(), lambda *_: None) == []


async def test_contacts_and_notes_find_their_clients(desk: Desk) -> None:
    await desk.take(
        await people(
            desk,
            "Ромашка;0441234567;;;;",
            "Acme;;a@acme.example;77;;",
            "Twin;;t1@x.example;;;",
            "Twin;;t2@x.example;;;",
        )
    )
    contacts = await desk.take(
        "ФИО;Компания;Должность;Телефон;Почта;Telegram;ДР\n"
        "Иван;ромашка;Директор;0671234567;i@x.example;@ivan;1990-05-01\nJohn;#2;;;;;\nOleg;Twin;;;;;\nAnna;Nobody;;;;;\n"
        "Max;044 123 45 67;;;;;\nMia;77;;;;;\nZoe;A@acme.example;;;;;\nNo;;;;;;\n",
        kind="contacts",
    )
    assert contacts.counts == {"new": 5, "update": 0, "skip": 0, "refuse": 3}
    assert [(each.row, each.reason) for each in contacts.problems] == [
        (4, "there are 2 clients called Twin (#3 Twin, #4 Twin); write the #number of one"),
        (5, "there is no client Nobody; import the clients first, or correct the name"),
        (9, "the client is missing; write the name, #number, phone, e-mail or tax number of one"),
    ]
    names = {each.client_id: each.name for each in await desk.all("clients")}
    found = await desk.all("contacts")
    assert [(each.name, names[each.client_id], each.number) for each in found] == [
        ("Иван", "Ромашка", 1), ("John", "Acme", 2), ("Max", "Ромашка", 3), ("Mia", "Acme", 4), ("Zoe", "Acme", 5),
    ]  # fmt: skip
    first = found[0]
    assert (first.position, first.phones, first.telegram, first.birthday) == (
        "Директор", ["+380671234567"], "@ivan", "1990-05-01",
    )  # fmt: skip
    notes = await desk.take(
        "Клієнт;Нотатка;Пріоритет;Дата\nAcme;Подзвонити;Високий;31.12.2025\n#1;Написати;;\nAcme;;;\nAcme;x;;2999-01-01\n",
        kind="notes",
    )
    assert [(each.row, each.column, each.reason.split(";")[0]) for each in notes.problems] == [
        (4, "Нотатка", "the text is missing"), (5, "Дата", "2999-01-01 has not come yet"),
    ]  # fmt: skip
    written, called = await desk.all("notes")
    assert (called.text, called.priority, names[called.client_id]) == ("Подзвонити", "high", "Acme")
    assert (called.added_at, called.imputed) == (1_767_132_000_000, False)  # midnight in Kyiv
    assert (written.text, written.priority, written.imputed) == ("Написати", "none", True)


async def test_a_plan_writes_nothing(desk: Desk) -> None:
    before = await desk.engine.ports.store.head()
    plan = await desk.plan(await people(desk, *[f"Client {n};;c{n}@x.example;;;note" for n in range(30)]))
    assert [each.row.number for each in plan.preview()] == list(range(2, 22))
    assert plan.preview()[0].values == {"name": "Client 0", "email": "c0@x.example", "note": "note"}
    assert await desk.engine.ports.store.head() == before


# ---------------------------------------------------------------- duplicates


async def stored(desk: Desk) -> None:
    await desk.say(
        c.RegisterClient(client_id="a", name="Acme", phones=["044 123 45 67"], city="Lviv", tags=["old"], discount="3"),
        c.RegisterClient(client_id="b", name="Beta", email="Info@Beta.example", tax_id="77-88"),
        c.RegisterClient(client_id="z", name="Gone", email="gone@x.example"),
        c.ArchiveClient(client_id="z"),
    )


ROWS = (
    "One;+380441234567;;;Kyiv;",  # phone of Acme
    "Two;;info@beta.example;;;hello",  # e-mail of Beta
    "Three;;;7788;Odesa;",  # tax number of Beta
    "Four;0671234567;;;;",  # nobody
    "Five;0671234567;;;Dnipro;",  # phone of row 5
    "Six;;gone@x.example;;;",  # an archived client is none
)


async def test_duplicates_are_skipped_and_told(desk: Desk) -> None:
    await stored(desk)
    plan = await desk.plan(await people(desk, *ROWS))
    assert told(plan) == [
        (2, "skip", "phone of #1 Acme"), (3, "skip", "e-mail of #2 Beta"), (4, "skip", "tax number of #2 Beta"),
        (5, "new", ""), (6, "skip", "phone of row 5"), (7, "new", ""),
    ]  # fmt: skip
    await desk.take(await people(desk, *ROWS))
    assert [client.name for client in await desk.clients()] == ["Acme", "Beta", "Four", "Six"]


async def test_duplicates_are_created_if_one_says_so(desk: Desk) -> None:
    await stored(desk)
    report = await desk.take(await people(desk, *ROWS), duplicates="create")
    assert report.counts == {"new": 6, "update": 0, "skip": 0, "refuse": 0}
    assert [client.name for client in await desk.clients()] == [
        "Acme",
        "Beta",
        "One",
        "Two",
        "Three",
        "Four",
        "Five",
        "Six",
    ]


async def test_an_update_changes_what_the_file_has_and_nothing_else(desk: Desk) -> None:
    await stored(desk)
    text = await people(desk, *ROWS, header="Name;Phone;E-mail;Tax number;City;Notes")
    report = await desk.take(text, duplicates="update")
    assert report.counts == {"new": 2, "update": 4, "skip": 0, "refuse": 0}
    acme, beta, five, six = await desk.clients()
    assert (acme.name, acme.city, acme.phones, acme.tags, acme.discount) == (
        "One",
        "Kyiv",
        ["044 123 45 67"],
        ["old"],
        "3",
    )
    assert (beta.name, beta.city, beta.email, beta.tax_id) == ("Three", "Odesa", "info@beta.example", "7788")
    assert (five.name, five.city, five.phones, six.name) == ("Five", "Dnipro", ["+380671234567"], "Six")
    assert [note.text for note in await desk.all("notes")] == ["hello"]
    again = await desk.take(text + "\n", duplicates="update")  # another file that says the same
    assert (again.counts["update"], again.counts["new"]) == (6, 0)
    assert [note.text for note in await desk.all("notes")] == ["hello"]


async def test_terms_owner_contact_are_updated_too(desk: Desk) -> None:
    await stored(desk)
    await desk.say(
        AddEmployee(employee_id="e1", name="Олена"), c.AddContact(contact_id="k", client_id="a", name="Ivan")
    )
    await desk.take(
        "Name;Phone;Discount;Language;Status;Temperature;Owner;Contact person;Tags\n"
        "Acme;0441234567;5;uk;current;warm;Олена;ivan;new\nBeta;;;;;;;;\n", duplicates="update",
    )  # fmt: skip
    acme = (await desk.clients())[0]
    assert (acme.discount, acme.language, acme.status, acme.temperature, acme.owner_id, acme.tags) == (
        "5", "uk", "current", "warm", "e1", ["old", "new"],
    )  # fmt: skip
    assert [contact.name for contact in await desk.all("contacts")] == ["Ivan"]


async def test_a_row_that_matches_two_is_refused_in_an_update(desk: Desk) -> None:
    await stored(desk)
    plan = await desk.plan(await people(desk, "Both;0441234567;info@beta.example;;;"), duplicates="update")
    assert plan.problems[0].reason == (
        "matches several records (phone of #1 Acme, e-mail of #2 Beta); leave what belongs to one of them"
    )


async def test_contacts_and_notes_that_are_there(desk: Desk) -> None:
    await stored(desk)
    await desk.say(
        c.AddContact(contact_id="k", client_id="a", name="Ivan", phones=["0671234567"], position="Boss"),
        c.AddNote(note_id="n", client_id="a", text="Call"),
    )
    contacts = "Name;Company;Phone;Email\nVanya;Acme;0671234567;v@x.example\nIvan;Beta;0671234567;\nIVAN;Acme;;\n"
    plan = await desk.plan(contacts, kind="contacts")
    assert told(plan) == [(2, "skip", "phone of #1 Ivan"), (3, "new", ""), (4, "skip", "name of #1 Ivan")]
    await desk.take(contacts, kind="contacts", duplicates="update")
    first = (await desk.all("contacts"))[0]
    assert (first.name, first.position, first.email) == ("IVAN", "Boss", "v@x.example")
    report = await desk.take("Client;Note;Priority\nAcme;Call;High\nBeta;Call;\n", kind="notes", duplicates="update")
    assert report.counts == {"new": 1, "update": 1, "skip": 0, "refuse": 0}
    assert {(note.client_id, note.priority) for note in await desk.all("notes")} == {("a", "high"), ("b", "none")}


# ---------------------------------------------------------------- again


async def test_the_same_file_again_stores_nothing(desk: Desk) -> None:
    text = await people(desk, "A;0441234567;;;;note", "B;;;;;", "B;;;;;")
    first = await desk.take(text)
    head = await desk.engine.ports.store.head()
    again = await desk.take(text)
    assert (first.events, again.events, again.before, again.import_id) == (4, 0, True, first.import_id)
    assert await desk.engine.ports.store.head() == head
    other = await desk.plan(text, by_hand={"Notes": ""}, duplicates="create")
    assert [each.why for each in other.outcomes] == [
        f"an earlier import of #{n} {name}" for n, name in ((1, "A"), (2, "B"), (3, "B"))
    ]


async def test_an_interrupted_import_is_completed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_BATCH", 4)
    await stored(desk)
    lines = [f"Client {n};;c{n}@x.example;;;note {n}" for n in range(10)]
    text = await people(desk, "Acme;0441234567;;;Kyiv;", *lines, "Again;;c3@x.example;;Odesa;", "Bad;12;;;;")
    store = desk.engine.ports.store
    before, calls, whole = await store.head(), 0, store.append_many

    async def cut(appends: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:  # the second batch has its clients, not their notes
            raise OSError("power")
        return await whole(appends)

    monkeypatch.setattr(store, "append_many", cut)
    with pytest.raises(OSError, match="power"):
        await desk.take(text, duplicates="update")
    monkeypatch.setattr(store, "append_many", whole)
    desk.engine.handler.forget_all()
    await settled(desk.engine)
    assert 0 < len(await desk.all("notes")) < 10
    acme = (await desk.clients())[0]
    assert acme.city == "Kyiv"
    await desk.say(c.ChangeClientDetails(client_id="a", name=acme.name, phones=acme.phones, city="Odesa"))
    plan = await desk.plan(text, duplicates="update")
    report = await desk.take(text, duplicates="update")
    assert report.counts == plan.counts == {"new": 10, "update": 2, "skip": 0, "refuse": 1}
    assert [client.name for client in await desk.clients()][2:] == [
        f"Client {n}" if n != 3 else "Again" for n in range(10)
    ]
    assert [note.text for note in await desk.all("notes")] == [f"note {n}" for n in range(10)]
    events = await store.read_all(before, 1000)
    assert (
        sum(event.type.startswith("clients.Client") for event in events) == 12
    )  # ten registered, one changed and edited
    assert (await desk.clients())[0].city == "Odesa"  # an edit of somebody is not overwritten
    kinds = [event.type for event in await store.read(stream_of(report.import_id))]
    assert (kinds[0], kinds[-1]) == (TableImportBegun.type, TableImportFinished.type)
    assert (kinds.count(TableImportBegun.type), kinds.count(TableRowsTaken.type)) == (2, 5)


async def test_two_at_the_same_file_do_not_mix(desk: Desk) -> None:
    path = desk.file(await people(desk, "A;;;;;"))
    plan, record = await taking.plan(desk.engine, taking.Order(path), clock.now())
    await desk.take(path)
    with pytest.raises(IllegalMove, match="is being imported, or undone, by somebody else"):
        await taking.take(desk.engine, plan, record, actor="bob", now=clock.now(), progress=lambda *_: None)
    assert len(await desk.clients()) == 1


async def test_a_client_changed_while_it_is_imported_is_told(desk: Desk) -> None:
    await stored(desk)
    path = desk.file(await people(desk, "Acme;0441234567;;;Kyiv;note", "New;;;;;"))
    plan, record = await taking.plan(desk.engine, taking.Order(path, duplicates="update"), clock.now())
    await desk.say(c.EraseClient(client_id="a"))
    report = await taking.take(desk.engine, plan, record, actor="ann", now=clock.now(), progress=lambda *_: None)
    assert report.counts == {"new": 1, "update": 0, "skip": 0, "refuse": 1}
    assert [(each.row, each.reason) for each in report.problems] == [
        (2, "it was erased or removed meanwhile; import the row again")
    ]
    assert await desk.all("notes") == []


# ---------------------------------------------------------------- undo


async def test_an_undo_puts_away_what_was_made(desk: Desk) -> None:
    text = await people(desk, "A;0441234567;;;;note", "B;;;;;", header="Name;Phone;Email;Tax;City;Notes")
    report = await desk.take(text)
    done = await desk.undo(report.import_id)
    assert (done.undone, done.left) == (3, [])
    assert await desk.clients() == []
    assert all(note.removed_at for note in await desk.all("notes"))
    head = await desk.engine.ports.store.head()
    again = await desk.undo(report.import_id)
    assert (again.undone, again.before) == (3, True)
    assert await desk.engine.ports.store.head() == head
    anew = await desk.take(text)
    assert (anew.counts["new"], anew.import_id != report.import_id) == (2, True)
    assert [client.name for client in await desk.clients()] == ["A", "B"]


async def test_an_undo_gives_changed_fields_back(desk: Desk) -> None:
    await stored(desk)
    await desk.say(
        AddEmployee(employee_id="e1", name="Олена"),
        c.AddContact(contact_id="k", client_id="b", name="Ivan", email="i@x.example"),
        c.AddNote(note_id="n", client_id="b", text="Call"),
    )
    before = {each.client_id: each for each in await desk.clients()}
    head = "Name;Phone;City;Discount;Currency;Language;Status;Temperature;Owner;Tags\n"
    report = await desk.take(head + "One;0441234567;Kyiv;9;EUR;ru;current;hot;Олена;new\n", duplicates="update")
    contacts = await desk.take(
        "Name;Company;Email;Position\nIvan;Beta;n@x.example;Boss\n", kind="contacts", duplicates="update"
    )
    notes = await desk.take("Client;Text;Priority\nBeta;Call;high\n", kind="notes", duplicates="update")
    assert ((await desk.clients())[0].city, (await desk.all("notes"))[0].priority) == ("Kyiv", "high")
    for each in (report, contacts, notes):
        assert (await desk.undo(each.import_id)).left == []
    after = (await desk.clients())[0]
    for name in (
        "name",
        "city",
        "discount",
        "currency",
        "language",
        "status",
        "temperature",
        "owner_id",
        "tags",
        "phones",
    ):
        assert getattr(after, name) == getattr(before["a"], name), name
    (contact,), (note,) = await desk.all("contacts"), await desk.all("notes")
    assert (contact.email, contact.position, note.priority) == ("i@x.example", None, "none")


async def test_what_was_changed_since_stays_and_is_told(desk: Desk) -> None:
    await stored(desk)
    report = await desk.take(
        await people(
            desk, "Acme Ltd;0441234567;;;Kyiv;", "New;;;;;mine", "Sold;;;;;", "Noted;;;;;", "Gone;;;;;", "Free;;;;;"
        ),
        duplicates="update",
    )
    ids = {client.name: client.client_id for client in await desk.clients()}
    acme = (await desk.clients())[0]
    stages = [pipeline.StageSpec.model_validate(stage) for stage in STAGES]
    details = {name: getattr(acme, name) for name in c.ChangeClientDetails.model_fields if name not in ("at", "city")}
    await desk.say(
        c.ChangeClientDetails(**details, city="Odesa"),
        c.ChangeClientTemperature(client_id=ids["New"], temperature="hot"),
        pipeline.DefineFunnel(funnel_id="f", name="Sales", subject="deal", stages=stages),
        pipeline.OpenDeal(deal_id="d", client_id=ids["Sold"], funnel_id="f", value=100),
        c.AddNote(note_id="n", client_id=ids["Noted"], text="theirs"),
        c.EraseClient(client_id=ids["Gone"]),
    )
    done = await desk.undo(report.import_id)
    assert [(each.row, each.name, each.reason) for each in done.left] == [
        (2, "Acme Ltd", "changed again since: city"), (3, "New", "it was changed since"), (4, "Sold", "it has a deal"),
        (5, "Noted", "it has a note of somebody else"), (6, "", "it was erased since"),
    ]  # fmt: skip
    assert done.undone == 2  # the note of New, and Free
    shown = await desk.clients()
    assert [client.name for client in shown if not client.erased] == ["Acme", "Beta", "New", "Sold", "Noted"]
    assert shown[0].city == "Odesa"


async def test_an_interrupted_undo_is_completed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    report = await desk.take(await people(desk, *[f"C{n};;;;;note" for n in range(5)]))
    store = desk.engine.ports.store
    monkeypatch.setattr("services.importer.sink.CHUNK", 4)
    whole, calls = store.append_many, 0

    async def cut(appends: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError("power")
        return await whole(appends)

    monkeypatch.setattr(store, "append_many", cut)
    with pytest.raises(OSError, match="power"):
        await desk.undo(report.import_id)
    monkeypatch.setattr(store, "append_many", whole)
    await settled(desk.engine)
    done = await desk.undo(report.import_id)
    assert (done.undone, done.left, await desk.clients()) == (10, [], [])


async def test_an_unfinished_import_can_be_undone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_BATCH", 2)
    store = desk.engine.ports.store
    whole, calls = store.append_many, 0

    async def cut(appends: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError("power")
        return await whole(appends)

    monkeypatch.setattr(store, "append_many", cut)
    path = desk.file(await people(desk, *[f"C{n};;;;;" for n in range(5)]))
    with pytest.raises(OSError, match="power"):
        await desk.take(path)
    monkeypatch.setattr(store, "append_many", whole)
    await settled(desk.engine)
    plan = await desk.plan(path)
    assert (await desk.undo(plan.identity.import_id)).undone == 2
    assert await desk.clients() == []


async def test_an_unknown_import(desk: Desk) -> None:
    with pytest.raises(NotFound, match="there is no import x"):
        await desk.undo("x")


# ---------------------------------------------------------------- what is told


async def test_refused_rows_are_a_file_to_be_repaired(desk: Desk) -> None:
    path = desk.folder / "out" / "refused.csv"
    text = await people(desk, '=HYPERLINK("x");12;;;;', "+380441234567;0441234567;b@;;;", ";;;;Kyiv;", "Fine;;;;;")
    plan = await desk.plan(text)
    assert refused.write(plan, path) == 3
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    assert rows[0] == ["Name", "Phone", "E-mail", "Tax number", "City", "Notes", "Row", "Reason"]
    assert rows[1][0] == '\'=HYPERLINK("x")'
    assert rows[1][-2:] == ["2", "Phone: 12 is no phone number; write it in full"]
    assert rows[2][0] == "+380441234567"
    assert rows[3][-1] == "Name: the name is missing; fill it in, or delete the row"
    assert (await desk.plan(path)).matching.left_out == ("Row", "Reason")


async def test_the_log_holds_nothing_personal_of_an_import(desk: Desk) -> None:
    report = await desk.take(await people(desk, "Таємний;0441234567;s@secret.example;;;"))
    record = await load(desk.engine.ports.store, desk.engine.codec, report.import_id)
    assert [(thing.thing, thing.row) for thing in record.things.values()] == [("client", 2)]
    for event in await desk.engine.ports.store.read_all(0, 100):
        text = event.data + event.command_hash.encode()
        assert "Таємний".encode() not in text
        assert b"secret" not in text


async def test_the_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    on = InFolder(Settings(), tmp_path / "data")
    path = tmp_path / "list.csv"
    path.write_text("Клієнт;Телефон;Колір\nРомашка;0441234567;red\nІнша;1;\nРомашка 2;044 123-45-67;\n", "utf-8")
    order = taking.Order(path, country="UA")
    out = tmp_path / "refused.csv"
    assert await on.import_table(sheets.TableOrder(order, True, out)) == 1
    said = capsys.readouterr().out
    assert "row 2: new: name: Ромашка, phones: +380441234567" in said
    assert "row 3: refuse: name: Інша\n    Телефон: 1 is no phone number" in said
    assert 'left out: Колір (match one with --map "Column=field")' in said
    assert not out.exists()
    assert await on.import_table(sheets.TableOrder(order, False, out)) == 1
    said = capsys.readouterr()
    assert "3 rows: 1 new, 0 updating, 1 skipped, 1 refused" in said.out
    assert "row 4: skip (phone of row 2)" in said.out
    assert "1 row refused, listed in" in said.err
    assert out.exists()
    import_id = said.out.split("voronka undo-import ")[1].split()[0]
    assert await on.import_table(sheets.TableOrder(order, False, out)) == 1
    assert "nothing new to store" in capsys.readouterr().out
    assert await on.undo_import(import_id) == 0
    assert "1 record undone" in capsys.readouterr().out
    assert await on.undo_import(import_id) == 0
    assert "was undone before" in capsys.readouterr().out
    with pytest.raises(Invalid, match="never written into the data folder"):
        await on.import_table(sheets.TableOrder(order, False, tmp_path / "data" / "refused.csv"))
    with pytest.raises(OSError, match="nowhere"):
        await on.import_table(sheets.TableOrder(taking.Order(tmp_path / "nowhere.csv"), False, out))


def test_options_are_checked() -> None:
    assert sheets.by_hand(["A=b=name", " C ="]) == {"A=b": "name", "C": ""}
    with pytest.raises(Invalid, match="names no column"):
        sheets.by_hand(["name"])
    with pytest.raises(Invalid, match="'Narnia' is no country"):
        sheets.country_of("Narnia")
    assert (sheets.country_of("Україна"), sheets.country_of(None)) == ("UA", None)
