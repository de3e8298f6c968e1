"""Reads over HTTP: GET routes made of the services' tables, each answered from one snapshot (DESIGN 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import FieldError, Invalid, NotYet, Unavailable
from services.kit import clock
from services.kit.engine import Engine
from services.kit.query import Answer, Params, Reading
from services.kit.runner import ProjectionRunner
from services.kit.service import Query, Service
from services.kit.token import Token
from services.kit.web.commands import Endpoint, path_fields
from services.kit.web.problems import Fields

_MOST_PARAMS = 50
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True)
class Signature:
    """What a query takes and gives."""

    params: type[Params]
    answer: Any


def signature(query: Query) -> Signature:
    """Read them from the handler's annotations."""
    hints = get_type_hints(query.handler)
    answer = hints.pop("return")
    params = next(hint for name, hint in hints.items() if name == "params")
    return Signature(params, answer)


class Asker:
    """Asks queries: for the routes below, and for pages, which ask several within one reading."""

    def __init__(self, engine: Engine, services: Iterable[Service]) -> None:
        self.engine = engine
        self._queries: dict[str, tuple[Query, Signature]] = {
            query.path: (query, signature(query)) for service in services for query in service.queries
        }

    async def ask(self, reading: Reading, path: str, **params: Any) -> Any:
        """Answer a query by its path, such as `/clients`, within a reading that covers its groups.

        Raises Fields and what the query refuses."""
        query, of = self._queries[path]
        return await query.handler(reading, _validated(of.params, params))

    @asynccontextmanager
    async def reading(self, groups: Sequence[str], after: str | None = None) -> AsyncIterator[Reading]:
        """Open one snapshot of these projections, after waiting up to 2 s for what `after` names.

        Raises Unavailable while they are being loaded; Invalid or Gone for a wrong token."""
        engine = self.engine
        if any(name not in engine.runners for name in groups):
            raise Unavailable("the workspace is being loaded; try again in a moment")
        stale = after is not None and not await engine.wait(Token.parse(after), groups)
        runners = {name: engine.runners[name] for name in groups}
        for name, runner in runners.items():
            stale = stale or await engine.serving(name) != runner.group
        as_of = await folded_up_to(engine, runners)
        async with engine.reading() as reader:
            names = {name: runner.group for name, runner in runners.items()}
            yield Reading(reader, names, engine.known, as_of, stale)


async def folded_up_to(engine: Engine, runners: dict[str, ProjectionRunner]) -> int:
    """Return the moment (UTC ms) up to which these projections have folded everything: now if nothing waits."""
    now = clock.now()
    head = await engine.ports.store.head()
    if all(engine.caught_up(name, head) for name in runners):
        return now
    behind = min((folded(runner) for runner in runners.values()), default=0)
    events = await engine.ports.store.read_all(behind - 1, 1) if behind > 0 else []
    return events[0].recorded_at if events else 0


def folded(runner: ProjectionRunner) -> int:
    """Return the position of the last event folded, in the lane that is furthest behind; 0: none yet."""
    lanes = runner.lanes.values()
    return min((max((at for at, _ in lane.positions.values()), default=0) for lane in lanes), default=0)


def endpoint(asker: Asker, query: Query) -> Endpoint:
    """Return the endpoint of one query."""
    of = signature(query)
    from_path = path_fields(query.path)

    async def get(request: Request) -> Response:
        given = _given(request, from_path)
        params = _validated(of.params, given | request.path_params)
        if params.as_of is not None:
            raise NotYet("past moments are not served here yet; use `voronka export metrics --as-of`", field="as_of")
        async with asker.reading(query.groups, params.after) as reading:
            answer = await query.handler(reading, params)
        return Response(_ENCODER.encode(answer), 200, _etag(answer), "application/json")

    return get


def _given(request: Request, from_path: Sequence[str]) -> dict[str, str]:
    """Return the query string's parameters. Raises Invalid if it is broken, Fields for repeated ones and the path's."""
    try:
        text: str = request.scope["query_string"].decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMS)
    except ValueError:
        problem = f"the address holds no valid UTF-8, or more than {_MOST_PARAMS} parameters"
        raise Invalid(problem, field="query") from None
    given = dict(pairs)
    if len(given) < len(pairs):
        twice = sorted({name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1})
        raise Fields([FieldError(field=name, message="is given twice; give it once") for name in twice])
    if wrong := set(from_path) & given.keys():
        raise Fields([FieldError(field=name, message="stands in the path; leave it out") for name in sorted(wrong)])
    return given


def _validated(model: type[Params], given: dict[str, Any]) -> Params:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Fields.of(error) from None


def _etag(answer: Answer) -> dict[str, str]:
    """Return the ETag of an answer that is one record: its version, for If-Match."""
    version = getattr(getattr(answer, "item", None), "version", None)
    return {} if version is None else {"etag": f'"{version}"'}
