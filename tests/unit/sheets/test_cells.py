"""Columns are matched by name in three languages, cells read without guessing (#5, S3.11 to S3.19, SPEC 4)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.problem import Invalid
from services.importer.sheets.cells import Problem, Surroundings, said
from services.importer.sheets.fields import FIELDS, NAMES, REQUIRED
from services.importer.sheets.matching import known, matched
from services.importer.sheets.phones import phones, region_of, region_of_zone, same_phone
from services.importer.sheets.table import Row, Table
from services.importer.sheets.words import key

AROUND = Surroundings("UA", {key("Олена Коваль"): ["e1"], key("Ivan"): ["e2", "e3"]})


def read(kind="clients", serials=True, **cells):
    """What one row says whose columns are called as given."""
    columns = tuple(cells)
    table = Table("t.csv", "0", 1, columns, [Row(2, tuple(cells.values()))], serials)
    return said(table.rows[0], matched(kind, columns, {}), table, AROUND)


def value(column, text):
    """The value of one cell, or the reason why there is none."""
    result = read(**{"Name": "x", column: text})
    if result.problems:
        return result.problems[0].reason
    return next(value for id, value in result.values.items() if id != "name")


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ("Name,Tax number,Phone,E-mail,Address,Status,Temperature,Discount,Currency,Language,Notes,Owner",
         "name,tax_id,phones,email,address,status,temperature,discount,currency,language,note,owner"),
        ("Назва,ЄДРПОУ,Тел.,Пошта,Адреса,Статус,Температура,Знижка %,Валюта,Мова,Нотатки,Відповідальний",
         "name,tax_id,phones,email,address,status,temperature,discount,currency,language,note,owner"),
        ("Контрагент,ИНН,Телефон,Почта,Адрес,СТАТУС,температура,Скидка,Валюта,Язык,Заметка,Ответственный",
         "name,tax_id,phones,email,address,status,temperature,discount,currency,language,note,owner"),
        ("ПІБ,ІПН,Моб. тел.,Телефон 2,День народження,Місто,Країна,Теги,Джерело,Категорія,Сегмент,Галузь",
         "name,tax_id,phones,phones,birthday,city,country,tags,source,category,segment,business_type"),
        ("Прізвище,Ім’я,По батькові,Контактна особа,Тип клієнта,Сайт",
         "last_name,name,patronymic,contact,kind,links"),
    ],
)  # fmt: skip
def test_columns_of_clients_are_known_in_three_languages(columns, fields):
    names = columns.split(",")
    matching = matched("clients", names, {})
    assert [field.id for field in matching.fields.values()] == fields.split(",")
    assert matching.left_out == ()
    assert known("clients")(names) == len(set(fields.split(",")))


def test_columns_of_contacts_and_notes():
    found = matched("contacts", ["ФИО", "Компания", "Должность", "Телефон", "Почта", "Телеграм"], {})
    assert [field.id for field in found.fields.values()] == [
        "name",
        "client",
        "position",
        "phones",
        "email",
        "telegram",
    ]
    found = matched("notes", ["Клієнт", "Нотатка", "Пріоритет", "Дата"], {})
    assert [field.id for field in found.fields.values()] == ["client", "text", "priority", "date"]


def test_every_field_is_known_by_its_id():
    assert all(NAMES[kind][key(field.id)] == field for kind, fields in FIELDS.items() for field in fields)


def test_what_is_not_matched_is_told():
    matching = matched("clients", ["Name", "Company", "Colour"], {})
    assert {place: field.id for place, field in matching.fields.items()} == {0: "name"}
    assert matching.left_out == ("Company", "Colour")


def test_by_hand_goes_before_names():
    matching = matched("clients", ["Name", "Company", "Colour"], {"Company": "name", "colour": "tags", "Name": ""})
    assert {place: field.id for place, field in matching.fields.items()} == {1: "name", 2: "tags"}


@pytest.mark.parametrize(
    ("by_hand", "words"),
    [
        ({"Nope": "name"}, "there is no column 'Nope'; the file has Name, Colour"),
        ({"Colour": "color"}, "there is no field 'color' of clients; choose one of name"),
        ({"Colour": "name", "Name": "name"}, "two columns are matched to one field"),
        ({"Name": ""}, "no column is known as the name of clients"),
    ],
)
def test_a_wrong_match_is_refused(by_hand, words):
    with pytest.raises(Invalid, match=words) as refusal:
        matched("clients", ["Name", "Colour"], by_hand)
    assert refusal.value.field == "map"


# ---------------------------------------------------------------- phones


@pytest.mark.parametrize(
    ("text", "region", "numbers"),
    [
        ("044 123-45-67", "UA", ["+380441234567"]),
        ("+38 (044) 123 45 67", None, ["+380441234567"]),
        ("441234567", "UA", ["+380441234567"]),  # a spreadsheet dropped the zero
        ("380441234567", "UA", ["+380441234567"]),
        ("380441234567", None, ["+380441234567"]),
        ("3.80441234567E+11", "UA", ["+380441234567"]),
        ("3,80441234567e+11", "UA", ["+380441234567"]),
        ("380441234567.0", "UA", ["+380441234567"]),
        ("8 (495) 123-45-67", "RU", ["+74951234567"]),
        ("0441234567, 0671234567; 0441234567", "UA", ["+380441234567", "+380671234567"]),
        ("0441234567 або 0671234567", "UA", ["+380441234567", "+380671234567"]),
        ("+1 212 555 0100 ext. 7", None, ["+12125550100 ext. 7"]),
        ("00380441234567", "UA", ["+380441234567"]),
    ],
)
def test_phones_are_recovered_exactly(text, region, numbers):
    assert phones(text, region) == numbers


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("3.8044E+11", "UA", "has lost digits in the spreadsheet; format the column as text"),
        ("3,80441E+11", "UA", "has lost digits"),
        ("044 123-45-67", None, "write it in full, with its country code"),
        ("call me", "UA", "call me is no phone number"),
        ("12", "UA", "12 is no phone number; write it in full$"),
        ("99999999999", None, "is no phone number"),
        ("0441234567, none", "UA", "none is no phone number"),
    ],
)
def test_phones_are_never_guessed(text, region, reason):
    with pytest.raises(ValueError, match=reason):
        phones(text, region)


def test_the_country_of_a_row_goes_before_that_of_the_workspace():
    assert read(Name="x", Phone="212 555 0100", Страна="США").values["phones"] == ["+12125550100"]
    assert "with its country code" in read(Name="x", Phone="0441234567", Country="Narnia").problems[0].reason


def test_countries_and_zones():
    assert [region_of(name) for name in ("Україна", "украина", "Ukraine", "ua", "Narnia")] == ["UA"] * 4 + [None]
    assert [region_of_zone(zone) for zone in ("Europe/Kyiv", "Europe/Kiev", "Europe/Warsaw", "UTC")] == [
        "UA",
        "UA",
        "PL",
        None,
    ]


def test_the_same_number_written_in_two_ways():
    assert same_phone("(044) 123-45-67", "UA") == same_phone("+380441234567", None)
    assert same_phone("12-34", "UA") == "1234"


# ---------------------------------------------------------------- other values


@pytest.mark.parametrize(
    ("column", "text", "wanted"),
    [
        ("Status", "Текущий", "current"), ("Status", "Поточний", "current"), ("Status", "Current", "current"),
        ("Status", "Потенциальные", "potential"), ("Status", "потенційний", "potential"),
        ("Status", "Lead", "potential"),
        ("Temperature", "Горячий", "hot"), ("Temperature", "Гарячий", "hot"), ("Temperature", "Hot", "hot"),
        ("Temperature", "Теплый", "warm"), ("Temperature", "Тёплый", "warm"), ("Temperature", "Холодний", "cold"),
        ("Temperature", "Не зацікавлений", "not_interested"), ("Temperature", "not interested", "not_interested"),
        ("Type", "Физ. лицо", "person"), ("Type", "Юрособа", "company"),
        ("Language", "Українська", "uk"), ("Language", "русский", "ru"), ("Language", "EN", "en"),
        ("Currency", "грн.", "UAH"), ("Currency", "$", "USD"), ("Currency", "eur", "EUR"), ("Currency", "руб", "RUB"),
        ("Discount", "10%", "10"), ("Discount", "7,5", "7.5"), ("Discount", "0", "0"),
        ("Birthday", "31.12.1985", "1985-12-31"), ("Birthday", "1985-12-31", "1985-12-31"),
        ("Birthday", "1985-12-31 00:00:00", "1985-12-31"), ("Birthday", "31/12/1985", "1985-12-31"),
        ("Birthday", "12/31/1985", "1985-12-31"), ("Birthday", "05/05/1985", "1985-05-05"),
        ("Birthday", "31412", "1985-12-31"), ("Birthday", "5.1.1985 г.", "1985-01-05"),
        ("Tags", "vip, опт;новий", ["vip", "опт", "новий"]),
        ("Tax number", "00012345", "00012345"), ("Tax number", "1.2345678E+7", "12345678"),
        ("E-mail", "mailto:a@b.example", "a@b.example"), ("Owner", "олена коваль", "e1"),
        ("City", "  Нова   Каховка".strip(), "Нова Каховка"),
    ],
)  # fmt: skip
def test_values_in_three_languages(column, text, wanted):
    assert value(column, text) == wanted


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("Status", "VIP", "'VIP' is not known here; write one of current, potential"),
        ("Temperature", "42", "write one of hot, warm, cold, not interested"),
        ("Currency", "тугрик", "is no currency; write a code such as EUR"),
        ("Discount", "101", "between 0 and 100"), ("Discount", "ten", "is no percentage"),
        ("Discount", "NaN", "is no percentage"),
        ("Birthday", "03/04/1985", "may be read in two ways; write it as 2026-12-31"),
        ("Birthday", "31.02.1985", "is no day of the calendar"), ("Birthday", "31.12.85", "is no date"),
        ("Birthday", "1985", "is no date"),
        ("E-mail", "a@b.example, c@d.example", "is no e-mail address; write one"), ("E-mail", "ab", "is no e-mail"),
        ("Tax number", "1.2E+9", "lost digits"), ("Owner", "Nobody", "there is no employee Nobody; add the employee"),
        ("Owner", "Ivan", "there are 2 employees named Ivan; write the id of one: e2, e3"),
        ("City", "#N/A", "is an error of the spreadsheet"), ("City", "a\x00", "NUL"),
        ("City", "x" * 301, "at most 300"),
        ("Notes", "x" * 20_001, "at most 20000"), ("Tags", "x" * 301, "more than 300"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_a_remedy(column, text, reason):
    assert reason in value(column, text)


def test_a_bare_number_is_no_date_where_workbooks_count_otherwise():
    assert read(Name="x", Birthday="31412", serials=False).problems[0].reason.startswith("'31412' is no date")


def test_problems_name_row_and_column_and_all_are_told():
    found = read(Name="x", Discount="ten", Phone="12").problems
    assert [(each.row, each.column) for each in found] == [(2, "Discount"), (2, "Phone")]
    assert found[0] == Problem(2, "Discount", "ten is no percentage; write a number such as 10 or 7,5")


def test_a_name_in_parts_is_put_together_in_the_order_of_its_columns():
    assert read(Фамилия="Іваненко", Имя="Іван", Отчество="Іванович").values == {"name": "Іваненко Іван Іванович"}
    assert read(**{"First name": "John", "Last name": "Smith"}).values == {"name": "John Smith"}
    assert read(**{"First name": "x" * 200, "Last name": "y" * 200}).problems[0].reason.startswith("the name has more")


def test_several_columns_of_one_field_are_joined():
    row = read(Name="x", Phone="0441234567", Mobile="0671234567", Note="a", Comment="b")
    assert row.values["phones"] == ["+380441234567", "+380671234567"]
    assert row.values["note"] == "a\nb"


@settings(max_examples=300)
@given(
    st.sampled_from([field for fields in FIELDS.values() for field in fields]),
    st.one_of(st.text(max_size=30), st.from_regex(r"[+0-9.,/ eE-]{1,20}", fullmatch=True)),
)
def test_any_text_in_any_field_is_a_value_or_a_problem(field, text):
    for kind, fields in FIELDS.items():
        if field in fields:
            columns = ("x", *REQUIRED[kind])
            by_hand = {"x": field.id} | {name: "" if name == field.id else name for name in REQUIRED[kind]}
            table = Table("t.csv", "0", 1, columns, [Row(2, (text.strip(), *["y"] * len(REQUIRED[kind])))])
            row = said(table.rows[0], matched(kind, columns, by_hand), table, AROUND)
            assert row.problems or row.values or not text.strip()
            assert all(problem.reason and problem.column in columns for problem in row.problems)
