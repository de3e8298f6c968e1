"""How a client is written for cards, panel and page (S3.4, S3.9, S1.4 to S1.11)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from gettext import NullTranslations
from typing import Any
from urllib.parse import quote

from services.gateway.pages.mentions.marks import parts, plain
from services.gateway.pages.menu import CLIENTS
from services.gateway.pages.numbers import FIELDS, labels
from services.gateway.pages.texts import Texts


def address(client_id: str, *more: str) -> str:
    """Return the address of a client's page, or of a part of it."""
    return "/".join([CLIENTS, quote(client_id, safe=""), *more])


def card(texts: Texts, client: Any, metrics: Any | None, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what a card shows; without metrics (no right to them, or not counted yet) no figures. `names`: of
    employees by id, for those whom the last note mentions."""
    note = client.last_note
    discount = Decimal(client.discount)
    return {
        "id": client.client_id,
        "name": client.name,
        "number": client.number,
        "address": address(client.client_id),
        "panel": address(client.client_id, "panel"),
        "email": client.email,
        "phone": client.phones[0] if client.phones else None,
        "where": place(client),
        "status": client.status,
        "temperature": client.temperature,
        "note": plain(parts(note.preview, note.mentions, names)) if note else "",
        "priority": note.priority if note else "none",
        "discount": texts.percent(str(discount / 100)) if discount else "",
        "figures": metrics is not None,
        "sales": money(texts, metrics, "sales_sum"),
        "in_work": money(texts, metrics, "in_work_sum"),
        "balance": money(texts, metrics, "balance"),
        "owes": metrics is not None and (metrics.balance or 0) < 0,
        "currency": texts.currency or "",
    }


def money(texts: Texts, metrics: Any | None, field: str) -> str:
    """Write a sum of the metrics; 0 where there is none (S1.12)."""
    return texts.money(getattr(metrics, field, None) or 0)


def place(client: Any) -> str:
    """Return where a client is, as far as it is known."""
    return ", ".join(part for part in (client.address, client.city, client.country) if part)


def cells(texts: Texts, metrics: Any | None) -> list[str]:
    """Return the numbers as text in their order (S1.4 to S1.10); 0 where there are none yet (S1.12)."""
    return [
        texts.count(getattr(metrics, name, 0)) if name.endswith("_count") else money(texts, metrics, name)
        for name in FIELDS
    ]


def eight(texts: Texts, words: NullTranslations, metrics: Any) -> list[tuple[str, str, str]]:
    """Return (field, label, text) of the numbers of a client in their order (S1.4 to S1.10)."""
    return [(*named, text) for named, text in zip(labels(words).items(), cells(texts, metrics), strict=True)]
