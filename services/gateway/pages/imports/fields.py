"""The names of what a column can be, as the pages say them (S3.11 to S3.19, S1.15)."""

from __future__ import annotations

from gettext import NullTranslations


def labels(words: NullTranslations) -> dict[str, str]:
    """Return field id → its name, in the order in which they are offered."""
    _ = words.gettext
    return {
        "name": _("Name"),
        "last_name": _("Last name"),
        "first_name": _("First name"),
        "patronymic": _("Patronymic"),
        "client": _("Client"),
        "kind": _("Kind"),
        "tax_id": _("Tax number"),
        "contact": _("Contact person"),
        "contact_position": _("Position of the contact person"),
        "position": _("Position"),
        "email": _("Email"),
        "phones": _("Phones"),
        "telegram": _("Telegram"),
        "address": _("Address"),
        "birthday": _("Birthday"),
        "links": _("Links"),
        "country": _("Country"),
        "city": _("City"),
        "category": _("Category"),
        "segment": _("Segment"),
        "business_type": _("Business type"),
        "source": _("Source"),
        "tags": _("Tags"),
        "owner": _("Owner"),
        "status": _("Status"),
        "temperature": _("Temperature"),
        "discount": _("Discount"),
        "currency": _("Currency"),
        "language": _("Language"),
        "note": _("Note"),
        "text": _("Text"),
        "priority": _("Priority"),
        "date": _("Date"),
    }


def kinds(words: NullTranslations) -> list[tuple[str, str]]:
    """Return what the rows of a file may be, with its name."""
    return [
        ("clients", words.gettext("Clients")),
        ("contacts", words.gettext("Contact persons")),
        ("notes", words.gettext("Notes")),
    ]


def ways(words: NullTranslations) -> list[tuple[str, str]]:
    """Return what can be done with rows of somebody who is there already."""
    return [
        ("skip", words.gettext("Skip the row")),
        ("update", words.gettext("Update what is there")),
        ("create", words.gettext("Create one more")),
    ]


def alike(words: NullTranslations, what: str, whose: str) -> str:
    """Say whom a row matched, and by what."""
    known = {
        "phone": words.gettext("the phone of %(name)s"),
        "e-mail": words.gettext("the email of %(name)s"),
        "tax number": words.gettext("the tax number of %(name)s"),
        "name": words.gettext("the name of %(name)s"),
        "text": words.gettext("there is a note of the same text"),
        "an earlier import": words.gettext("from an earlier import of this file: %(name)s"),
    }
    if whose.startswith("row "):
        whose = words.gettext("row %(number)s") % {"number": whose.removeprefix("row ")}
    return known.get(what, "%(name)s") % {"name": whose}
