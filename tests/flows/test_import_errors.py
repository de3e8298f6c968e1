"""What is wrong with a bundle is told with file, line and column; nothing of what it is about is stored (DESIGN 9)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.ids import imported_id
from contracts.problem import Invalid
from services.importer.errors import RowError, write_errors
from tests.support.bundles import COLUMNS, Tables, opened, small, write

Break = Callable[[Tables], None]


def cell(table: str, row: int, column: str, value: Any) -> Break:
    def change(tables: Tables) -> None:
        tables[table][row][column] = value

    return change


def again(table: str, row: int, **other: Any) -> Break:
    def change(tables: Tables) -> None:
        tables[table].append(tables[table][row] | other)

    return change


def swapped(tables: Tables) -> None:
    """The first two events of deal D1 in the wrong order, times and all."""
    events = tables["deal_events"]
    events[0], events[2] = events[2], events[0]


ALL = {"client C1", "client C2", "client C3", "deal D1", "deal D2", "deal D3"}
ORDERS = {"order O1", "order O2", "order O3", "payment Y1", "payment Y2", "note N1", "note N2"}
EVERYTHING = ALL | ORDERS
OF_C1 = {"client C1", "deal D1", "order O1", "payment Y1", "payment Y2", "note N1"}
OF_O1 = {"order O1", "payment Y1", "note N1"}
CASES: dict[str, tuple[Break, tuple[str, int, str], str, set[str]]] = {
    "unparsable date": (
        cell("orders", 1, "ordered_at", "yesterday"), ("orders.csv", 3, "ordered_at"), "must be a time", {"order O2"}),
    "no such day": (
        cell("orders", 1, "ordered_at", "2026-02-30T00:00:00Z"), ("orders.csv", 3, "ordered_at"), "must be a time",
        {"order O2"}),
    "time without a zone": (
        cell("notes", 1, "created_at", "2026-02-01T00:00:00"), ("notes.csv", 4, "created_at"), "zone", {"note N2"}),
    "unparsable amount": (
        cell("payments", 0, "amount", "1,000"), ("payments.csv", 2, "amount"), "must be a number", {"payment Y1"}),
    "not a number": (
        cell("payments", 0, "amount", "NaN"), ("payments.csv", 2, "amount"), "must be a number", {"payment Y1"}),
    "unparsable quantity": (
        cell("order_lines", 2, "quantity", "two"), ("order_lines.csv", 4, "quantity"), "must be a number",
        {"order O2"}),
    "unparsable line number": (
        cell("order_lines", 2, "line_no", "1.5"), ("order_lines.csv", 4, "line_no"), "whole number", {"order O2"}),
    "negative price": (
        cell("order_lines", 2, "unit_price", "-1"), ("order_lines.csv", 4, "unit_price"), "negative", {"order O2"}),
    "negative amount of a deal": (
        cell("deal_events", 4, "amount", "-1"), ("deal_events.csv", 6, "amount"), "negative", {"deal D2"}),
    "discount above one": (
        cell("order_lines", 2, "discount", "10"), ("order_lines.csv", 4, "discount"), "between 0 and 1", {"order O2"}),
    "unknown currency": (
        cell("payments", 1, "currency", "XYZ"), ("payments.csv", 3, "currency"), "ISO 4217", {"payment Y2"}),
    "unknown kind": (
        cell("orders", 1, "status_kind", "done"), ("orders.csv", 3, "status_kind"), "must be one of", {"order O2"}),
    "NUL": (cell("notes", 1, "text", "a\x00b"), ("notes.csv", 4, "text"), "NUL", {"note N2"}),
    "too long name": (
        cell("customers", 2, "name", "x" * 301), ("customers.csv", 4, "name"), "at most 300", {"client C3"}),
    "too long note": (cell("notes", 1, "text", "x" * 20_001), ("notes.csv", 4, "text"), "at most 20000", {"note N2"}),
    "empty id": (cell("notes", 1, "note_id", ""), ("notes.csv", 4, "note_id"), "must not be empty", {"note N2"}),
    "order without a time": (
        cell("orders", 1, "ordered_at", ""), ("orders.csv", 3, "ordered_at"), "must not be empty", {"order O2"}),
    "duplicate payment": (
        again("payments", 1, amount="2"), ("payments.csv", 4, "payment_id"), "twice", {"payment Y2"}),
    "duplicate deal": (again("deals", 1), ("deals.csv", 5, "deal_id"), "twice", {"deal D2"}),
    "duplicate line": (
        again("order_lines", 2), ("order_lines.csv", 5, "line_no"), "already", {"order O2"}),
    "unknown owner": (
        cell("deals", 1, "owner_id", "U9"), ("deals.csv", 3, "owner_id"), "refers to nothing: no 'U9' in users.csv",
        {"deal D2"}),
    "unknown customer of a deal": (
        cell("deals", 1, "customer_id", "C9"), ("deals.csv", 3, "customer_id"), "refers to nothing", {"deal D2"}),
    "unknown product": (
        cell("order_lines", 2, "product_id", "P9"), ("order_lines.csv", 4, "product_id"), "refers to nothing",
        {"order O2"}),
    "unknown pipeline": (
        cell("deals", 1, "pipeline_id", "X"), ("deals.csv", 3, "pipeline_id"), "refers to nothing", {"deal D2"}),
    "unknown stage": (
        cell("deal_events", 4, "to_stage", "X"), ("deal_events.csv", 6, "to_stage"), "no 'sales/X' in stages.csv",
        {"deal D2"}),
    "event of an unknown deal": (
        cell("deal_events", 6, "deal_id", "D9"), ("deal_events.csv", 8, "deal_id"), "refers to nothing", {"deal D3"}),
    "line of an unknown order": (
        cell("order_lines", 2, "order_id", "O9"), ("order_lines.csv", 4, "order_id"), "refers to nothing", set()),
    "unknown order of a note": (
        cell("notes", 0, "order_id", "O9"), ("notes.csv", 2, "order_id"), "refers to nothing", {"note N1"}),
    "note about nobody": (
        cell("notes", 1, "customer_id", ""), ("notes.csv", 4, "customer_id"), "must not be empty", {"note N2"}),
    "time going back": (
        cell("deal_events", 5, "occurred_at", "2026-01-02T00:00:00Z"), ("deal_events.csv", 7, "occurred_at"),
        "wrong order", {"deal D1"}),
    "first event is no creation": (swapped, ("deal_events.csv", 2, "type"), "wrong order", {"deal D1"}),
    "created twice": (
        cell("deal_events", 4, "type", "DealCreated"), ("deal_events.csv", 6, "type"), "wrong order", {"deal D2"}),
    "from another stage": (
        cell("deal_events", 5, "from_stage", "A"), ("deal_events.csv", 7, "from_stage"), "wrong order", {"deal D1"}),
    "from a stage that is none": (
        cell("deal_events", 5, "from_stage", "Q"), ("deal_events.csv", 7, "from_stage"), "wrong order", {"deal D1"}),
    "created from a stage": (
        cell("deal_events", 6, "from_stage", "B"), ("deal_events.csv", 8, "from_stage"), "must be empty", {"deal D3"}),
    "moved to where it is": (
        cell("deal_events", 4, "to_stage", "A"), ("deal_events.csv", 6, "to_stage"), "DealTouched", {"deal D2"}),
    "touched where it is not": (
        cell("deal_events", 3, "to_stage", "W"), ("deal_events.csv", 5, "to_stage"), "wrong order", {"deal D1"}),
    "unknown type": (
        cell("deal_events", 4, "type", "DealWon"), ("deal_events.csv", 6, "type"), "must be one of", {"deal D2"}),
    "unknown imputed": (
        cell("deal_events", 6, "imputed", "yes"), ("deal_events.csv", 8, "imputed"), "must be 1", {"deal D3"}),
    "shipped before ordered": (
        cell("orders", 0, "shipped_at", "2026-01-31T00:00:00Z"), ("orders.csv", 2, "shipped_at"), "wrong order", OF_O1),
    "missing rate": (
        cell("fx_rates", 0, "date", "2026-02-02"), ("orders.csv", 2, "currency"), "no rate of EUR on 2026-02-01",
        OF_O1),
    "future order": (
        cell("orders", 1, "ordered_at", "2027-01-01T00:00:00Z"), ("orders.csv", 3, "ordered_at"), "future",
        {"order O2"}),
    "future event": (
        cell("deal_events", 4, "occurred_at", "2027-01-01T00:00:00Z"), ("deal_events.csv", 6, "occurred_at"), "future",
        {"deal D2"}),
}  # fmt: skip


def ids(names: set[str]) -> dict[str, str]:
    """Return stream → name of the subjects of the small bundle."""
    tables = {"client": "customers", "deal": "deals", "order": "orders", "payment": "payments", "note": "notes"}
    pairs = [name.split() for name in names]
    return {f"{kind}-{imported_id('small', tables[kind], key)}": f"{kind} {key}" for kind, key in pairs}


async def stored(folder: Path, bundle: Path, **options: Any) -> tuple[list[RowError], set[str]]:
    """Import; return the errors and the subjects that are stored."""
    async with opened(folder) as log:
        report = await log.take(bundle, **options)
        known = ids(EVERYTHING)
        return report.errors, {known[event.stream] for event in await log.events() if event.stream in known}


async def test_a_sound_bundle_has_no_errors(tmp_path: Path) -> None:
    assert await stored(tmp_path / "data", write(tmp_path / "in", small())) == ([], EVERYTHING)


@pytest.mark.parametrize("case", CASES)
async def test_a_bad_row_is_told_and_its_subject_not_stored(tmp_path: Path, case: str) -> None:
    change, place, reason, missing = CASES[case]
    tables = small()
    change(tables)
    errors, found = await stored(tmp_path / "data", write(tmp_path / "in", tables))
    assert (errors[0].file, errors[0].line, errors[0].column) == place
    assert reason in errors[0].reason
    assert all("refers to a row that has an error" in error.reason for error in errors[1:])
    assert found == EVERYTHING - missing


@pytest.mark.parametrize("case", CASES)
async def test_strict_stores_nothing_at_all(tmp_path: Path, case: str) -> None:
    tables = small()
    CASES[case][0](tables)
    async with opened(tmp_path / "data") as log:
        report = await log.take(write(tmp_path / "in", tables), strict=True)
        assert report.errors
        assert await log.events() == []


async def test_what_refers_to_a_bad_row_is_told(tmp_path: Path) -> None:
    tables = small()
    tables["customers"][0]["created_at"] = "never"
    errors, found = await stored(tmp_path / "data", write(tmp_path / "in", tables))
    reason = "refers to a row that has an error"
    assert [(e.file, e.line, e.column) for e in errors if e.reason == reason] == [
        ("deals.csv", 2, "customer_id"),
        ("orders.csv", 2, "customer_id"),
        ("payments.csv", 2, "customer_id"),
        ("payments.csv", 2, "order_id"),
        ("payments.csv", 3, "customer_id"),
        ("notes.csv", 2, "customer_id"),
        ("notes.csv", 2, "order_id"),
    ]
    assert found == EVERYTHING - OF_C1


async def test_broken_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    bundle = write(tmp_path / "in", small())
    path = bundle / "customers.csv"
    path.write_bytes(path.read_bytes().replace(b"Nobody", b"No\xffbody"))
    errors, found = await stored(tmp_path / "data", bundle)
    assert errors == [RowError("customers.csv", 4, "name", "is not valid UTF-8")]
    assert found == EVERYTHING - {"client C3"}


async def test_broken_utf8_inside_a_cell_of_two_lines(tmp_path: Path) -> None:
    bundle = write(tmp_path / "in", small())
    path = bundle / "notes.csv"
    path.write_bytes(path.read_bytes().replace("після".encode(), b"\xd0 "))
    errors, found = await stored(tmp_path / "data", bundle)
    assert errors == [RowError("notes.csv", 2, "text", "is not valid UTF-8")]
    assert found == EVERYTHING - {"note N1"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
async def test_a_bom_and_windows_lines_are_read(tmp_path: Path, encoding: str, newline: str) -> None:
    bundle = write(tmp_path / "in", small())
    for path in bundle.iterdir():
        path.write_bytes(path.read_text("utf-8").replace("\n", newline).encode(encoding))
    assert await stored(tmp_path / "data", bundle) == ([], EVERYTHING)


@pytest.mark.parametrize(("table", "column"), [(t, c) for t, names in COLUMNS.items() for c in names.split(",")])
async def test_a_missing_column_is_one_error(tmp_path: Path, table: str, column: str) -> None:
    bundle = write(tmp_path / "in", small())
    path = bundle / f"{table}.csv"
    header, rest = path.read_text("utf-8").split("\n", 1)
    path.write_text(header.replace(column, "renamed", 1) + "\n" + rest, "utf-8")
    errors, _ = await stored(tmp_path / "data", bundle)
    assert [(e.file, e.line, e.column) for e in errors] == [(f"{table}.csv", 1, column)]
    assert "is missing" in errors[0].reason


async def test_other_columns_and_another_order_of_columns_do_not_matter(tmp_path: Path) -> None:
    bundle = write(tmp_path / "in", small())
    for path in bundle.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = [[*reversed(row), "more"] for row in csv.reader(file)]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    assert await stored(tmp_path / "data", bundle) == ([], EVERYTHING)


@pytest.mark.parametrize(
    ("file", "missing"),
    [
        ("customers.csv", EVERYTHING - {"deal D3", "order O3"}),
        ("users.csv", EVERYTHING - {"client C2", "client C3", "order O2", "order O3", "note N2"}),
        ("products.csv", {"deal D1", "order O2"} | OF_O1),
        ("stages.csv", {"deal D1", "deal D2", "deal D3"}),
        ("deal_events.csv", {"deal D1", "deal D2", "deal D3"}),
        ("deals.csv", {"deal D1", "deal D2", "deal D3"}),
        ("orders.csv", {"order O1", "order O2", "order O3", "payment Y1", "note N1"}),
        ("order_lines.csv", {"order O1", "order O2", "order O3", "payment Y1", "note N1"}),
    ],
)
async def test_a_missing_file_is_one_error_and_the_rest_is_stored(tmp_path: Path, file: str, missing: set[str]) -> None:
    bundle = write(tmp_path / "in", small())
    (bundle / file).unlink()
    errors, found = await stored(tmp_path / "data", bundle)
    assert [(e.file, e.line, e.column) for e in errors] == [(file, 0, "")]
    assert "missing" in errors[0].reason
    assert found == EVERYTHING - missing


async def test_an_endless_quote_makes_the_file_worthless(tmp_path: Path) -> None:
    """Which orders lost their lines is not known: none is stored."""
    bundle = write(tmp_path / "in", small())
    path = bundle / "order_lines.csv"
    path.write_text(path.read_text("utf-8").replace("O1,2,P2", 'O1,2,"P2'), "utf-8")
    errors, found = await stored(tmp_path / "data", bundle)
    assert [(e.file, e.line, e.column) for e in errors] == [("order_lines.csv", 3, "")]
    assert found == EVERYTHING - {"order O1", "order O2", "order O3", "payment Y1", "note N1"}


async def test_a_row_with_too_few_cells(tmp_path: Path) -> None:
    bundle = write(tmp_path / "in", small())
    path = bundle / "order_lines.csv"
    path.write_text(path.read_text("utf-8").replace("O2,1,P2,0,10,,0.00,", "O2,1,P2"), "utf-8")
    errors, found = await stored(tmp_path / "data", bundle)
    assert errors == [RowError("order_lines.csv", 4, "", "has 3 cells, the header has 8")]
    assert found == EVERYTHING - {"order O2"}


@pytest.mark.parametrize(
    ("meta", "column"),
    [
        ({"as_of": ""}, "as_of"),
        ({"as_of": "soon"}, "as_of"),
        ({"as_of": "2027-01-01T00:00:00Z"}, "as_of"),
        ({"sales_source": "leads"}, "sales_source"),
        ({"base_currency": "XYZ"}, "base_currency"),
        ({"base_currency": ""}, "base_currency"),  # there are rates
        ({"base_currency": 5}, "base_currency"),
    ],
)
async def test_a_wrong_meta_stores_nothing(tmp_path: Path, meta: dict[str, Any], column: str) -> None:
    async with opened(tmp_path / "data") as log:
        report = await log.take(write(tmp_path / "in", small() | {"meta": meta}))
        assert [(e.file, e.column) for e in report.errors] == [("meta.json", column)]
        assert await log.events() == []


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b"\xef\xbb\xbf{\n1}"])
async def test_a_meta_that_is_no_object(tmp_path: Path, text: bytes) -> None:
    bundle = write(tmp_path / "in", small())
    (bundle / "meta.json").write_bytes(text)
    errors, found = await stored(tmp_path / "data", bundle)
    assert [e.file for e in errors] == ["meta.json"]
    assert found == set()


async def test_no_folder_and_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name, reason in [("file", "is not a folder"), ("nothing", "is not a folder"), ("empty", "is missing")]:
        errors, found = await stored(tmp_path / "data", tmp_path / name)
        assert len(errors) == 1
        assert reason in errors[0].reason
        assert found == set()


async def test_another_base_currency_stores_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as log:
        await log.take(write(tmp_path / "in", small()))
        before = await log.told()
        other = small() | {"meta": {"base_currency": "UAH", "dataset": "other"}}
        report = await log.take(write(tmp_path / "other", other))
        assert [(e.file, e.column) for e in report.errors] == [("meta.json", "base_currency")]
        assert await log.told() == before


async def test_a_repaired_file_adds_just_the_rest(tmp_path: Path) -> None:
    bad = small()
    CASES["time going back"][0](bad)
    CASES["unparsable date"][0](bad)
    CASES["duplicate payment"][0](bad)
    async with opened(tmp_path / "data") as log, opened(tmp_path / "once") as once:
        await log.take(write(tmp_path / "in", bad))
        report = await log.take(write(tmp_path / "in", small()))
        assert report.errors == []
        assert report.subjects == {"customers": 1, "deals": 1, "orders": 1, "payments": 1}  # it became a current one
        await once.take(write(tmp_path / "in", small()))
        assert set(await log.told()) == set(await once.told())


def test_errors_are_written_where_the_user_says(tmp_path: Path) -> None:
    errors = [RowError("deals.csv", 3, "amount", 'must be a number, not "x"'), RowError("users.csv", 0, "", "missing")]
    write_errors(errors, tmp_path / "out" / "errors.csv", tmp_path / "data")
    assert (tmp_path / "out" / "errors.csv").read_text("utf-8").splitlines() == [
        "file,line,column,reason",
        'deals.csv,3,amount,"must be a number, not ""x"""',
        "users.csv,,,missing",
    ]
    with pytest.raises(Invalid):
        write_errors(errors, tmp_path / "data" / "errors.csv", tmp_path / "data")
