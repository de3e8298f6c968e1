"""The menu that every page has: only what there is and what the caller may (P26)."""

from __future__ import annotations

from gettext import NullTranslations

from services.gateway.pages.shell import Entry, Group, Shell
from services.kit.rights import Caller

CLIENTS = "/clients"
CONTACTS = "/contacts"
NUMBERS = "/"
NEW_CLIENT = "/clients/new"
NEW_CONTACT = "/contacts/new"
IMPORT = "/clients/import"
EMPLOYEES = "/employees"
PROFILE = "/profile"
PALETTE = "/palette"
BELL = "/bell"


def shell(words: NullTranslations, caller: Caller, current: str, workspace: str = "") -> Shell:
    """Return the shell of a page under this entry of the menu. The bar of a phone has room for four entries."""
    reads, writes = caller.may("clients.read"), caller.may("clients.write")
    people = [
        Entry(words.gettext("Clients"), CLIENTS, "users"),
        Entry(words.gettext("Contacts"), CONTACTS, "address-book"),
    ]
    create = [
        Entry(words.gettext("Client"), NEW_CLIENT, "building"),
        Entry(words.gettext("Contact"), NEW_CONTACT, "user-plus"),
    ]
    numbers = Entry(words.gettext("Sales analytics"), NUMBERS, "chart-bar")
    staff = Entry(words.gettext("Employees"), EMPLOYEES, "id-badge-2")
    profile = Entry(words.gettext("Profile"), PROFILE, "user")
    bottom = [*(people if reads else []), *([numbers] if caller.may("numbers", "clients.read") else []), profile]
    entries = [*bottom[:-1], *([staff] if caller.may("staff.read") else []), profile]
    return Shell(
        menu=[Group(entries)],
        current=current,
        workspace=workspace,
        search=PALETTE if reads else "",
        bell=BELL if reads else "",
        create=create if writes else [],
        bottom=bottom,
        imports=IMPORT if caller.may("clients.write", "clients.import") else "",
        me=caller.actor,
    )
