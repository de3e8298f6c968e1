"""Calls a service that another process runs: over HTTP, with a pass, again while that does no harm (DESIGN 5, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

import httpx2
import msgspec
import structlog
from pydantic import ValidationError

from contracts.base import Command
from contracts.problem import Unauthorized, Unavailable
from services.kit import clock
from services.kit.handle import Effect, Meta
from services.kit.remote.breaker import Breaker
from services.kit.remote.passes import Passes
from services.kit.remote.wire import COMMANDS, QUERIES, effect_of, refusal_of, sent
from services.kit.rights import ALL, Caller
from services.kit.telemetry import METRICS
from services.kit.tracing.calls import call, returned
from services.kit.tracing.origin import trace_headers

log = structlog.get_logger(__name__)
_PAUSES = (0.05, 0.2)
"""Seconds before the second and third attempt."""
_PATIENCE = 8.0
"""Seconds that all attempts together may take."""
_TIMEOUT = httpx2.Timeout(4.0, connect=1.0, pool=2.0)
_AWAY = frozenset({502, 503, 504})
_JSON = {"content-type": "application/json"}


class CallFailed(Exception):
    """The service answered that something went wrong in it; its log has the details under the same trace id."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_problem(self) -> bool:
        """Whether it is a problem that a service of ours tells of."""
        return self.headers.get("content-type", "").startswith("application/problem+json")


class Calls:
    """One per process. `urls`: service name → where it answers. Commands and queries may be sent again when no answer
    came: a command has its id, and a query changes nothing."""

    def __init__(
        self,
        urls: Mapping[str, str],
        passes: Passes,
        transports: Mapping[str, httpx2.AsyncBaseTransport] | None = None,
    ) -> None:
        given = transports or {}
        self._passes = passes
        self._clients = {
            name: httpx2.AsyncClient(base_url=url, timeout=_TIMEOUT, transport=given.get(name), trust_env=False)
            for name, url in urls.items()
            if url
        }
        self._breakers = {name: Breaker(monotonic) for name in self._clients}

    async def command(self, service: str, command: Command, meta: Meta) -> Effect:
        """Have the command taken. Raises what refuses it there, Unavailable, CallFailed."""
        path = COMMANDS.format(name=type(command).__name__)
        caller = meta.caller or Caller(meta.actor, ALL, "all")
        answered = await self._call(service, "POST", path, caller, meta.correlation, sent(command, meta))
        self.check(service, answered)
        try:
            return effect_of(answered.body)
        except msgspec.DecodeError as error:
            raise CallFailed(f"the {service} service answered what cannot be read: {error}") from error

    async def query(self, service: str, path: str, query: str, caller: Caller, correlation: str) -> Answered:
        """Ask for `path` with this query string; what the service refuses is in the answer. Raises Unavailable."""
        address = QUERIES + path + (f"?{query}" if query else "")
        return await self._call(service, "GET", address, caller, correlation)

    def check(self, service: str, answered: Answered) -> None:
        """Raise what the service refused the call with, or CallFailed."""
        if answered.status < 400:
            return
        if answered.status == 500 or not answered.is_problem:
            raise CallFailed(f"the {service} service failed with status {answered.status}")
        try:
            raise refusal_of(answered.body, answered.headers)
        except ValidationError as error:
            raise CallFailed(f"the {service} service answered what cannot be read: {error}") from error

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()

    async def _call(
        self, service: str, method: str, path: str, caller: Caller, correlation: str, body: bytes | None = None
    ) -> Answered:
        if service not in self._clients:
            raise Unavailable(
                f"where the {service} service answers is not set here (VORONKA_{service.upper()}_URL)", service=service
            )
        why = f"no answer within {_PATIENCE:.0f} s"
        try:
            async with asyncio.timeout(_PATIENCE):
                for again, pause in enumerate((*_PAUSES, None)):
                    if not self._breakers[service].allows():
                        why = "it did not answer several times"
                        break
                    answered, why = await self._attempt(service, method, path, caller, correlation, body, again)
                    if answered is not None:
                        return answered
                    if pause is not None:
                        await asyncio.sleep(pause)
        except TimeoutError:
            self._breakers[service].failed()
        METRICS.calls.labels(service, "away").inc()
        raise Unavailable(f"the {service} service is away ({why}); try again in a moment", service=service)

    async def _attempt(
        self, service: str, method: str, path: str, caller: Caller, correlation: str, body: bytes | None, again: int
    ) -> tuple[Answered | None, str]:
        """Return the answer, or none and why not."""
        client, breaker = self._clients[service], self._breakers[service]
        url = client.base_url
        try:
            with METRICS.call_seconds.labels(service).time(), call(service, method, url.host, url.port, again) as span:
                headers = {
                    "authorization": f"Bearer {self._passes.issue(caller, service, clock.now())}",
                    **trace_headers(correlation),
                    **(_JSON if body is not None else {}),
                }
                response = await client.request(method, path, content=body, headers=headers)
                returned(span, response.status_code)
        except httpx2.TransportError as error:
            breaker.failed()
            why = f"{type(error).__name__}: {error}"
            log.warning("a service did not answer", service=service, why=why)
            return None, why
        answered = Answered(response.status_code, response.headers, response.content)
        if response.status_code in _AWAY and not answered.is_problem:
            breaker.failed()
            return None, f"status {response.status_code}"
        breaker.succeeded()
        METRICS.calls.labels(service, "answered" if response.status_code < 500 else "failed").inc()
        if response.status_code == 401:
            self._mistrusted(service, answered)
        return answered, ""

    def _mistrusted(self, service: str, answered: Answered) -> None:
        """Our own fault, not the caller's: processes do not trust each other. Raises Unavailable."""
        refusal = refusal_of(answered.body, answered.headers) if answered.is_problem else Unauthorized("status 401")
        log.error("a service refuses this process", service=service, why=refusal.detail)
        raise Unavailable(f"the {service} service does not take calls from here: {refusal.detail}", service=service)
