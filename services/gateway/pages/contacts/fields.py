"""The form of a contact person: its fields as typed, and the commands that they make (S1.15, S3.13, #5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contracts.clients import commands as c

_TEXTS = ("position", "email", "telegram", "birthday")
NAMES = ("name", "client_id", "phones", "main", *_TEXTS)
_BETWEEN = re.compile(r"[\n;,]")


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """Return the form's fields as they were typed; empty where there are none."""
    return {name: form.get(name, "").strip() for name in NAMES}


def shown(contact: Any) -> dict[str, str]:
    """Return a contact person as the form shows it."""
    texts = {name: getattr(contact, name) or "" for name in ("name", "client_id", *_TEXTS)}
    return {**texts, "phones": "\n".join(contact.phones), "main": ""}


def kept(contact: Any) -> dict[str, str]:
    """Return those fields of the form that are the contact person's own."""
    return {name: value for name, value in shown(contact).items() if name not in {"client_id", "main"}}


def blank(client_id: str = "") -> dict[str, str]:
    """Return the form of a new contact person, of this client if one is named."""
    return dict.fromkeys(NAMES, "") | {"client_id": client_id}


def phones(fields: Mapping[str, str]) -> list[str]:
    """Return the phones that were typed, one a line."""
    return [part.strip() for part in _BETWEEN.split(fields["phones"]) if part.strip()]


def added(contact_id: str, fields: Mapping[str, str]) -> c.AddContact:
    """Return the command that makes the contact person. Raises ValidationError."""
    return c.AddContact.model_validate({"contact_id": contact_id, "client_id": fields["client_id"], **_details(fields)})


def changed(contact_id: str, fields: Mapping[str, str]) -> c.ChangeContact:
    """Return the command that makes a contact person what the form says. Raises ValidationError."""
    return c.ChangeContact.model_validate({"contact_id": contact_id, **_details(fields)})


def _details(fields: Mapping[str, str]) -> dict[str, Any]:
    texts = {name: fields[name] or None for name in _TEXTS}
    return {"name": fields["name"], "phones": phones(fields), **texts}
