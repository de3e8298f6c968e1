"""What one process asks of another: commands and queries of its services, with a pass (DESIGN 5). Not for browsers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import NotFound, Refusal, Unauthorized, Unavailable
from services.kit import clock
from services.kit.engine import Engine
from services.kit.remote.passes import Passes
from services.kit.remote.wire import COMMANDS, QUERIES, REFUSAL, Sent, name_of, told
from services.kit.rights import Caller
from services.kit.web import queries
from services.kit.web.asker import Asker
from services.kit.web.commands import Endpoint, raw_body
from services.kit.web.problems import Fields, problem

_MOST_BYTES = 4_000_000
"""More than a request of the API has: edges and reactions fill in fields too."""


def internal_routes(engine: Engine, asker: Asker, passes: Passes) -> dict[str, dict[str, Endpoint]]:
    """Return path → method → endpoint for the services that run here."""
    names = frozenset(service.name for service in engine.local)
    taken = {h.command.__name__: (service.name, h.command) for service in engine.local for h in service.handles}

    async def command(request: Request, caller: Callable[[str], Caller]) -> Response:
        found = taken.get(request.path_params["name"])
        if found is None:
            caller("")
            raise NotFound(f"no service of this process takes the command {request.path_params['name']}")
        service, model = found
        asking = caller(service)
        if not engine.started:
            raise Unavailable("the process is starting; try again in a moment")
        try:
            sent = Sent.model_validate_json(await raw_body(request, _MOST_BYTES))
            what = model.model_validate(sent.fields)
        except ValidationError as error:
            raise Fields.of(error) from None
        meta = sent.meta(asking)
        effect = await engine.send(what, meta)
        await engine.locate(effect, meta)
        return Response(told(effect, engine.places(effect)), media_type="application/json")

    routes = {COMMANDS: {"POST": _guarded(command, passes, names)}}
    for service in engine.local:
        for query in service.queries:
            endpoint = _asked(queries.endpoint(asker, query), service.name)
            routes[QUERIES + query.path] = {"GET": _guarded(endpoint, passes, names)}
    return routes


Inner = Callable[[Request, Callable[[str], Caller]], Awaitable[Response]]
"""(request, service → who asks it) → answer."""


def _asked(endpoint: Endpoint, service: str) -> Inner:
    async def get(request: Request, caller: Callable[[str], Caller]) -> Response:
        request.state.caller = caller(service)
        return await endpoint(request)

    return get


def _guarded(inner: Inner, passes: Passes, local: frozenset[str]) -> Endpoint:
    """Refuse calls without a good pass; tell the caller of which class a refusal is. No header names the actor here."""

    async def answer(request: Request) -> Response:
        def caller(service: str) -> Caller:
            kind, _, text = request.headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not text:
                raise Unauthorized("this is for processes of Voronka: a call needs a pass (Authorization: Bearer)")
            return passes.caller(text, {service} if service else local, clock.now())

        try:
            return await inner(request, caller)
        except Refusal as refusal:
            response = problem(refusal, request.state.trace_id)
            response.headers[REFUSAL] = name_of(refusal)
            return response

    return answer
