"""Spreadsheet files are read as what they are, or refused with their name and a remedy (#5)."""

import struct
import zipfile
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import MAC_EPOCH

from contracts.problem import Invalid
from services.importer.sheets import guard
from services.importer.sheets.reading import letters, read
from services.importer.sheets.table import Row

UKRAINIAN = "Назва;Телефон;Місто\nТОВ «Ромашка»;0441234567;Київ\nЇжак і Ґанок;;Львів\nОлександр Кириленко;;Ємільчине\n"
RUSSIAN = "Имя;Телефон;Город\nООО «Ромашка»;0441234567;Москва\nИванов Пётр;;Самара\nКозлов Артём;;Йошкар-Ола\n"
CAPITALS = "ИМЯ;ТЕЛЕФОН;ГОРОД\nИВАНОВ ПЁТР;;МОСКВА\nСИДОРОВ;;РЯЗАНЬ\n"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251")


def none(_):
    return 0


def cells(text, encoding="utf-8", file="list.csv"):
    table = read(file, text.encode(encoding), none)
    return [table.columns, *(row.cells for row in table.rows)]


def book(*rows, title="Sheet", empty_first=False, **formats):
    made = openpyxl.Workbook()
    sheet = made.active
    if empty_first:
        sheet.title, sheet = "Empty", made.create_sheet()
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for cell, shown in formats.items():
        sheet[cell].number_format = shown
    return saved(made)


def saved(made):
    file = BytesIO()
    made.save(file)
    return file.getvalue()


def with_part(data, name, content, flag=0):
    """The workbook with one part replaced or added."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part.filename, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


def sheet_xml(inner, before=""):
    spaces = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{spaces}"><sheetData>{inner}</sheetData></worksheet>'


SHEET = "xl/worksheets/sheet1.xml"
COLUMN_501 = sheet_xml('<row r="1"><c r="A1"><v>1</v></c><c r="SG1"><v>1</v></c></row>')
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
INLINE = '<row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c></row>'
SMALL = book(["Name"], ["Acme"])


@pytest.mark.parametrize("text", [UKRAINIAN, RUSSIAN, CAPITALS], ids=["uk", "ru", "capitals"])
@pytest.mark.parametrize("encoding", [*ENCODINGS, "koi8_u", "koi8_r", "cp866"])
def test_cyrillic_in_any_usual_encoding(text, encoding):
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("«", "").replace("»", "").translate(str.maketrans("іІґҐїЇєЄ", "иИгГйЙеЕ"))
    assert [";".join(row) for row in cells(text, encoding)] == text.splitlines()


def test_western_encoding():
    assert cells("Name;City\nMüller;Köln\nGarçon;Orléans\n", "cp1252")[1:] == [
        ("Müller", "Köln"),
        ("Garçon", "Orléans"),
    ]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_separators_and_quotes_with_line_breaks(sign):
    text = sign.join(["Name", "Note"]) + "\r\n" + sign.join(["Acme", '"one, two; three\r\nfour ""five"""']) + "\r\n"
    assert cells(text) == [("Name", "Note"), ("Acme", 'one, two; three\r\nfour "five"')]


def test_excels_own_line_names_the_separator():
    assert cells("sep=|\nName|City;Town\nAcme|Kyiv\n") == [("Name", "City;Town"), ("Acme", "Kyiv")]


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    table = read("l.csv", b'Name,Note\n\nA,"x\ny"\nB,z\n', none)
    assert (table.header, [row.number for row in table.rows]) == (1, [3, 4])
    table = read("l.xlsx", book(["Name", "Note"], [], ["A", "x"]), none)
    assert table.rows == [Row(3, ("A", "x"))]


def test_the_header_is_the_row_with_most_known_names():
    text = b"Report,,\nof,May,2026\nName,Phone,City\nAcme,1,Kyiv\n"
    table = read("l.csv", text, lambda row: sum(cell in ("Name", "Phone") for cell in row))
    assert (table.header, table.columns) == (3, ("Name", "Phone", "City"))
    assert read("l.csv", text, none).header == 2  # the first with two cells


def test_columns_without_a_name_or_with_one_of_another():
    assert cells("Phone,,Phone,Phone\n1,2,3,4\n")[0] == ("Phone", "Column B", "Phone (2)", "Phone (3)")
    assert [letters(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_row_longer_than_the_header_keeps_its_cells():
    assert cells("Name,City\nAcme,Kyiv,more\n") == [("Name", "City", "Column C"), ("Acme", "Kyiv", "more")]


def test_numbers_of_a_workbook_are_text_without_loss():
    data = book(
        ["a", "b", "c", "d", "e", "f", "g", "h"],
        [380441234567, 0.1, 7, 1234.5, 12345678901234567890, True, date(2026, 12, 31),
         datetime.fromisoformat("2026-01-02 03:04")],
        [3.80441234567e11, 0.075, 70001, 1e-7, -3, "  x ", None, 45.0],
        B2="0%", B3="0.0%", C2="00000", C3="00000",
    )  # fmt: skip
    assert [row.cells for row in read("n.xlsx", data, none).rows] == [
        ("380441234567", "10%", "00007", "1234.5", "1.23456789012346E+19", "1", "2026-12-31", "2026-01-02 03:04:00"),
        ("380441234567", "7.5%", "70001", "0.0000001", "-3", "x", "", "45"),
    ]


def test_days_and_spans_of_a_workbook():
    data = book(["a", "b", "c"], [45000.25, 0.5, 3e9], A2="d.m.yy h:mm", B2="[h]:mm:ss", C2="yyyy-mm-dd")
    assert read("t.xlsx", data, none).rows[0].cells == ("2023-03-15 06:00:00", "12:00:00", "#VALUE!")


def test_a_day_written_as_a_day():
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2" t="d"><v>2026-05-01T00:00:00</v></c></row>'
    assert read("t.xlsx", with_part(SMALL, SHEET, sheet_xml(rows)), none).rows[0].cells == ("2026-05-01",)


def moved(data, part, to):
    """The workbook with its sheet in another part."""
    links = "xl/_rels/workbook.xml.rels"
    with zipfile.ZipFile(BytesIO(data)) as archive:
        told = archive.read(links).decode().replace("worksheets/sheet1.xml", to)
    return with_part(with_part(data, links, told), f"xl/{to}", part)


@pytest.mark.parametrize("to", ["elsewhere/sheet1.xml", "worksheets/sheet1.bin"])
def test_a_sheet_where_none_is_expected_has_the_same_limits(to):  # TORTURE S4
    assert read("t.xlsx", moved(SMALL, sheet_xml("<row><c><v>1</v></c></row>" * 2), to), none).rows[0].cells == ("1",)
    assert "more than 500 columns" in outcome("t.xlsx", moved(SMALL, COLUMN_501, to))[1]
    assert "declares entities" in outcome("t.xlsx", moved(SMALL, sheet_xml(INLINE, LAUGHS), to))[1]


def test_bare_numbers_are_no_days_in_a_workbook_that_counts_otherwise():
    made = openpyxl.Workbook()
    made.active.append(["Birthday"])
    made.active.append([date(1990, 5, 1)])
    assert read("n.xlsx", saved(made), none).serials
    made.epoch = MAC_EPOCH
    table = read("n.xlsx", saved(made), none)
    assert (table.serials, table.rows[0].cells) == (False, ("1990-05-01",))


def test_the_first_sheet_that_holds_something_or_the_named_one():
    assert read("n.xlsx", book(["Name"], ["Acme"], empty_first=True), none).rows[0].cells == ("Acme",)
    with pytest.raises(Invalid, match=r"n\.xlsx: it has no sheet 'Nope'; choose one of 'Empty', 'Sheet'"):
        read("n.xlsx", book(["Name"], empty_first=True), none, sheet="Nope")
    with pytest.raises(Invalid, match="it is empty"):
        read("n.xlsx", book(["Name"], ["Acme"], empty_first=True), none, sheet="Empty")


def test_links_of_cells_are_no_links_to_files():
    made = openpyxl.Workbook()
    made.active.append(["Name", "E-mail"])
    made.active.append(["Acme", "a@acme.example"])
    made.active["B2"].hyperlink = "mailto:a@acme.example"
    assert read("n.xlsx", saved(made), none).rows[0].cells == ("Acme", "a@acme.example")


def test_the_digest_is_that_of_what_was_read():
    two = openpyxl.Workbook()
    for sheet in (two.active, two.create_sheet("Second")):
        sheet.append(["Name"])
        sheet.append(["Acme"])
    data = saved(two)
    assert read("a.xlsx", data, none).digest == read("b.xlsx", data, none).digest
    assert read("a.xlsx", data, none).digest != read("a.xlsx", data, none, "Second").digest


# ---------------------------------------------------------------- refused


BOMB = with_part(SMALL, SHEET, sheet_xml("<row><c><v>1</v></c></row>" * 600_000))
FILES = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
WIDE = sheet_xml('<row r="1">' + "<c><v>1</v></c>" * 20_000 + "</row>")
EMPTY = sheet_xml('<row r="1">' + "<c/>" * 1_000_000 + "</row>" + '<row r="2"><c r="A2"><v>1</v></c></row>')
FAR = sheet_xml('<row r="1"><c r="ZZZZZZ1"><v>1</v></c></row>')


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOMB, "it unpacks to"),
        (with_part(SMALL, SHEET, WIDE), "more than 500 columns"),
        (with_part(SMALL, SHEET, FAR), "more than 500 columns"),
        (with_part(SMALL, SHEET, COLUMN_501), "more than 500 columns"),
        (with_part(SMALL, SHEET, sheet_xml('<row r="99999999999"/>')), "a row numbered '99999999999'"),
        (with_part(SMALL, SHEET, sheet_xml('<row r="²"/>')), "a row numbered '²'"),
        (with_part(SMALL, SHEET, sheet_xml(INLINE, LAUGHS)), "declares entities"),
        (with_part(SMALL, SHEET, sheet_xml(INLINE, FILES)), "declares entities"),
        (with_part(SMALL, "xl/sharedStrings.xml", LAUGHS + "<sst/>"), "declares entities"),
        (with_part(SMALL, SHEET, sheet_xml(INLINE, LAUGHS).encode("utf-16")), "declares entities"),
        (with_part(SMALL, "xl/externalLinks/externalLink1.xml", "<externalLink/>"), "takes values from other files"),
        (with_part(SMALL, SHEET, "<worksheet>"), "it is damaged"),
        (with_part(SMALL, SHEET, sheet_xml('<row r="1"><c r="A1" t="s"><v>77</v></c></row>')), "it cannot be read"),
        (SMALL[:-200], "it is damaged"),
        (b"PK\x03\x04 no archive", "it is damaged"),
        (with_part(b"PK\x05\x06" + bytes(18), "a.txt", "a"), "it holds no XLSX workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "protected by a password or of the old XLS kind"),
        (b"", "it is empty"),
        (b"\n\n ;\n", "it is empty"),
        (b"Name;Phone\n\n", "there is no row below the header in row 1"),
        (b'Name\n"open\n', "row 2 is no CSV"),
        (b'Name,City\nA,B\n"x"y,z\n', "row 3 is no CSV"),
        (b"\xff\xfea", "it is no valid UTF-16"),
        (b'Name\n"' + b"x" * 100_001 + b'"\n', "row 2 has a cell of more than 100,000 signs"),
        (b"," * 500 + b"x\n", "more than 500 columns"),
    ],
)  # fmt: skip
def test_hostile_and_broken_files_are_refused(data, words):  # TORTURE S4
    with pytest.raises(Invalid, match=words) as refusal:
        read("clients.xlsx", data, none)
    assert refusal.value.detail.startswith("clients.xlsx: ")
    assert refusal.value.field == "file"


def test_a_password_of_the_archive_is_named():
    data = bytearray(SMALL)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        flags = struct.unpack_from("<H", data, at + 8)[0]
        struct.pack_into("<H", data, at + 8, flags | 1)
        at = data.find(b"PK\x01\x02", at + 4)
    with pytest.raises(Invalid, match="protected by a password"):
        read("c.xlsx", bytes(data), none)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOMB, "unpacks"),
        (with_part(SMALL, SHEET, WIDE), "more than 500 columns"),
        (with_part(SMALL, SHEET, FAR), "more than 500 columns"),
        (with_part(SMALL, SHEET, EMPTY), "more than 500 columns"),
        (with_part(SMALL, "xl/externalLinks/externalLink1.xml", "<externalLink/>"), "from other files"),
    ],
    ids=["bomb", "columns", "far column", "empty columns", "external links"],
)
def test_limits_are_checked_before_the_library_reads(monkeypatch, data, words):  # TORTURE S4
    monkeypatch.setattr("openpyxl.load_workbook", pytest.fail)
    with pytest.raises(Invalid, match=words):
        read("c.xlsx", data, none)


def test_rows_and_size_are_limited(monkeypatch):
    monkeypatch.setattr("services.importer.sheets.table.ROWS", 3)
    monkeypatch.setattr("services.importer.sheets.reading.FILE_BYTES", 1_000_000)
    text = b"Name,City\n" + b"a,b\n" * 4
    with pytest.raises(Invalid, match="more than 3 rows"):
        read("c.csv", text, none)
    with pytest.raises(Invalid, match="more than 3 rows"):
        read("c.xlsx", book(["Name"], *[["a"]] * 4), none)
    with pytest.raises(Invalid, match="larger than 1 MB"):
        read("c.csv", b"x" * 1_000_001, none)


def test_the_guard_takes_what_programs_write():
    guard.check("c.xlsx", book(*[[f"name {n}", n, n / 7] for n in range(500)]))


CELL = st.text(max_size=20)
ROWS_OF_TEXT = st.lists(st.lists(CELL, max_size=5), max_size=8)


def outcome(file, data):
    """The table, or what is said of the file."""
    try:
        return read(file, data, none), ""
    except Invalid as refusal:
        return None, refusal.detail


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.binary(), ROWS_OF_TEXT.map(lambda rows: "\n".join(";".join(row) for row in rows))))
def test_any_text_is_rows_or_refused(content):
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    table, refusal = outcome("any.csv", data)
    if table is None:
        assert refusal.startswith("any.csv: ")
    else:
        assert table.rows
        assert all(len(row.cells) == len(table.columns) == len(set(table.columns)) for row in table.rows)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.sampled_from([SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]))
def test_any_part_of_a_workbook_is_rows_or_refused(content, part):
    text = sheet_xml(content) if part == SHEET else content
    table, refusal = outcome("any.xlsx", with_part(SMALL, part, text.encode("utf-8", "surrogatepass")))
    assert table.rows if table else refusal.startswith("any.xlsx: ")
