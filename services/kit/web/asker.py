"""Asks queries for pages and routes, whichever process answers them (DESIGN 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, get_type_hints
from urllib.parse import quote, urlencode

import msgspec
from pydantic import ValidationError
from structlog.contextvars import get_contextvars

from contracts.problem import Unavailable
from services.kit.engine import Engine
from services.kit.query import Answer, Params, Reading
from services.kit.rights import Caller
from services.kit.service import Query, Service
from services.kit.token import Token
from services.kit.web.problems import Fields


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


def validated(model: type[Params], given: Mapping[str, Any]) -> Params:
    """Return the parameters as the query wants them. Raises Fields."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Fields.of(error) from None


def filled(path: str, params: Mapping[str, Any]) -> str:
    """Return a path with its fields filled in."""
    for name, value in params.items():
        path = path.replace("{" + name + "}", quote(str(value), safe=""))
    return path


@dataclass
class Sitting:
    """Several queries asked for one page. Those answered here see one snapshot, each of the others its own."""

    reading: Reading
    after: str | None
    answers: list[Answer] = field(default_factory=list)
    """Those of other processes."""

    @property
    def as_of(self) -> int:
        """The moment (UTC ms) up to which all that was answered is folded."""
        return min([self.reading.as_of, *(answer.as_of for answer in self.answers)])

    @property
    def stale(self) -> bool:
        """Whether any answer may lack what `after` asked for."""
        return self.reading.stale or any(answer.stale for answer in self.answers)


class Asker:
    """Asks queries: for the routes of the API, and for pages, which ask several within one sitting."""

    def __init__(self, engine: Engine, services: Iterable[Service]) -> None:
        self.engine = engine
        self._queries: dict[str, tuple[str, Query, Signature]] = {
            query.path: (service.name, query, signature(query)) for service in services for query in service.queries
        }

    def owner(self, query: Query) -> str:
        """Return the name of the service that answers the query."""
        return self._queries[query.path][0]

    async def ask(self, sitting: Sitting, path: str, **params: Any) -> Any:
        """Answer a query by its path, such as `/clients`, within a sitting that covers its groups.

        Raises Denied, Fields, what the query refuses, and Unavailable."""
        service, query, of = self._queries[path]
        query.needs.check(sitting.reading.caller)
        if self.engine.runs(service):
            return await query.handler(sitting.reading, validated(of.params, params))
        answer = await self._call(sitting.reading.caller, service, query, of, {**params, "after": sitting.after})
        sitting.answers.append(answer)
        return answer

    async def _call(self, caller: Caller, service: str, query: Query, of: Signature, params: Mapping[str, Any]) -> Any:
        assert self.engine.share is not None  # noqa: S101 - else the service runs here
        calls = self.engine.share.calls
        given = {name: _text(value) for name, value in params.items() if value is not None}
        in_path = {name: given.pop(name) for name in list(given) if "{" + name + "}" in query.path}
        trace = str(get_contextvars().get("trace_id", ""))
        answered = await calls.query(service, filled(query.path, in_path), urlencode(given), caller, trace)
        calls.check(service, answered)
        return msgspec.json.decode(answered.body, type=of.answer)

    @asynccontextmanager
    async def sitting(self, caller: Caller, groups: Sequence[str], after: str | None = None) -> AsyncIterator[Sitting]:
        """Open a sitting of this caller for queries of these projections: of those that are asked of services which
        run here, one snapshot is opened. Raises what `reading` raises."""
        here = {
            name for service, query, _ in self._queries.values() if self.engine.runs(service) for name in query.groups
        }
        async with self.reading(caller, [name for name in groups if name in here], after) as reading:
            yield Sitting(reading, after)

    @asynccontextmanager
    async def reading(self, caller: Caller, groups: Sequence[str], after: str | None = None) -> AsyncIterator[Reading]:
        """Open one snapshot of these projections, after waiting up to 2 s for what `after` names.

        Raises Unavailable while they are being loaded; Invalid or Gone for a wrong token."""
        engine = self.engine
        if not engine.started:
            raise Unavailable("the workspace is being loaded; try again in a moment")
        names, stale = await engine.horizon.groups(groups)
        if after is not None:
            stale = not await engine.wait(Token.parse(after), groups) or stale
        as_of = await engine.horizon.as_of(groups)
        async with engine.reading() as reader:
            past, load, sessions = engine.past, engine.handler.load, engine.ports.sessions
            yield Reading(reader, names, engine.known, as_of, stale, caller, past, load, sessions)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
