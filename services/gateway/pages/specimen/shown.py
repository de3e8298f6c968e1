"""What the specimen page shows: invented clients as cards, rows and options, and the shell around them."""

from __future__ import annotations

from collections.abc import Sequence
from gettext import NullTranslations
from typing import Any

from services.gateway.pages.shell import Entry, Group, News, Shell
from services.gateway.pages.specimen.people import CURRENCY, PEOPLE, Person
from services.gateway.pages.texts import Texts

UI = "/ui"
_MINUTE = 60_000


def sections(words: NullTranslations) -> list[tuple[str, str, str]]:
    """Return (id, title, icon) of the page's parts."""
    return [
        ("type", words.gettext("Type and colour"), "palette"),
        ("buttons", words.gettext("Buttons"), "plus"),
        ("marks", words.gettext("Badges and marks"), "tag"),
        ("forms", words.gettext("Forms"), "edit"),
        ("cards", words.gettext("Cards"), "address-book"),
        ("lists", words.gettext("Table"), "table"),
        ("states", words.gettext("States of a list"), "inbox"),
        ("overlays", words.gettext("Dialogs and panels"), "stack-2"),
        ("progress", words.gettext("Progress and files"), "upload"),
    ]


def shell(words: NullTranslations, texts: Texts) -> Shell:
    """Return a shell with everything that a shell can have; its menu leads through the page."""
    parts = [Entry(title, f"{UI}#{part}", sign) for part, title, sign in sections(words)]
    parts[5] = Entry(parts[5].label, parts[5].address, parts[5].icon, texts.count(len(PEOPLE)))
    home = Entry(words.gettext("Sales analytics"), "/", "chart-bar")
    here = Entry(words.gettext("Specimen"), UI, "components")
    return Shell(
        menu=[Group([home, here]), Group(parts, words.gettext("Components"))],
        current=UI,
        workspace="Voronka",
        search=f"{UI}/search",
        create=[
            Entry(words.gettext("Client"), f"{UI}#forms", "building"),
            Entry(words.gettext("Note"), f"{UI}#forms", "note"),
        ],
        news=[
            News(words.gettext("Olena mentioned you in a note"), texts.ago(5 * _MINUTE), f"{UI}#cards", unread=True),
            News(words.gettext("The import of 2,314 clients is done"), texts.ago(180 * _MINUTE), f"{UI}#progress"),
        ],
        bottom=[home, parts[4], parts[5], parts[3]],
    )


def panel_address(number: int) -> str:
    """Return the address of the list with a client's panel open."""
    return f"{UI}?panel={number}#lists"


def card(texts: Texts, person: Person) -> dict[str, Any]:
    """Return what a card and a panel show (S3.4)."""
    return {
        "name": person.name,
        "number": person.number,
        "address": panel_address(person.number),
        "panel": f"{UI}/panel/{person.number}",
        "email": person.email,
        "phone": person.phone,
        "where": person.where,
        "status": person.status,
        "temperature": person.temperature,
        "note": person.note,
        "priority": person.priority,
        "discount": texts.percent(person.discount) if person.discount else "",
        "figures": True,
        "sales": texts.money(person.sales[1]),
        "in_work": texts.money(person.in_work[1]),
        "balance": texts.money(person.balance),
        "currency": CURRENCY,
        "owes": person.balance < 0,
    }


def row(texts: Texts, person: Person) -> dict[str, Any]:
    """Return a row of the table: the client and its numbers (S1.4 to S1.10)."""
    pairs = (person.sales, person.in_work, person.refused)
    (sales, in_work, refused) = [(texts.count(count), texts.money(total)) for count, total in pairs]
    return {
        **card(texts, person),
        "cells": [*sales, texts.money(person.average), *in_work, *refused],
    }


def totals(texts: Texts, people: Sequence[Person]) -> list[str]:
    """Return the numbers of the totals row."""

    def total(name: str) -> tuple[int, int]:
        pairs = [getattr(person, name) for person in people]
        return sum(count for count, _ in pairs), sum(amount for _, amount in pairs)

    (sold, sales), (open_, in_work), (lost, refused) = total("sales"), total("in_work"), total("refused")
    return [
        texts.count(sold), texts.money(sales), texts.money(sales // sold if sold else 0),
        texts.count(open_), texts.money(in_work), texts.count(lost), texts.money(refused),
    ]  # fmt: skip
