"""What the importer says is said in three languages, each sentence of it (#5, P14)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.gateway.pages.imports.fields import alike, labels
from services.gateway.pages.imports.words import said
from services.gateway.pages.languages import catalogue
from services.importer import sheets
from services.importer.desk import desk
from services.importer.sheets.fields import FIELDS
from tests.support.sentences import sentences

FOLDER = Path(sheets.__file__).parent
SAYS = {"ValueError", "wrong", "refused", "Invalid", "IllegalMove", "reject", "Unavailable"}
"""Calls whose last text is what people are told."""
NOT_SHOWN = {
    "there is no field 7 of 7; choose one of 7",
    "there is no column 7; the file has 7",
    "7: 7",
    "7: 7; save it as CSV in UTF-8, or as XLSX",
    "7 7; correct it",
    "the workspace is being loaded; try again in a moment",
}
"""Of the command line alone; put together of others, which are looked for; or of pydantic."""


ALL = sorted(
    sentences(
        [*FOLDER.glob("*.py"), FOLDER.parent / "sink.py", Path(desk.__file__)],
        SAYS,
        begins="it was ",
        told_of="refused",
    )
    - NOT_SHOWN
)


def test_the_sentences_are_found():
    assert len(ALL) > 45
    assert "7: it is empty; choose a file with a header row and rows below it" in ALL
    assert "7 is no date; write it as 2026-12-31 or 31.12.2026" in ALL


@pytest.mark.parametrize("language", ["uk", "ru"])
@pytest.mark.parametrize("sentence", [each.replace("it in full7", "it in full") for each in ALL])
def test_what_the_importer_says_is_translated(sentence: str, language: str):
    told = said(catalogue(language), sentence)
    assert told != sentence
    assert told.count("7") == sentence.count("7"), "what stands in the gaps is kept"


@pytest.mark.parametrize("reason", ["it has a deal", "changed again since: phones, 7", desk._FAILED])
def test_reasons_of_an_undo_are_translated(reason: str):
    assert said(catalogue("ru"), reason) != reason


def test_english_and_unknown_sentences_stay_as_they_are():
    for text in ("the name is missing; fill it in, or delete the row", "some other sentence", ""):
        assert said(catalogue("en"), text) == text
    assert said(catalogue("ru"), "some other sentence") == "some other sentence"
    assert said(catalogue("ru"), "changed again since: phones, city").endswith(": Телефоны, Город")


def test_what_people_wrote_is_kept_as_it_is():
    wanted = "50 % (a); b is no date; write it as 2026-12-31 or 31.12.2026"
    assert said(catalogue("uk"), wanted).startswith("50 % (a); b — не дата")


def test_every_field_has_a_name():
    known: dict[Any, Any] = labels(catalogue("ru"))
    assert {field.id for fields in FIELDS.values() for field in fields} == set(known)


def test_whom_a_row_matched_is_said():
    assert alike(catalogue("ru"), "phone", "row 6") == "телефон: строка 6"
    assert alike(catalogue("en"), "e-mail", "#4 100 % Ltd") == "the email of #4 100 % Ltd"
    assert alike(catalogue("en"), "text", "a note of the same text") == "there is a note of the same text"
    assert alike(catalogue("en"), "something", "#4 A") == "#4 A"
