"""Why something was refused is said in three languages, each sentence of it (#5, P14)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import contracts
import services
from contracts.problem import FieldError, Invalid, NotFound
from services.gateway.pages.languages import catalogue
from services.gateway.pages.refusals import said, told
from services.kit.web import words
from services.kit.web.problems import Fields
from tests.support.sentences import sentences

SERVICES, CONTRACTS = Path(services.__file__).parent, Path(contracts.__file__).parent
SAYS = {
    *("NotFound", "AlreadyExists", "Invalid", "UnknownReference", "IllegalMove", "ErasedClient", "Erased"),
    *("VersionConflict", "FutureDate", "Backdated", "Denied", "TooMany", "Unavailable", "ValueError"),
}
SOURCES = [
    *(SERVICES / "clients").rglob("*.py"),
    *(SERVICES / "gateway" / "domain").rglob("*.py"),
    *(SERVICES / "gateway" / "accounts").rglob("*.py"),
    *(SERVICES / "gateway").glob("edge*.py"),
    *(SERVICES / "kit" / name for name in ("handle.py", "codec.py", "rights.py", "web/asker.py")),
    *(CONTRACTS / name for name in ("base.py", "money.py", "clients/mentions.py")),
    *(SERVICES / "gateway" / "pages" / "mentions").glob("*.py"),
]
NOT_SHOWN = {
    "This is no cursor of this list: begin with the first page.",
    "no time",
    "none of 7 is set in 7",
}
"""Pages pass over a cursor that is none; the others are caught where they are raised."""


def told_of_fields() -> set[str]:
    """Return what is said of pydantic's errors, with 7 for what an error tells."""
    given: dict[str, Any] = dict.fromkeys(("max_length", "min_length", "ge", "gt", "le", "lt", "error"), "7")
    makers: dict[str, Callable[[dict[str, Any]], str]] = words._WITH
    found = {
        maker({**given, "pattern": "", "expected": "7"}) for kind, maker in makers.items() if kind != "value_error"
    }
    return (
        found | {makers["string_too_short"]({"min_length": 1})} | {*words._SIMPLE.values(), *words._PATTERNS.values()}
    )


ALL = sorted((sentences(SOURCES, SAYS) | told_of_fields()) - NOT_SHOWN)


def test_the_sentences_are_found():
    assert len(ALL) > 70
    assert {"there is no client 7", "must have at most 7 characters", "login or password is wrong"} <= set(ALL)


@pytest.mark.parametrize("language", ["uk", "ru"])
@pytest.mark.parametrize("sentence", ALL)
def test_why_it_was_refused_is_translated(sentence: str, language: str):
    line = said(catalogue(language), sentence)
    assert line != sentence
    assert line.count("7") == sentence.count("7"), "what stands in the gaps is kept"


def test_english_and_unknown_sentences_stay_as_they_are():
    assert said(catalogue("en"), "must not be empty") == "must not be empty"
    assert said(catalogue("ru"), "some other sentence") == "some other sentence"


def test_a_line_names_its_field_only_if_it_says_nothing_without():
    ru = catalogue("ru")
    assert told(ru, Invalid("must not be made of the login; choose something else", field="password")).startswith(
        "Пароль: "
    )
    assert not told(ru, NotFound("there is no account A-1", field="account_id")).startswith("account_id")
    both = Fields(
        [FieldError(field="name", message="must not be empty"), FieldError(field="x", message="must be text")]
    )
    assert told(catalogue("en"), both) == "Name: must not be empty; x: must be text"
