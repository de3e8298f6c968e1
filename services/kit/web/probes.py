"""Health and metrics of a process that has no engine, such as the relay (DESIGN 11)."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from services.kit.telemetry import REGISTRY
from services.kit.web.problems import NotReady
from services.kit.web.status import alive


class Probes:
    """The endpoints. `missing`: what keeps the process from its work, in plain words; empty: nothing."""

    def __init__(self, missing: Callable[[], str]) -> None:
        self._missing = missing

    async def live(self, _: Request) -> Response:
        """The process answers."""
        return alive()

    async def ready(self, _: Request) -> Response:
        """It does what it is for; else a problem that says why not."""
        if missing := self._missing():
            raise NotReady(missing)
        return alive("ready")

    async def metrics(self, _: Request) -> Response:
        """Prometheus text."""
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
