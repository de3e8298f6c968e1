"""Every text of the interface is there in Ukrainian and Russian, and catalogues are those of the sources (P14)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.gateway.pages import languages, messages
from services.gateway.pages.languages import catalogue, catalogue_file, preferred
from services.gateway.pages.messages import TRANSLATED, extracted, read, renewed

PLACES = re.compile(r"%\(\w+\)s|\{\}|%%")


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogues_are_those_of_the_sources(language: str):
    assert catalogue_file(language).read_bytes() == renewed(language), "run make texts"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_none_is_doubtful(language: str):
    found = read(language)
    lacking = [message.id for message in found if message.id and not all(forms(message.string))]
    assert lacking == []
    assert [message.id for message in found if message.id and message.fuzzy] == []
    assert len(found) > 100


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_places_of_their_message(language: str):
    for message in read(language):
        if not message.id:
            continue
        last = forms(message.id)[-1]
        for text in forms(message.string):
            assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(last)), (message.id, text)


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_are_in_their_own_alphabet(language: str):
    foreign = {"uk": "ыэёъ", "ru": "ґєії"}[language]
    for message in read(language):
        for text in forms(message.string) if message.id else ():
            plain = text.replace("Зоря", "")
            assert not set(plain.lower()) & set(foreign), text


def forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())  # type: ignore[arg-type]


def test_both_pages_and_templates_are_read():
    found = {message.id for message in extracted() if isinstance(message.id, str)}
    assert {"Average check", "Skip to content", "Export"} <= found


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("uk", ["1 зміна", "3 зміни", "5 змін", "21 зміна", "11 змін"]),
        ("ru", ["1 изменение", "3 изменения", "5 изменений", "21 изменение", "11 изменений"]),
        ("en", ["1 change", "3 changes", "5 changes", "21 changes", "11 changes"]),
    ],
)
def test_plurals_follow_the_language(language: str, texts: list[str]):
    words = catalogue(language)
    made = [words.ngettext("%(num)s change", "%(num)s changes", n) % {"num": n} for n in (1, 3, 5, 21, 11)]
    assert made == texts


def test_a_new_message_waits_untranslated_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(languages, "LOCALE", tmp_path)
    for language in TRANSLATED:
        (tmp_path / f"{language}.po").write_text('msgid "Save"\nmsgstr "X"\n\nmsgid "Gone"\nmsgstr "Y"\n')
    with pytest.raises(SystemExit):
        messages.main()
    assert "not translated: 'Cancel'" in capsys.readouterr().err
    kept = {message.id: message.string for message in read("uk")}
    assert (kept["Save"], kept["Cancel"], "Gone" in kept) == ("X", "", False)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("uk", "uk"), ("de,ru;q=0.5,en;q=0.4", "ru"), ("uk;q=0", "en"), ("", "en"), ("en;q=zero", "en"), ("RU-ru", "ru")],
)
def test_the_browsers_language_of_the_highest_quality(accepted: str, language: str):
    assert preferred(accepted) == language
