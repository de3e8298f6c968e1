"""The list of clients as a file: what is in it, for whom, that it holds no formula and stands in the log (P17, #5)."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import httpx2
import openpyxl
import pytest
import pytest_asyncio

from contracts.ids import created_id
from tests.support.app import App, running
from tests.support.staff import bearer
from tests.support.world import STAGES

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORMULAS = {
    "equals": "=1+1", "plus": "+1+cmd|' /C calc'!A0", "minus": "-2+3", "at": "@SUM(A1)",
    "dash": "-", "plain": "Кав'ярня, «Їжак»; \"tea\"",
}  # fmt: skip
ADMIN = "administrator:local"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    async with running(tmp_path_factory.mktemp("export") / "data") as app:
        await app.done("/settings", {"base_currency": "EUR", "zone": "Europe/Kyiv"})
        await app.done("/employees", {"employee_id": "me", "name": "=HYPERLINK(1)"})
        await app.done("/funnels", {"funnel_id": "f", "name": "Sales", "subject": "deal", "stages": STAGES})
        for id, name in FORMULAS.items():
            body = {"client_id": id, "name": name, "owner_id": "me", "phones": ["+380 44 1234567"], "tags": ["@vip"]}
            await app.done("/clients", body | {"temperature": "hot"})
        for number in range(430):
            await app.done("/clients", {"client_id": f"c{number:03}", "name": f"Client {number}", "status": "current"})
        deal = {"client_id": "plain", "funnel_id": "f", "stage_id": "won", "value": 123_456, "currency": "EUR"}
        await app.done("/deals", deal)
        await app.done("/payments", {"client_id": "plain", "amount": 23_456, "currency": "EUR"})
        await app.done("/clients/c001/archive", {})
        assert await app.engine.settle(120)
        yield app


async def exported(
    app: App, query: str = "", *, who: str = ADMIN, status: int = 200, key: str = "", language: str = "en", **form: str
) -> httpx2.Response:
    answer = await app.http.post(
        f"/clients/export?{query}",
        data={"format": "csv", "key": key, **form},
        headers={**bearer(who), "accept-language": language},
    )
    assert answer.status_code == status, answer.text[:1_000]
    return answer


def read(answer: httpx2.Response, delimiter: str = ",") -> list[dict[str, str]]:
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=delimiter))


async def records(app: App, actor: str, key: str) -> list[Any]:
    """What the log tells of the export that was asked for with this key: (envelope, data)."""
    return await app.engine.past(f"export-{created_id(actor, f'export:{key}')}")


@pytest.mark.parametrize(("separator", "sign"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
async def test_csv_has_a_mark_the_separator_and_every_client_of_the_filter_once(app: App, separator: str, sign: str):
    answer = await exported(app, "sort=name", separator=separator)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="clients-\d{4}-\d\d-\d\d\.csv"', answer.headers["content-disposition"])
    rows = read(answer, sign)
    assert len(rows) == len(FORMULAS) + 430 - 1
    assert sorted(int(row["Number"]) for row in rows) == [n for n in range(1, 437) if n != 8]
    plain = next(row for row in rows if row["Name"] == FORMULAS["plain"])
    assert (plain["Sales, EUR"], plain["Sales, count"], plain["Balance, EUR"]) == ("1234.56", "1", "-1000.00")
    assert (plain["Phones"], plain["Temperature"], plain["Status"]) == ("+380 44 1234567", "Hot", "Current")


async def test_the_order_is_that_of_the_table(app: App):
    rows = read(await exported(app, "status=current&sort=-name"))
    assert len(rows) == 430  # a first sale makes a client a current one
    names = [row["Name"] for row in rows]
    assert names == sorted(names, key=str.casefold, reverse=True)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_no_cell_is_a_formula(app: App, kind: str):  # TORTURE S5
    answer = await exported(app, "temperature=hot&sort=name", format=kind)
    if kind == "csv":
        cells = [cell for row in read(answer) for cell in row.values()]
        texts = cells
    else:
        sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
        assert sheet is not None
        cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
        texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    found = {text for text in texts if text[:1] in ("=", "+", "-", "@", "\t", "\r")}
    assert {each for each in found if not re.fullmatch(r"\+380 44 1234567|-1000\.00", each)} == set()
    assert {"'=1+1", "'@SUM(A1)", "'-2+3", "'=HYPERLINK(1)", "'@vip"} <= set(texts)


async def test_xlsx_holds_numbers_as_numbers(app: App):
    answer = await exported(app, "sales_count=ge:1", format="xlsx", language="uk")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    head, row = list(sheet.iter_rows(values_only=True))
    shown = dict(zip(head, row, strict=True))
    assert FORMULAS["plain"] in shown.values()
    assert Decimal(str(shown["Продажі, EUR"])) == Decimal("1234.56")


async def test_an_empty_list_is_a_head_alone(app: App):
    answer = await exported(app, "country=Nowhere")
    assert read(answer) == []
    assert b"Name" in answer.content


async def test_every_export_is_in_the_log_once_with_whose_it_was(app: App):
    answer = await exported(
        app, "status=current&sort=name&q=client%2042", who="director:boss", key="one", format="xlsx"
    )
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    await exported(app, "status=current&sort=name&q=client%2042", who="director:boss", key="one", format="xlsx")
    ((event, data),) = await records(app, "boss", "one")
    assert (event.type, event.actor) == ("gateway.DataExported.v1", "boss")
    assert (data.format, data.count, data.what) == ("xlsx", sheet.max_row - 1, "clients")
    assert data.count > 10
    assert data.filters == ["status=current", "q"]


async def test_it_takes_the_right_and_gives_what_is_within_reach(app: App):  # P17
    for who in ("manager:me", "warehouse:me"):
        await exported(app, who=who, status=403)
        page = await app.http.get("/clients/export", headers=bearer(who))
        assert page.status_code == 403
        assert "/clients/export" not in (await app.http.get("/clients", headers=bearer(who))).text
    from services.kit.rights import Caller
    from tests.support import staff

    known = staff.caller_named("director:me")
    own = Caller("me", known.rights - {"numbers"}, "own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "caller_named", lambda _: own)
        rows = read(await exported(app, who="director:me"))
    assert {row["Name"].removeprefix("'") for row in rows} == set(FORMULAS.values())
    assert "Sales, EUR" not in rows[0]


async def test_a_search_that_finds_too_much_is_refused_in_words(app: App):
    page = await app.http.get("/clients/export?q=client")
    assert "A search can be exported while it finds at most 200 clients." in page.text
    answer = await exported(app, "q=client", status=422, key="many")
    assert "narrow the search" in answer.text
    assert await records(app, "local", "many") == []


async def test_a_form_without_sense_is_refused(app: App):
    for form in ({"format": "pdf"}, {"format": "csv", "separator": "dot"}):
        assert "format" in (await exported(app, status=422, **form)).text


async def test_the_form_names_the_filter_and_leads_back(app: App):
    html = (await app.http.get("/clients/export?temperature=hot&view=table", headers={"accept-language": "en"})).text
    assert "Filter: Hot" in html
    assert f"Clients: {len(FORMULAS)}" in html
    assert 'href="/clients?temperature=hot&amp;view=table"' in html
