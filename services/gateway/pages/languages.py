"""The languages of the interface: which of them a browser wants, and its catalogue of messages (P14)."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "uk": "Українська", "ru": "Русский"}
"""Code → its own name. English is what the sources are written in."""
LOCALE = Path(__file__).parents[1] / "locale"


def preferred(accepted: str) -> str:
    """Return the language of an Accept-Language header's highest quality that there is, else English."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")[:20]):
        name, _, quality = part.partition(";q=")
        try:
            wanted.append((-float(quality or "1"), place, name.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return next((name for weight, _, name in sorted(wanted) if name in LANGUAGES and weight < 0), "en")


@cache
def catalogue(language: str) -> NullTranslations:
    """Return the messages of a language, read from its committed .po file; those in English are the sources' own."""
    if language == "en":
        return NullTranslations()
    with catalogue_file(language).open("rb") as file:
        messages = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


def catalogue_file(language: str) -> Path:
    """Return where the messages of a language are kept."""
    return LOCALE / f"{language}.po"
