"""What the menu "…" of a list offers: only what there is and what the caller may."""

from __future__ import annotations

from gettext import NullTranslations

from services.gateway.pages.menu import CLIENTS, CONTACTS, IMPORT
from services.gateway.pages.shell import Entry
from services.kit.rights import Caller

EXPORT = f"{CLIENTS}/export"
EXPORT_CONTACTS = f"{CONTACTS}/export"


def entries(words: NullTranslations, caller: Caller, export: str) -> list[Entry]:
    """Return the entries of the menu, `export`: where the list as it is filtered now is taken
    out."""
    found: list[Entry] = []
    if caller.may("clients.write", "clients.import"):
        found.append(Entry(words.gettext("Import from a file"), IMPORT, "upload"))
    if caller.may("export"):
        found.append(Entry(words.gettext("Export"), export, "download"))
    return found
