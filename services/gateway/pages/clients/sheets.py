"""What of a client stands in which column of a file (#5)."""

from __future__ import annotations

from decimal import Decimal
from gettext import NullTranslations

from services.gateway.pages.clients.filters import Words
from services.gateway.pages.numbers import FIELDS
from services.gateway.pages.sheets import Column
from services.gateway.pages.sheets import known as columns_of
from services.gateway.pages.sheets import numbers as number_columns


def columns(
    say: NullTranslations, words: Words, *, numbers: bool, balance: bool, currency: str, places: int
) -> list[Column]:
    """Return the columns, in the order of the table: who it is, what is known, the numbers in base currency."""
    known = {
        "number": say.gettext("Number"),
        "name": say.gettext("Name"),
        "email": say.gettext("Email"),
        "address": say.gettext("Address"),
        "city": say.gettext("City"),
        "country": say.gettext("Country"),
        "tax_id": say.gettext("Tax number"),
        "birthday": say.gettext("Birthday"),
        "category": say.gettext("Category"),
        "segment": say.gettext("Segment"),
        "business_type": say.gettext("Business type"),
        "source": say.gettext("Source"),
        "currency": say.gettext("Currency"),
        "language": say.gettext("Language"),
    }
    made = columns_of(known)
    made[2:2] = [
        Column(words.names["status"], lambda client, _: words.value("status", client.status)),
        Column(words.names["temperature"], lambda client, _: words.value("temperature", client.temperature or "")),
        Column(
            words.names["owner"], lambda client, _: words.employees.get(client.owner_id or "", client.owner_id or "")
        ),
        Column(say.gettext("Phones"), lambda client, _: ", ".join(client.phones)),
    ]
    made += [
        Column(say.gettext("Tags"), lambda client, _: ", ".join(client.tags)),
        Column(f"{say.gettext('Discount')}, %", lambda client, _: Decimal(client.discount)),
    ]
    if not numbers:
        return made
    return made + number_columns([*(["balance"] if balance else []), *FIELDS], words.names, currency, places)
