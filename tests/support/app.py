"""A whole Voronka in this process, asked over HTTP without a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx2

from services.cli.workspace import SERVICES, engine
from services.gateway.pages.routes import pages
from services.kit.engine import Engine
from services.kit.web import create_app


@dataclass
class App:
    """A client of the application, with shorthands. Times in events are those of the real clock."""

    http: httpx2.AsyncClient
    engine: Engine
    _keys: Any = field(default_factory=lambda: count(1))

    async def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> httpx2.Response:
        """Send a command; a new Idempotency-Key unless one is given."""
        sent = {"Idempotency-Key": key or f"key-{next(self._keys)}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        return await self.http.post(f"/api/v1{path}", json={} if body is None else body, headers=sent)

    async def done(self, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Send a command that must succeed; returns the answer."""
        response = await self.post(path, body, **headers)
        assert response.status_code in (200, 201), response.text
        return response.json()

    async def get(self, path: str, **params: Any) -> Any:
        """Read what must be there."""
        response = await self.http.get(f"/api/v1{path}", params=params)
        assert response.status_code == 200, response.text
        return response.json()


@asynccontextmanager
async def running(path: Path, *, lanes: int = 1, shuffle_seed: int | None = None) -> AsyncIterator[App]:
    """Run all services on a folder."""
    async with engine(path, lanes=lanes, shuffle_seed=shuffle_seed) as opened:
        transport = httpx2.ASGITransport(create_app(opened, SERVICES, pages(opened)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield App(client, opened)
