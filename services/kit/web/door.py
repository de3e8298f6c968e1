"""The outermost application of a process that waits for servers: it answers from its first moment to its last."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from services.kit import clock
from services.kit.web.problems import NotReady, problem
from services.kit.web.status import alive

_LIVE = "/health/live"
_READY = "/health/ready"


class Door:
    """Passes requests on to `app` once there is one; until then says what is waited for. `leave`: called when the
    process stops, so that answers which would go on for long end."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.waiting = "the process is starting"
        self.leave: Callable[[], None] = lambda: None
        self._stopping = False

    def stop(self) -> None:
        """Not be ready any more, so that no new requests are sent here while those under way are answered."""
        self._stopping = True
        self.leave()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        trace = clock.new_id().replace("-", "")
        if self._stopping and scope["path"] == _READY:
            await problem(NotReady("the process is stopping"), trace)(scope, receive, send)
        elif self.app is not None:
            await self.app(scope, receive, send)
        elif scope["path"] == _LIVE:
            await alive()(scope, receive, send)
        else:
            await problem(NotReady(self.waiting), trace)(scope, receive, send)
