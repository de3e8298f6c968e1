"""The list of contact persons as a file: whole, for whom, without formulas, and in the log (S1.15, P3, P17, #5)."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from io import BytesIO, StringIO

import httpx2
import openpyxl
import pytest
import pytest_asyncio

from contracts.ids import created_id
from services.kit.rights import Caller
from tests.support import staff
from tests.support.app import App, running
from tests.support.staff import bearer
from tests.support.world import STAGES

pytestmark = pytest.mark.asyncio(loop_scope="module")
MANY = 410


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    async with running(tmp_path_factory.mktemp("contacts") / "data") as app:
        await app.done("/settings", {"base_currency": "EUR", "zone": "Europe/Kyiv"})
        await app.done("/employees", {"employee_id": "me", "name": "Mia"})
        await app.done("/clients", {"client_id": "mine", "name": "=1+1", "owner_id": "me"})
        await app.done("/clients", {"client_id": "other", "name": "Other"})
        ada = {"position": "@SUM(A1)", "phones": ["+380 44 1", "067 2"], "email": "ada@x.test", "telegram": "@ada"}
        await app.done("/contacts", {"contact_id": "ada", "client_id": "mine", "name": "Ада, «Ґ»", **ada})
        await app.done("/contacts", {"contact_id": "gone", "client_id": "mine", "name": "Gone"})
        await app.done("/contacts/gone/remove", {})
        for number in range(MANY):
            await app.done(
                "/contacts", {"contact_id": f"p{number:03}", "client_id": "other", "name": f"Person {number}"}
            )
        await app.done("/funnels", {"funnel_id": "f", "name": "Sales", "subject": "deal", "stages": STAGES})
        deal = {"client_id": "mine", "funnel_id": "f", "stage_id": "won", "value": 123_456, "contact_ids": ["ada"]}
        await app.done("/deals", deal)
        assert await app.engine.settle(120)
        yield app


async def exported(
    app: App, query: str = "", *, who: str = "administrator:local", status: int = 200, key: str = "", **form: str
) -> httpx2.Response:
    headers = {**bearer(who), "accept-language": "en"}
    data = {"format": "csv", "key": key, **form}
    answer = await app.http.post(f"/contacts/export?{query}", data=data, headers=headers)
    assert answer.status_code == status, answer.text[:1_000]
    return answer


def read(answer: httpx2.Response, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@pytest.mark.parametrize(("separator", "sign"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
async def test_csv_has_everybody_once_with_company_and_numbers(app: App, separator: str, sign: str):
    answer = await exported(app, "sort=-name", separator=separator)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert re.search(r'filename="contacts-\d{4}-\d\d-\d\d\.csv"', answer.headers["content-disposition"])
    rows = read(answer, sign)
    assert len({row["Number"] for row in rows}) == len(rows) == MANY + 1, "who was removed is not among them"
    names = [row["Name"] for row in rows]
    assert names == sorted(names, key=str.casefold, reverse=True)
    ada = next(row for row in rows if row["Name"] == "Ада, «Ґ»")
    told = {name: ada[name] for name in ("Position", "Phones", "Email", "Telegram", "Company", "Owner", "Sales, EUR")}
    assert told == {
        "Position": "'@SUM(A1)", "Phones": "'+380 44 1, 067 2", "Email": "ada@x.test", "Telegram": "'@ada",
        "Company": "'=1+1", "Owner": "Mia", "Sales, EUR": "1234.56",
    }  # fmt: skip


async def test_xlsx_has_no_formula_and_is_in_the_log_once(app: App):  # TORTURE S5
    for _ in range(2):
        answer = await exported(app, "q=ada", who="director:boss", key="one", format="xlsx")
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert "'=1+1" in [cell.value for cell in cells]
    id = created_id("boss", "export:one")
    ((event, data),) = await app.engine.past(f"export-{id}")
    assert (event.actor, data.what, data.format, data.count, data.filters) == ("boss", "contacts", "xlsx", 1, ["q"])


async def test_it_takes_the_right_and_gives_what_is_within_reach(app: App):  # P17, P25
    for who in ("manager:me", "warehouse:me"):
        await exported(app, who=who, status=403)
        assert "/contacts/export" not in (await app.http.get("/contacts", headers=bearer(who))).text
    assert "/contacts/export?sort=-name" in (await app.http.get("/contacts?sort=-name")).text
    own = Caller("me", staff.caller_named("director:me").rights - {"numbers"}, "own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "caller_named", lambda _: own)
        rows = read(await exported(app, who="director:me"))
    assert [row["Company"] for row in rows] == ["'=1+1"]
    assert "Sales, EUR" not in rows[0]


async def test_what_makes_no_sense_is_refused_in_words(app: App):
    page = await app.http.get("/contacts/export?q=person", headers={"accept-language": "en"})
    assert "A search can be exported while it finds at most 200 contacts." in page.text
    assert "narrow the search" in (await exported(app, "q=person", status=422, key="many")).text
    assert await app.engine.past(f"export-{created_id('local', 'export:many')}") == []
    assert "format" in (await exported(app, status=422, format="pdf")).text
    html = (await app.http.get("/contacts/export?q=ada", headers={"accept-language": "en"})).text
    assert "Filter: “ada”" in html
    assert "Contacts: 1" in html
