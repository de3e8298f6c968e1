"""What stands before every route: who may ask at all, security headers, traces, and no error without an answer."""

from __future__ import annotations

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problem import Refusal
from services.kit import clock
from services.kit.tracing.calls import answered, request
from services.kit.tracing.origin import current_trace
from services.kit.web.problems import Forbidden, crash, problem

log = structlog.get_logger(__name__)
HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PROBED = ("/health/", "/metrics", "/internal/")
_HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # without any, browsers send forms of our own with `Origin: null`
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}
_OPENER = "cross-origin-opener-policy"
"""Sent where browsers heed it: elsewhere than on this machine or under TLS they only complain about it."""


class Guard:
    """The outermost ASGI application. Served are this machine's own names and `hosts` alone, and no page of another
    site may send a command (DNS rebinding, cross-site requests).

    `hosts` None: no browser comes here, any name will do. `probes`: nor do browsers ask what processes and operators
    ask, under whatever name or number they reach it."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None = frozenset(), *, probes: bool = False) -> None:
        self._app = app
        self._hosts = None if hosts is None else HOSTS | {host.lower() for host in hosts}
        self._probes = probes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        status: int | None = None

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answer = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    answer[name] = value
                if scope["scheme"] == "https" or _name(headers.get("host", "")) in HOSTS:
                    answer[_OPENER] = "same-origin"
                if "cache-control" not in answer:
                    answer["cache-control"] = "no-store"
            await send(message)

        with request(scope["method"], scope["path"], headers.get("traceparent")) as span:
            trace = current_trace() or clock.new_id().replace("-", "")
            scope.setdefault("state", {})["trace_id"] = trace
            with structlog.contextvars.bound_contextvars(trace_id=trace):
                try:
                    if self._hosts is not None and not (self._probes and scope["path"].startswith(_PROBED)):
                        _check(scope["method"], headers, self._hosts)
                    await self._app(scope, receive, guarded)
                except Refusal as refusal:
                    await problem(refusal, trace)(scope, receive, guarded)
                except ClientDisconnect:
                    log.info("the caller went away", path=scope["path"])
                except Exception:
                    log.exception("request failed", method=scope["method"], route=_route(scope) or "unknown")
                    if status is not None:
                        raise
                    await crash(trace)(scope, receive, guarded)
                finally:
                    answered(span, scope["method"], _route(scope), status)


def _route(scope: Scope) -> str | None:
    """Return the route's pattern: a path may hold what must not be in a log."""
    path = getattr(scope.get("endpoint"), "path", None)
    return None if path is None else str(path)


def _check(method: str, headers: Headers, allowed: frozenset[str]) -> None:
    hosts = headers.getlist("host")
    host = hosts[0] if len(hosts) == 1 else ""
    if _name(host) not in allowed:
        names = "localhost, 127.0.0.1 or [::1]" if allowed == HOSTS else ", ".join(sorted(allowed))
        raise Forbidden(f"this is served as {names} only; open it under one of these names")
    if method in _SAFE:
        return
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site not in (None, "same-origin", "none") or origin not in (None, f"http://{host}", f"https://{host}"):
        raise Forbidden("a page of another site may not change anything here; send the request from this site itself")


def _name(host: str) -> str:
    """Return the host without its port, in lower case."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()
