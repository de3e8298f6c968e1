"""The history of a client or contact person in sentences, grouped by save (#5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from gettext import NullTranslations
from itertools import groupby
from typing import Any

from services.gateway.pages.texts import Texts


def told(
    texts: Texts, words: NullTranslations, names: Mapping[str, str], entries: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return what each save did: who, when, a heading, and lines (field, before, after)."""
    saves = []
    for _, group in groupby(entries, key=lambda entry: entry.save):
        events = list(group)
        saves.append(
            {
                "who": names.get(events[0].actor, "") or _actor(words, events[0].actor),
                "at": texts.moment(events[0].at),
                "heads": [_heading(words, each.event) for each in reversed(events)],
                "lines": [line for each in reversed(events) if each.version > 1 for line in _lines(words, names, each)],
            }
        )
    return saves


def _actor(words: NullTranslations, actor: str) -> str:
    if actor.startswith("import"):
        return words.gettext("Import")
    return words.gettext("The system") if actor.startswith("system") else actor


def _heading(words: NullTranslations, event: str) -> str:
    headings = {
        "ClientRegistered": words.gettext("Client created"),
        "ClientDetailsChanged": words.gettext("Details changed"),
        "ClientStatusChanged": words.gettext("Status changed"),
        "ClientTemperatureChanged": words.gettext("Temperature changed"),
        "ClientTermsChanged": words.gettext("Terms changed"),
        "ClientAssigned": words.gettext("Owner changed"),
        "ClientMarkedLost": words.gettext("Marked as lost"),
        "ClientReturned": words.gettext("Returned"),
        "ClientArchived": words.gettext("Put into the archive"),
        "ClientRestored": words.gettext("Taken from the archive"),
        "ClientStageChanged": words.gettext("Moved along a funnel"),
        "MainContactChosen": words.gettext("Main contact chosen"),
        "ContactAdded": words.gettext("Contact added"),
        "ContactChanged": words.gettext("Contact changed"),
        "ContactRemoved": words.gettext("Contact removed"),
        "ContactRestored": words.gettext("Contact restored"),
        "ClientErased": words.gettext("Personal data erased"),
    }
    return headings.get(event, event)


def _lines(words: NullTranslations, names: Mapping[str, str], entry: Any) -> list[tuple[str, str, str]]:
    fields = field_labels(words)
    if entry.event.startswith("Contact"):
        fields["name"] = words.pgettext("person", "Name")
    lines = []
    for change in entry.changes:
        label = fields.get(change.field)
        if label is not None:
            lines.append(
                (
                    label,
                    written(words, names, change.field, change.before),
                    written(words, names, change.field, change.after),
                )
            )
    return lines


def field_labels(words: NullTranslations) -> dict[str, str]:
    """Return what the fields of clients and contact persons are called."""
    return {
        "kind": words.gettext("Kind"),
        "position": words.gettext("Position"),
        "telegram": "Telegram",
        "name": words.gettext("Name"),
        "tax_id": words.gettext("Tax number"),
        "email": words.gettext("Email"),
        "phones": words.gettext("Phone"),
        "address": words.gettext("Address"),
        "birthday": words.gettext("Birthday"),
        "links": words.gettext("Links"),
        "country": words.gettext("Country"),
        "city": words.gettext("City"),
        "category": words.gettext("Category"),
        "segment": words.gettext("Segment"),
        "business_type": words.gettext("Business type"),
        "source": words.gettext("Source"),
        "tags": words.gettext("Tags"),
        "status": words.gettext("Status"),
        "temperature": words.gettext("Temperature"),
        "discount": words.gettext("Discount in percent"),
        "currency": words.gettext("Currency"),
        "language": words.gettext("Language"),
        "owner_id": words.gettext("Owner"),
        "lost_reason": words.gettext("Reason"),
    }


def written(words: NullTranslations, names: Mapping[str, str], field: str, value: Any) -> str:
    """Write a value; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(value)
    if field == "owner_id":
        return names.get(value, value)
    known = {
        "hot": words.gettext("Hot"),
        "warm": words.gettext("Warm"),
        "cold": words.gettext("Cold"),
        "not_interested": words.gettext("Not interested"),
        "current": words.gettext("Current"),
        "potential": words.gettext("Potential"),
        "company": words.gettext("Company"),
        "person": words.gettext("Person"),
    }
    return known.get(value, str(value)) if field in {"status", "temperature", "kind"} else str(value)
