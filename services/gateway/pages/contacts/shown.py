"""How a contact person is written for list, panel and page (S1.15, P3, P23)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from gettext import NullTranslations
from typing import Any
from urllib.parse import quote

from services.gateway.pages.clients import shown as clients
from services.gateway.pages.menu import CONTACTS
from services.gateway.pages.texts import Texts

_HANDLE = re.compile(r"(?:(?:https?://)?(?:t|telegram)\.me/)?@?([a-z]\w{2,31}|\+\d{7,15})/?", re.ASCII | re.IGNORECASE)
_LOOSE = re.compile(r"[\s().-]")


def address(contact_id: str, *more: str) -> str:
    """Return the address of a contact person's page, or of a part of it."""
    return "/".join([CONTACTS, quote(contact_id, safe=""), *more])


@dataclass(frozen=True)
class Person:
    """A contact person as templates write it. `phones`: (address, as typed); `telegram_at`: empty for what is no name
    and no number there."""

    id: str
    number: int
    name: str
    erased: bool
    address: str
    position: str
    phones: Sequence[tuple[str, str]]
    email: str
    telegram: str
    telegram_at: str
    main: bool = False

    @property
    def panel(self) -> str:
        """What the side panel shows."""
        return f"{self.address}/panel"


def person(contact: Any, main_id: str | None = None) -> Person:
    """Return a contact person; the main one of the client is the one with this id (P23)."""
    telegram, at = _telegram(contact.telegram or "")
    return Person(
        id=contact.contact_id,
        number=contact.number,
        name=contact.name,
        erased=contact.erased_at is not None,
        address=address(contact.contact_id),
        position=contact.position or "",
        phones=[(f"tel:{_LOOSE.sub('', phone)}", phone) for phone in contact.phones],
        email=contact.email or "",
        telegram=telegram,
        telegram_at=at,
        main=contact.contact_id == main_id,
    )


def _telegram(text: str) -> tuple[str, str]:
    """Return (how it is shown, address) of a Telegram name, number or link; no address if it is none."""
    found = _HANDLE.fullmatch(_LOOSE.sub("", text) if text.startswith("+") else text.strip())
    if found is None:
        return text, ""
    handle = found[1]
    return text if handle.startswith("+") else f"@{handle}", f"https://t.me/{handle}"


def company(client: Any | None) -> tuple[str, str]:
    """Return (name, address) of a person's client; empty ones where it is not known, or was erased."""
    return (client.name, clients.address(client.client_id)) if client is not None and not client.erased else ("", "")


def numbers(texts: Texts, words: NullTranslations, metrics: Any | None) -> list[tuple[str, str, str]]:
    """Return (field, label, text) of a person's numbers in their order (S1.4 to S1.10); none without the right."""
    return [] if metrics is None else clients.eight(texts, words, metrics)
