"""Commands over HTTP: POST routes made of the services' tables (DESIGN 7)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import EDGE, Command, marked
from contracts.ids import command_id, created_id
from contracts.problem import FieldError, Invalid, Unavailable
from services.kit.engine import Engine
from services.kit.handle import Effect, Meta
from services.kit.rights import Caller
from services.kit.service import Handles
from services.kit.web.problems import Fields, Malformed, MissingKey, TooLarge, WrongMediaType

MOST_BYTES = 1_000_000
Endpoint = Callable[[Request], Awaitable[Response]]
_FIELD = re.compile(r"\{(\w+)\}")
_VERSION = re.compile(r'"([0-9]{1,15})"')
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_DEPTH = 16


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did: its subject's id, the stream's version and log position after it. `token`: send it as `after`
    to reads that must see the effect. `repeated`: this Idempotency-Key was answered before; nothing was done again."""

    id: str
    stream: str
    version: int
    position: int
    token: str
    repeated: bool


class DoneOnce(Done, frozen=True, kw_only=True):
    """What a command did that made a secret. `secret`: shown in this answer alone; null in one that is `repeated`."""

    secret: str | None


def path_fields(path: str) -> list[str]:
    """Return the fields that a route's path fills."""
    return _FIELD.findall(path)


def filled_here(handles: Handles) -> set[str]:
    """Return the fields that no body may hold: the path or the caller fills them."""
    return {*path_fields(handles.path or ""), *([handles.key] if handles.own else [])}


def endpoint(engine: Engine, handles: Handles) -> Endpoint:
    """Return the endpoint of one command."""
    hidden = marked(handles.command, EDGE) | filled_here(handles)
    category = handles.decider.category

    async def post(request: Request) -> Response:
        caller, key, expected = caller_of(request), _key(request), _expected(request)
        actor = caller.actor
        handles.needs.check(caller)
        if not engine.started:
            raise Unavailable("the workspace is being loaded; try again in a moment")
        fields = await _body(request)
        if wrong := hidden & fields.keys():
            raise Fields([FieldError(field=name, message=_why(handles, name)) for name in sorted(wrong)])
        fields |= request.path_params
        if handles.own:
            fields[handles.key] = actor
        if handles.created is not None and fields.get(handles.created) is None:
            fields[handles.created] = created_id(actor, f"{category}:{key}")
        try:
            command = handles.command.model_validate(fields)
        except ValidationError as error:
            raise Fields.of(error) from None
        subject = str(getattr(command, handles.key))
        secret = None
        if handles.once is not None:
            command, secret = handles.once(command)
        effect = await send(engine, request, command, subject, key, expected)
        done = Done(
            id=str(getattr(command, handles.created or handles.key)),
            stream=effect.stream,
            version=effect.version,
            position=effect.position,
            token=str(engine.token(effect)),
            repeated=effect.repeated,
        )
        if handles.once is not None:
            done = DoneOnce(**msgspec.structs.asdict(done), secret=None if effect.repeated else secret)
        headers = {"etag": f'"{effect.version}"'}
        status = 200 if handles.created is None else 201
        return Response(msgspec.json.encode(done), status, headers, "application/json")

    return post


async def send(
    engine: Engine, request: Request, command: Command, subject: str, key: str, expected: int | None = None
) -> Effect:
    """Send a command about a subject as the one who asks; its events are in the effect, also if it was done before.
    `key`: the caller's own, the same however often it is sent; `expected`: the version that was seen. Raises what the
    command refuses."""
    caller = caller_of(request)
    id = command_id(caller.actor, _scoped(command, subject, key))
    meta = Meta(caller.actor, id, request.state.trace_id, expected=expected, caller=caller)
    effect = await engine.send(command, meta)
    await engine.locate(effect, meta)
    return effect


def _scoped(command: Command, subject: str, key: str) -> str:
    """Return the key within its command and subject: a caller who sends one key for two things must not give the events
    of both the same ids."""
    return f"{type(command).__name__}:{subject}:{key}"


def _why(handles: Handles, name: str) -> str:
    if name in path_fields(handles.path or ""):
        return "stands in the path; leave it out of the body"
    return "is filled in here; leave it out"


def caller_of(request: Request) -> Caller:
    """Return who asks, as the gate or the pass said."""
    found = request.state.caller
    assert isinstance(found, Caller)  # noqa: S101 - no endpoint but open ones is reached without
    return found


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key")
    if key is None:
        raise MissingKey(
            "send the header Idempotency-Key with a new value (a UUID) for each thing you want done, and the same "
            "value when you send it again because no answer came: then it is done once"
        )
    if not _KEY.fullmatch(key):
        raise Invalid("must be 1 to 200 visible ASCII characters, such as a UUID", field="Idempotency-Key")
    return key


def _expected(request: Request) -> int | None:
    text = request.headers.get("if-match")
    if text is None:
        return None
    found = _VERSION.fullmatch(text)
    if found is None:
        raise Invalid('must be the version you saw, in quotes, such as "3"', field="If-Match")
    return int(found[1])


async def raw_body(request: Request, most: int = MOST_BYTES) -> bytes:
    """Read a body of at most so many bytes. Raises TooLarge."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        raise _too_large(most)
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most:
            raise _too_large(most)
    return bytes(raw)


async def _body(request: Request) -> dict[str, Any]:
    """Read a JSON object of at most MOST_BYTES; no body at all is an empty object."""
    raw = await raw_body(request)
    if not raw:
        return {}
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media != "application/json":
        raise WrongMediaType("send the body as JSON, with the header Content-Type: application/json")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is no JSON in UTF-8: {error}") from None
    if not isinstance(body, dict):
        raise Malformed("the body must be a JSON object: { ... }")
    if not _shallow(body):
        raise Malformed(f"the body is nested deeper than {_DEPTH} levels")
    return body


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body is larger than {most} bytes; send less at once")


def _shallow(value: Any) -> bool:
    """Tell whether lists and objects are nested no deeper than any request needs."""
    level = [value]
    for _ in range(_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return True
    return False
