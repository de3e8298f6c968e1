"""The OpenAPI 3.1 document of the JSON API, made of the services' tables: no engine is needed for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from contracts.base import PROOF, Id, marked, request_fields
from contracts.problem import Problem
from services.kit.query import Params
from services.kit.service import Handles, Query, Service
from services.kit.web.asker import signature
from services.kit.web.commands import Done, DoneOnce, filled_here, path_fields
from services.kit.web.problems import PROBLEM_JSON
from services.kit.web.status import Status

API = "/api/v1"
_REF = "#/components/schemas/"
_ABOUT = """Commands are POST with an `Idempotency-Key`; reads are GET. Money is integer minor units of the currency
named (`currency`, in numbers the workspace's base currency); times are UTC milliseconds; mean and median durations are
milliseconds as decimal text, rounded half-up to three decimals; shares are decimal text with six decimals. Errors are
problems (RFC 9457) with a stable `code`; a wrong field is named in `errors`."""
_PROBLEMS = {
    "400": "The request cannot be read, or has no Idempotency-Key.",
    "401": "Nobody signed in, and no good token was sent.",
    "403": "The account has no right to this; or the request comes from another site, or through another name.",
    "404": "There is no such thing.",
    "405": "The path is there, but not for this method.",
    "409": "It was changed meanwhile, is there already, or this step is not possible now.",
    "410": "Erased for good, or a token of another log.",
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "422": "A field is wrong; `errors` names it.",
    "429": "There were too many attempts with a wrong password; wait some minutes.",
    "500": "Our fault; the log has the details under `trace_id`.",
    "501": "Documented, but not served yet (`as_of`).",
    "503": "A store is away or the workspace is being loaded; nothing was stored; try again.",
}
_OF_COMMANDS = ("400", "401", "403", "404", "405", "409", "410", "413", "415", "422", "500", "503")
_OF_QUERIES = ("400", "401", "403", "404", "405", "410", "422", "500", "501", "503")


_SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of the profile page, or of `voronka account token`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "voronka",
        "description": "The cookie of a browser that signed in; under TLS `__Host-voronka`. Commands then need "
        "the header X-CSRF-Token, which every page has.",
    },
}


class _Untitled(GenerateJsonSchema):
    """Without a title per field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        return False


class _Created(BaseModel):
    """How a command that creates something names it."""

    id: Id | None = Field(None, description="Without it, it follows from actor and Idempotency-Key.")


def encoded(described: dict[str, Any]) -> bytes:
    """Return the document as it is committed and served."""
    return (json.dumps(described, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def document(services: Sequence[Service]) -> dict[str, Any]:
    """Describe every command and query of the services, and the status."""
    handles = [each for service in services for each in service.handles if each.path is not None]
    queries = [each for service in services for each in service.queries]
    tags = {path: service.name for service in services for path in _paths(service)}
    requests = {each.command: _request(each) for each in handles}
    answers, structs = msgspec.json.schema_components(
        [Done, DoneOnce, Status, *(signature(each).answer for each in queries)], ref_template=_REF + "{name}"
    )
    bodies, models = models_json_schema(
        [*((model, "validation") for model in requests.values()), (Problem, "serialization")],
        ref_template=_REF + "{model}",
        schema_generator=_Untitled,
    )
    paths: dict[str, Any] = {}
    for each in handles:
        body = bodies[requests[each.command], "validation"]
        path = each.path or ""
        paths.setdefault(path, {})["post"] = _command(each, body, answers[each.once is not None], tags[path])
    for query, answer in zip(queries, answers[3:], strict=True):
        paths.setdefault(query.path, {})["get"] = _query(query, answer, tags[query.path])
    state = "State of the log and of each projection."
    paths["/status"] = {"get": _get("status", state, [], answers[2], "status", ("401", "403", "500", "503"))}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Voronka",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": API}],
        "security": [{name: []} for name in _SECURITY],
        "tags": [{"name": name} for name in dict.fromkeys([*tags.values(), "status"])],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(structs, models.get("$defs", {})),
            "responses": _responses(),
            "securitySchemes": _SECURITY,
        },
    }


def _paths(service: Service) -> Iterable[str]:
    yield from (each.path for each in service.handles if each.path is not None)
    yield from (each.path for each in service.queries)


def _schemas(structs: dict[str, Any], models: dict[str, Any]) -> dict[str, Any]:
    if both := structs.keys() & models.keys():
        raise ValueError(f"two things have the same name in the API: {sorted(both)}")
    return dict(sorted((structs | models).items()))


def _responses() -> dict[str, Any]:
    content = {PROBLEM_JSON: {"schema": {"$ref": _REF + "Problem"}}}
    return {f"Problem{status}": {"description": text, "content": content} for status, text in _PROBLEMS.items()}


def _refused(statuses: Sequence[str]) -> dict[str, Any]:
    return {status: {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


# ---------------------------------------------------------------- commands


def _request(handles: Handles) -> type[BaseModel]:
    """Return what the body of a command may hold: its fields without those of the path and of the edge."""
    fields = request_fields(handles.command)
    for name in filled_here(handles):
        fields.pop(name)
    if handles.created is not None:
        info = _Created.model_fields["id"]
        fields[handles.created] = (info.annotation, info)
    model: type[BaseModel] = create_model(
        f"{handles.command.__name__}Request", __config__=ConfigDict(extra="forbid"), **fields
    )
    model.__doc__ = _sentence(handles.command.__doc__ or handles.command.__name__)
    return model


def _command(handles: Handles, body: dict[str, Any], answer: dict[str, Any], tag: str) -> dict[str, Any]:
    name = handles.command.__name__
    required = any(field.is_required() for field in _request(handles).model_fields.values())
    return {
        "operationId": _snake(name),
        "summary": _words(name),
        "description": _sentence(handles.command.__doc__ or ""),
        "tags": [tag],
        "parameters": [*_path_parameters(handles), *_HEADERS],
        "requestBody": {"required": required, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200" if handles.created is None else "201": {
                "description": "Done, durably. Sent again with the same key: the same answer, `repeated` true.",
                "headers": {"ETag": {"description": "The version now.", "schema": {"type": "string"}}},
                "content": {"application/json": {"schema": answer}},
            },
            **_refused(_OF_COMMANDS),
            **_refused(("429",) if marked(handles.command, PROOF) else ()),
        },
    }


_HEADERS: list[dict[str, Any]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "A new value for each thing wanted; the same one when it is sent again.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    },
    {
        "name": "If-Match",
        "in": "header",
        "description": 'The version the caller saw, in quotes: "3". Refused with 409 if it is another one now.',
        "schema": {"type": "string", "pattern": '^"[0-9]{1,15}"$'},
    },
]


def _path_parameters(handles: Handles) -> list[dict[str, Any]]:
    schema = handles.command.model_json_schema(schema_generator=_Untitled)
    return [
        {"name": name, "in": "path", "required": True, "schema": schema["properties"][name]}
        for name in path_fields(handles.path or "")
    ]


# ---------------------------------------------------------------- queries


def _query(query: Query, answer: dict[str, Any], tag: str) -> dict[str, Any]:
    name = query.handler.__name__
    text = _sentence(query.handler.__doc__ or "")
    params = signature(query).params
    return _get(name, text, _parameters(params, path_fields(query.path)), answer, tag, _OF_QUERIES)


def _get(
    name: str, text: str, parameters: list[dict[str, Any]], answer: dict[str, Any], tag: str, refused: Sequence[str]
) -> dict[str, Any]:
    return {
        "operationId": f"get_{name}",
        "summary": text.split(". ", maxsplit=1)[0].rstrip("."),
        "description": text,
        "tags": [tag],
        "parameters": parameters,
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": answer}}},
            **_refused(refused),
        },
    }


def _parameters(params: type[Params], from_path: Sequence[str]) -> list[dict[str, Any]]:
    schema = params.model_json_schema(schema_generator=_Untitled)
    if "$defs" in schema:
        raise TypeError(f"{params.__name__} has parameters that are no plain values")
    found = []
    for name, each in schema["properties"].items():
        text = each.pop("description", None)
        given = _without_null(each)
        parameter: dict[str, Any] = {"name": name, "in": "path" if name in from_path else "query", "schema": given}
        if name in schema.get("required", ()):
            parameter["required"] = True
        if text:
            parameter["description"] = text
        found.append(parameter)
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not sent is null; null itself cannot be sent."""
    if "anyOf" in schema:
        kinds = [_without_null(kind) for kind in schema["anyOf"] if kind != {"type": "null"}]
        rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
        return rest | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
    return schema


def _sentence(text: str) -> str:
    return " ".join(text.split())


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().capitalize()


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
