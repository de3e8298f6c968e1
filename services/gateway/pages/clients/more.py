"""What the menu "…" of the list of clients offers: only what there is and what the caller may."""

from __future__ import annotations

from gettext import NullTranslations

from services.gateway.pages.clients.asked import Asked
from services.gateway.pages.menu import IMPORT
from services.gateway.pages.shell import Entry
from services.kit.rights import Caller

EXPORT = "/clients/export"


def entries(words: NullTranslations, caller: Caller, asked: Asked) -> list[Entry]:
    """Return the entries of the menu, for the list as it is filtered now."""
    found: list[Entry] = []
    if caller.may("clients.write", "clients.import"):
        found.append(Entry(words.gettext("Import from a file"), IMPORT, "upload"))
    if caller.may("export"):
        found.append(Entry(words.gettext("Export"), asked.address(EXPORT), "download"))
    return found
