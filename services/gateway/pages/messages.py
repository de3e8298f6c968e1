"""Keeps the catalogues of messages equal to the sources: `make texts`. What is new there waits to be translated."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from services.gateway.pages.languages import LANGUAGES, catalogue_file

_SOURCES = Path(__file__).parents[1]
_METHODS = [("pages/**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS = {
    "templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
}
_BEGUN = datetime(2026, 11, 27, tzinfo=UTC)
"""A catalogue tells no other time: it would change with every run."""
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")


def extracted() -> Catalog:
    """Return all messages of pages and templates, untranslated."""
    found = Catalog()
    for _, _, message, _, context in extract_from_dir(_SOURCES, _METHODS, _OPTIONS, DEFAULT_KEYWORDS):
        found.add(message, context=context)
    return found


def read(language: str) -> Catalog:
    """Return the catalogue of a language as it is committed; an empty one if there is none."""
    path = catalogue_file(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def renewed(language: str) -> bytes:
    """Return the file of a catalogue as it has to be: the sources' messages with the translations that there are."""
    old = read(language)
    new = Catalog(
        locale=language,
        project="Voronka",
        version="1",
        header_comment=f"# Voronka in {LANGUAGES[language]}; written by `make texts`, translated by hand.",
        creation_date=_BEGUN,
        revision_date=_BEGUN,
        msgid_bugs_address="none",
        last_translator="Voronka",
        language_team="Voronka",
        fuzzy=False,
    )
    for message in extracted():
        if message.id:
            kept = old.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
            new.add(message.id, kept.string if kept else None, context=message.context)
    file = BytesIO()
    write_po(file, new, width=0, no_location=True, sort_output=True)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b'"Generated-By:'))


def main() -> None:
    """Write the catalogues anew and tell what is not translated. Raises SystemExit(1) then."""
    lacking = 0
    for language in TRANSLATED:
        catalogue_file(language).write_bytes(renewed(language))
        for message in read(language):
            texts = [message.string] if isinstance(message.string, str) else message.string
            if message.id and not all(texts or [""]):
                lacking += 1
                sys.stderr.write(f"{catalogue_file(language).name}: not translated: {message.id!r}\n")
    if lacking:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
