"""The menu that every page has: only what there is and what the caller may (P26)."""

from __future__ import annotations

from gettext import NullTranslations

from services.gateway.pages.shell import Entry, Group, Shell
from services.kit.rights import Caller

CLIENTS = "/clients"
NUMBERS = "/"
NEW_CLIENT = "/clients/new"
IMPORT = "/clients/import"
EMPLOYEES = "/employees"
PROFILE = "/profile"
PALETTE = "/palette"


def shell(words: NullTranslations, caller: Caller, current: str, workspace: str = "") -> Shell:
    """Return the shell of a page under this entry of the menu."""
    entries = [Entry(words.gettext("Sales analytics"), NUMBERS, "chart-bar")]
    if caller.may("clients.read"):
        entries.insert(0, Entry(words.gettext("Clients"), CLIENTS, "users"))
    if caller.may("staff.read"):
        entries.append(Entry(words.gettext("Employees"), EMPLOYEES, "address-book"))
    entries.append(Entry(words.gettext("Profile"), PROFILE, "user"))
    search = PALETTE if caller.may("clients.read") else ""
    create = [Entry(words.gettext("Client"), NEW_CLIENT, "building")] if caller.may("clients.write") else []
    return Shell(
        menu=[Group(entries)],
        current=current,
        workspace=workspace,
        search=search,
        create=create,
        bottom=entries,
        imports=IMPORT if caller.may("clients.write", "clients.import") else "",
    )
