"""The web application: routes made of the services' tables, behind the guard (DESIGN 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.problem import NotFound, Refusal
from services.kit.engine import Engine
from services.kit.remote.passes import Passes
from services.kit.rights import OPEN, SIGNED_IN, Needs
from services.kit.service import Service
from services.kit.web import commands, queries
from services.kit.web.asker import Asker
from services.kit.web.commands import Endpoint
from services.kit.web.gate import Gate, guarded
from services.kit.web.guard import Guard
from services.kit.web.internal import internal_routes
from services.kit.web.openapi import API, document, encoded
from services.kit.web.probes import Probes
from services.kit.web.problems import Malformed, WrongMethod, problem
from services.kit.web.status import StatusRoutes


@dataclass(frozen=True)
class PageRoute:
    """A page or a file it needs: its path, and what answers it from the queries."""

    path: str
    handler: Callable[[Asker, Request], Awaitable[Response]]
    needs: Needs = field(kw_only=True)
    method: str = "GET"


def create_app(
    engine: Engine,
    services: Sequence[Service],
    pages: Sequence[PageRoute] = (),
    *,
    gate: Gate,
    passes: Passes | None = None,
    hosts: Collection[str] = (),
) -> FastAPI:
    """Make the application of the gateway, the only door. The engine may still be starting: then reads answer 503.

    `gate`: knows who comes. `passes`: other processes may call the services that run here. `hosts`: names it is served
    under besides this machine's own."""
    asker = Asker(engine, services)
    table: dict[str, dict[str, Endpoint]] = {}
    for service in services:
        for handles in service.handles:
            if handles.path is None:
                continue
            table.setdefault(API + handles.path, {})["POST"] = guarded(
                gate, handles.needs, commands.endpoint(engine, handles)
            )
        for query in service.queries:
            table.setdefault(API + query.path, {})["GET"] = guarded(gate, query.needs, queries.endpoint(asker, query))
    for page in pages:
        table.setdefault(page.path, {})[page.method] = guarded(gate, page.needs, _page(asker, page), page=True)

    @cache
    def described() -> bytes:
        """Describe the API when somebody asks: it would be a third of what is done before the first answer."""
        return encoded(document(services))

    async def openapi(_: Request) -> Response:
        return Response(await asyncio.to_thread(described), media_type="application/json")

    routes = StatusRoutes(engine)
    table |= {
        f"{API}/status": {"GET": guarded(gate, SIGNED_IN, routes.status)},
        f"{API}/openapi.json": {"GET": guarded(gate, OPEN, openapi)},
    }
    if passes is not None:
        table |= internal_routes(engine, asker, passes)
    return _made(table, routes, frozenset(hosts), probes=passes is not None)


def service_app(engine: Engine, passes: Passes) -> FastAPI:
    """Make the application of a process behind the gateway: what other processes may ask, health and metrics."""
    table = internal_routes(engine, Asker(engine, engine.services), passes)
    return _made(table, StatusRoutes(engine), None, probes=True)


def probe_app(missing: Callable[[], str]) -> FastAPI:
    """Make the application of a process that answers nobody: health and metrics. `missing`: why it is not ready."""
    return _made({}, Probes(missing), None, probes=True)


def _made(
    table: dict[str, dict[str, Endpoint]], routes: StatusRoutes | Probes, hosts: frozenset[str] | None, *, probes: bool
) -> FastAPI:
    app = FastAPI(
        title="Voronka",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    own = {"/health/live": routes.live, "/health/ready": routes.ready, "/metrics": routes.metrics}
    table |= {path: {"GET": each} for path, each in own.items()}
    app.router.routes.extend(
        Route(path, _Dispatch(path, methods), methods=None) for path, methods in _specific_first(table)
    )
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Guard, hosts=hosts, probes=probes)
    return app


def _specific_first(table: dict[str, dict[str, Endpoint]]) -> list[tuple[str, dict[str, Endpoint]]]:
    """Order routes so that a fixed word in a path goes before a field at its place."""
    return sorted(table.items(), key=lambda item: [part.startswith("{") for part in item[0].split("/")])


def _page(asker: Asker, page: PageRoute) -> Endpoint:
    async def get(request: Request) -> Response:
        return await page.handler(asker, request)

    return get


class _Dispatch:
    """One path with its methods: an ASGI application, so that Starlette leaves the methods to it."""

    def __init__(self, path: str, methods: dict[str, Endpoint]) -> None:
        self.path = path
        """The pattern, for logs and traces."""
        self._methods = methods
        self._allowed = ", ".join(sorted({*methods, *(["HEAD"] if "GET" in methods else [])}))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive, send)
        found = self._methods.get("GET" if request.method == "HEAD" else request.method)
        if found is None:
            response = problem(WrongMethod(f"use {self._allowed} here"), request.state.trace_id)
            response.headers["allow"] = self._allowed
        else:
            response = await found(request)
        await response(scope, receive, send)


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for it
    return problem(refusal, request.state.trace_id)


async def _http(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses: an unknown path, a path that cannot be read."""
    known = isinstance(error, HTTPException) and error.status_code != 404
    refusal = Malformed("the request cannot be read") if known else NotFound("there is nothing at this address")
    return problem(refusal, request.state.trace_id)
