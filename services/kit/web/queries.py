"""Reads over HTTP: GET routes made of the services' tables, each answered from one snapshot (DESIGN 7)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import FieldError, Invalid, NotYet
from services.kit.engine import Engine
from services.kit.query import Answer
from services.kit.service import Query
from services.kit.web.asker import Asker, filled, signature, validated
from services.kit.web.commands import Endpoint, caller_of, path_fields
from services.kit.web.problems import Fields

_MOST_PARAMS = 50
_BROKEN = f"the address holds no valid UTF-8, or more than {_MOST_PARAMS} parameters"
_PASSED = ("content-type", "etag", "retry-after", "www-authenticate")
_ENCODER = msgspec.json.Encoder()


def endpoint(asker: Asker, query: Query) -> Endpoint:
    """Return the endpoint of one query."""
    of = signature(query)
    from_path = path_fields(query.path)
    service = asker.owner(query)
    if not asker.engine.runs(service):
        return _passing(asker.engine, service, query)

    async def get(request: Request) -> Response:
        caller = caller_of(request)
        query.needs.check(caller)
        given = _given(request, from_path)
        params = validated(of.params, given | request.path_params)
        if params.as_of is not None:
            raise NotYet("past moments are not served here yet; use `voronka export metrics --as-of`", field="as_of")
        async with asker.reading(caller, query.groups, params.after) as reading:
            answer = await query.handler(reading, params)
        return Response(_ENCODER.encode(answer), 200, _etag(answer), "application/json")

    return get


def _passing(engine: Engine, service: str, query: Query) -> Endpoint:
    """Return the endpoint of a query that another process answers: what it says is passed on as it is."""

    async def get(request: Request) -> Response:
        assert engine.share is not None  # noqa: S101 - else it would be answered here
        path = filled(query.path, request.path_params)
        text, caller = _text(request), caller_of(request)
        query.needs.check(caller)
        answered = await engine.share.calls.query(service, path, text, caller, request.state.trace_id)
        headers = {name: value for name in _PASSED if (value := answered.headers.get(name)) is not None}
        return Response(answered.body, answered.status, headers)

    return get


def _text(request: Request) -> str:
    try:
        text: str = request.scope["query_string"].decode("ascii")
    except UnicodeDecodeError:
        raise Invalid(_BROKEN, field="query") from None
    return text


def _given(request: Request, from_path: Sequence[str]) -> dict[str, str]:
    """Return the query string's parameters. Raises Invalid if it is broken, Fields for repeated ones and the path's."""
    try:
        pairs = parse_qsl(_text(request), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMS)
    except ValueError:
        raise Invalid(_BROKEN, field="query") from None
    given = dict(pairs)
    if len(given) < len(pairs):
        twice = sorted({name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1})
        raise Fields([FieldError(field=name, message="is given twice; give it once") for name in twice])
    if wrong := set(from_path) & given.keys():
        raise Fields([FieldError(field=name, message="stands in the path; leave it out") for name in sorted(wrong)])
    return given


def _etag(answer: Answer) -> dict[str, str]:
    """Return the ETag of an answer that is one record: its version, for If-Match."""
    version = getattr(getattr(answer, "item", None), "version", None)
    return {} if version is None else {"etag": f'"{version}"'}
