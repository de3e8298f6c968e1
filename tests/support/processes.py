"""Several processes of the distributed profile in one: engines on the same embedded stores, which call each other over
HTTP without a socket. Lanes are shared out as a broker does it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2

from services.cli.workspace import SERVICES
from services.gateway.domain.numbers import NUMBERS
from services.gateway.pages.routes import pages
from services.kit.documents import LaneState
from services.kit.engine import Engine
from services.kit.ports import Batch, Bus, OpenLane, Ports
from services.kit.profiles import embedded
from services.kit.remote.calls import Calls
from services.kit.remote.passes import Passes
from services.kit.share import Share
from services.kit.web import create_app, service_app
from tests.support.app import App
from tests.support.patience import PATIENCE
from tests.support.staff import AS_LOCAL, STAFF

SECRET = "a secret that all processes of one installation have in common"
LANES = 12
NAMES = tuple(service.name for service in SERVICES)


class SomeLanes:
    """A bus that gives this worker only some lanes."""

    def __init__(self, bus: Bus, mine: Sequence[int]) -> None:
        self._bus = bus
        self.mine = set(mine)

    @property
    def lanes(self) -> int:
        return self._bus.lanes

    def passed(self, group: str) -> int:
        return self._bus.passed(group)

    def owned(self, group: str) -> frozenset[int]:
        return self._bus.owned(group) & self.mine

    async def resend(self, group: str, lane: int) -> None:
        if lane in self.mine:
            await self._bus.resend(group, lane)

    async def deliveries(self, group: str, open_lane: OpenLane, most: int = 1000) -> AsyncIterator[Batch]:
        async def opened(lane: int) -> LaneState:
            return await open_lane(lane) if lane in self.mine else LaneState(lane, 0, "", {})

        deliveries: Any = self._bus.deliveries(group, opened, most)
        async with aclosing(deliveries):
            async for batch in deliveries:
                if batch.lane in self.mine:
                    yield batch


class Network(httpx2.AsyncBaseTransport):
    """The way to one process: it can be cut, before a request arrives or before its answer comes back."""

    def __init__(self) -> None:
        self.inner: httpx2.AsyncBaseTransport | None = None
        self.requests: list[httpx2.Request] = []
        self.lose_requests = 0
        self.lose_answers = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.inner is None:
            raise httpx2.ConnectError("nobody listens there")
        if self.lose_requests:
            self.lose_requests -= 1
            raise httpx2.ConnectError("the connection was refused")
        response = await self.inner.handle_async_request(request)
        await response.aread()
        if self.lose_answers:
            self.lose_answers -= 1
            raise httpx2.ReadError("the connection was cut")
        return response


@dataclass
class Process:
    """One process: what runs in it, its application, and how others reach it."""

    engine: Engine
    app: Any
    calls: Calls

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """Return a client that reaches it as `http://localhost`; of a gateway, as an administrator."""
        known: dict[str, Any] = {"headers": AS_LOCAL} if self.engine.runs("gateway") else {}
        transport = httpx2.ASGITransport(self.app)
        return httpx2.AsyncClient(transport=transport, base_url="http://localhost", **(known | options))


@dataclass
class Installation:
    """All processes, on the same stores."""

    ports: Ports
    networks: dict[str, Network] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    """Service → another secret than everybody's."""

    def network(self, service: str) -> Network:
        """Return the way to the service: there before the service is."""
        return self.networks.setdefault(service, Network())

    async def start(self, *names: str, lanes: Sequence[int] | None = None) -> Process:
        """Start a process that runs these services, and folds these lanes of theirs (None: all)."""
        secret = self.secrets.get(names[0], SECRET)
        passes = Passes(secret)
        others = [name for name in NAMES if name not in names]
        urls = {name: f"http://{name}" for name in others}
        calls = Calls(urls, passes, {name: self.network(name) for name in others})
        share = Share(frozenset(names), calls, erases="gateway" in names)
        ports = self.ports if lanes is None else replace(self.ports, bus=SomeLanes(self.ports.bus, lanes))
        engine = Engine(SERVICES, ports, NUMBERS, share)
        if "gateway" in names:
            app = create_app(engine, SERVICES, pages(engine), gate=STAFF, passes=passes)
        else:
            app = service_app(engine, passes)
        process = Process(engine, app, calls)
        for name in names:
            self.network(name).inner = httpx2.ASGITransport(app)  # the latest one takes the calls
        self.processes.append(process)
        await engine.start()
        return process

    async def stop(self, process: Process) -> None:
        """Stop a process; its services are away then."""
        for service in process.engine.local:
            self.network(service.name).inner = None
        self.processes.remove(process)
        await process.engine.halt()
        await process.calls.close()

    async def settle(self) -> None:
        """Wait until everything is folded and reacted to, in all processes."""
        while True:
            head = await self.ports.store.head()
            for process in self.processes:
                assert await process.engine.settle(PATIENCE), process.engine.failure
            if await self.ports.store.head() == head:
                return


@asynccontextmanager
async def installation(folder: Path) -> AsyncIterator[Installation]:
    """Open the stores for processes to come; stop those that run at the end."""
    async with AsyncExitStack() as undo:
        ports = await embedded(folder, lanes=LANES)
        undo.push_async_callback(ports.close)
        installed = Installation(ports)

        async def stop_all() -> None:
            for process in list(installed.processes):
                await installed.stop(process)

        undo.push_async_callback(stop_all)
        yield installed


@asynccontextmanager
async def one_each(
    folder: Path, prepare: Callable[[Installation], None] = lambda _: None
) -> AsyncIterator[tuple[Installation, App]]:
    """Run one process per service, and ask the gateway. `prepare`: changes the stores before anything runs."""
    async with installation(folder) as installed:
        prepare(installed)
        for name in reversed(NAMES):
            process = await installed.start(name)
        async with process.client() as client:
            yield installed, App(client, process.engine)
