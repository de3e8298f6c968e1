"""The form of a client: its fields as typed, and the commands that they make (S3.10 to S3.19, #5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contracts.base import Command
from contracts.clients import commands as c

_TEXTS = ("tax_id", "email", "address", "birthday", "country", "city", "category", "segment", "business_type", "source")
_CHOICES = ("temperature", "currency", "language", "owner_id")
NAMES = ("kind", "name", "phones", "tags", "status", "discount", "note", "priority", *_TEXTS, *_CHOICES)
_BETWEEN = re.compile(r"[\n;,]")


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """Return the form's fields as they were typed; empty where there are none."""
    return {name: form.get(name, "").strip() for name in NAMES}


def shown(client: Any) -> dict[str, str]:
    """Return a client as the form shows it."""
    values = {name: getattr(client, name) for name in ("kind", "name", "status", "discount", *_TEXTS, *_CHOICES)}
    lists = {"phones": "\n".join(client.phones), "tags": ", ".join(client.tags)}
    return {name: "" if value is None else str(value) for name, value in {**values, **lists}.items()}


def blank() -> dict[str, str]:
    """Return the form of a new client."""
    return dict.fromkeys(NAMES, "") | {"kind": "company", "status": "potential", "discount": "0", "priority": "none"}


def registered(client_id: str, fields: Mapping[str, str]) -> c.RegisterClient:
    """Return the command that makes the client. Raises ValidationError."""
    return c.RegisterClient.model_validate(
        {
            "client_id": client_id,
            **_details(fields),
            "status": fields["status"],
            "temperature": fields["temperature"] or None,
            "owner_id": fields["owner_id"] or None,
            **_terms(fields),
        }
    )


def changed(client: Any, fields: Mapping[str, str]) -> list[Command]:
    """Return the commands that make a client what the form says; one that changes nothing is no event. The links of a
    client stay. Raises ValidationError."""
    return [changing(client, fields, name) for name in ("name", "status", "temperature", "discount", "owner_id")]


def as_kept(client: Any, name: str, value: str) -> str:
    """Return how the form of the client shows this value of a field once it is saved. Raises ValidationError."""
    command = changing(client, shown(client) | {name: value}, name)
    found = getattr(command, name)
    return {"phones": "\n", "tags": ", "}[name].join(found) if isinstance(found, list) else str(found or "")


def changing(client: Any, fields: Mapping[str, str], name: str) -> Command:
    """Return the one command of these that sets the named field. Raises ValidationError."""
    of = {"client_id": client.client_id}
    match name:
        case "status":
            return c.ChangeClientStatus.model_validate({**of, "status": fields["status"]})
        case "temperature":
            return c.ChangeClientTemperature.model_validate({**of, "temperature": fields["temperature"] or None})
        case "discount" | "currency" | "language":
            return c.ChangeClientTerms.model_validate({**of, **_terms(fields)})
        case "owner_id":
            return c.AssignClient.model_validate({**of, "owner_id": fields["owner_id"] or None})
        case _:
            return c.ChangeClientDetails.model_validate({**of, **_details(fields), "links": client.links})


def _details(fields: Mapping[str, str]) -> dict[str, Any]:
    lists = {
        name: [part.strip() for part in _BETWEEN.split(fields[name]) if part.strip()] for name in ("phones", "tags")
    }
    return {
        "kind": fields["kind"] or "company",
        "name": fields["name"],
        **{name: fields[name] or None for name in _TEXTS},
        **lists,
    }


def _terms(fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "discount": fields["discount"].replace(",", ".").replace(" ", "") or "0",
        "currency": fields["currency"].upper() or None,
        "language": fields["language"] or None,
    }
