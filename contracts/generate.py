"""Writes the JSON Schemas and the AsyncAPI document of `contracts/schemas/`: `python -m contracts.generate`."""

from __future__ import annotations

import json
from inspect import isclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.json_schema import GenerateJsonSchema

from contracts.analytics import commands as analytics
from contracts.asyncapi import asyncapi
from contracts.base import SECRET, Command, Event, marked, request_fields
from contracts.clients import commands as clients
from contracts.envelope import Origin
from contracts.gateway import account_commands as accounts
from contracts.gateway import bulk_commands as bulk
from contracts.gateway import commands as gateway
from contracts.gateway import view_commands as views
from contracts.pipeline import commands as pipeline
from contracts.registry import EVENTS, TOPICS

FOLDER = Path(__file__).parent / "schemas"
OWNED = ("events", "commands")
"""Folders in which every file is generated here; what no longer belongs is removed."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SEALED = {
    "type": "object",
    "description": "The personal fields, encrypted (AES-GCM) under the key of their subject.",
    "properties": {
        "by": {"type": "string", "description": "Id of the subject whose key it is."},
        "box": {"type": "string", "contentEncoding": "base64", "description": "Nonce (12 bytes) and ciphertext."},
    },
    "required": ["by", "box"],
}


def commands() -> dict[str, type[Command]]:
    """Return all commands by name."""
    return {
        item.__name__: item
        for module in (clients, pipeline, analytics, gateway, accounts, bulk, views)
        for item in vars(module).values()
        if isclass(item) and issubclass(item, Command) and item is not Command and not item.__name__.startswith("_")
    }


def files() -> dict[str, str]:
    """Return the text of every generated file by its path below FOLDER."""
    found: dict[str, Any] = {"asyncapi.json": asyncapi(), "envelope.schema.json": envelope_schema()}
    found |= {f"events/{name}.schema.json": event_schema(event) for name, event in EVENTS.items()}
    found |= {f"commands/{name}.schema.json": command_schema(command) for name, command in commands().items()}
    return {
        path: json.dumps(found[path], ensure_ascii=False, indent=2, sort_keys=True) + "\n" for path in sorted(found)
    }


def stale() -> list[Path]:
    """Return the files of the owned folders that are not generated any more."""
    expected = {FOLDER / path for path in files()}
    return sorted(
        path for name in OWNED for path in (FOLDER / name).rglob("*") if path.is_file() and path not in expected
    )


class _Untitled(GenerateJsonSchema):
    """Without a title per field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        return False


def event_schema(event: type[Event]) -> dict[str, Any]:
    """Return the schema of the event's data as stored: personal fields are marked, `sealed` stands in for them."""
    schema: dict[str, Any] = {"$schema": _DIALECT} | _schema(event, "serialization")
    for nested in schema.get("$defs", {}).values():
        nested.pop("additionalProperties", None)  # a newer writer may add fields there too
    schema["title"] = event.type
    schema["x-key"] = list(event.key_fields)
    if event.reference:
        schema["x-reference"] = True
    if personal := event.personal_fields():
        for name in personal:
            schema["properties"][name] |= {
                "x-personal": True,
                "description": "Personal: not stored in the clear, but inside `sealed`.",
            }
        for name in marked(event, SECRET):
            schema["properties"][name]["description"] = "Secret: inside `sealed`; no export opens it."
        schema["properties"]["sealed"] = _SEALED
        schema["required"] = [name for name in schema["required"] if name not in personal] + ["sealed"]
        schema["x-sealed-under"] = list(event.sealed_under)
    return schema


def command_schema(command: type[Command]) -> dict[str, Any]:
    """Return the schema of the command as a caller may send it: without the fields that the edge fills."""
    fields: dict[str, Any] = request_fields(command)
    request: type[BaseModel] = create_model(
        command.__name__, __config__=ConfigDict(extra="forbid"), __doc__=command.__doc__, **fields
    )
    return {"$schema": _DIALECT} | _schema(request, "validation")


def _schema(model: type[BaseModel], mode: Any) -> dict[str, Any]:
    return model.model_json_schema(mode=mode, schema_generator=_Untitled)


def envelope_schema() -> dict[str, Any]:
    """Return the schema of `contracts.envelope.cloud_event`."""
    text, whole, moment = (
        {"type": "string"},
        {"type": "integer", "minimum": 1},
        {"type": "string", "format": "date-time"},
    )
    services = "|".join(topic.removesuffix(".events") for topic in TOPICS)
    properties: dict[str, Any] = {
        "specversion": {"const": "1.0"},
        "id": text | {"description": "UUID; the same for the same event, for ever."},
        "source": text | {"pattern": f"^/voronka/({services})$"},
        "type": text | {"pattern": rf"^({services})\.[A-Z][A-Za-z]+\.v[0-9]+$"},
        "subject": text | {"description": "The stream: `<category>-<id>`."},
        "time": moment | {"description": "Business time, UTC; never decreasing inside a stream."},
        "datacontenttype": {"const": "application/json"},
        "partitionkey": text | {"description": "The client's id, else the subject's own."},
        "position": whole | {"description": "In the log."},
        "streamversion": whole | {"description": "In the stream, without gaps."},
        "recordedat": moment,
        "actor": text,
        "commandid": text,
        "commandhash": text,
        "correlation": text | {"description": "Trace id."},
        "origin": {"enum": list(get_args(Origin))},
        "imputed": {"type": "boolean", "description": "The source had no time for it."},
        "data": {"type": "object", "description": "As the schema `events/<type>.schema.json` tells."},
    }
    return {
        "$schema": _DIALECT,
        "title": "CloudEvent",
        "description": "A recorded event as a CloudEvents 1.0 JSON object.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def main() -> None:
    """Write what changed, remove what no longer belongs."""
    for path in stale():
        path.unlink()
    for name, text in files().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
