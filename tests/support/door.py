"""A whole Voronka behind its real gate, asked as browsers and programs do. Passwords are hashed cheaply."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from pwdlib.hashers.argon2 import Argon2Hasher

from contracts.gateway.account_commands import ChangeAccountRights
from contracts.gateway.rights import OwnRights, Role
from services.cli.workspace import SERVICES, engine
from services.gateway.accounts.accounts import add
from services.gateway.accounts.passwords import Passwords
from services.gateway.site import Site
from services.importer.desk.desk import IMPORTS, Desk
from services.kit.engine import Engine
from services.kit.web import create_app

PASSWORD = "a dozen of green tea cups"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


def cheap() -> Passwords:
    """Hash as cheaply as Argon2id can be."""
    return Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Door:
    """The application with its gate, and the ways to come."""

    engine: Engine
    site: Site
    app: Any
    undo: AsyncExitStack

    async def browser(self, address: str = "10.0.0.1", base: str = "http://localhost", **headers: str) -> Browser:
        """Return a browser of its own, at this address."""
        transport = httpx2.ASGITransport(self.app, client=(address, 1234))
        client = httpx2.AsyncClient(transport=transport, base_url=base, headers=headers)
        return Browser(await self.undo.enter_async_context(client))

    async def employee(
        self, login: str, role: Role, rights: OwnRights | None = None, *, password: str | None = PASSWORD
    ) -> str:
        """Add an employee with an account; return their id."""
        id = await add(self.site.accounts, login.title(), login, role, password, "system")
        if rights is not None:
            await self.site.accounts.send(ChangeAccountRights(account_id=id, rights=rights), "system")
        return id

    async def signed_in(self, login: str, role: Role = "manager") -> Browser:
        """Return a browser in which a new employee signed in."""
        await self.employee(login, role)
        browser = await self.browser()
        assert (await browser.sign_in(login)).status_code == 303
        return browser


@dataclass
class Browser:
    """Follows no redirect by itself."""

    http: httpx2.AsyncClient

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers=headers)

    async def csrf(self) -> str:
        """Return what the forms of our own pages send along."""
        found = _CSRF.search((await self.get("/profile")).text)
        assert found is not None
        return found[1]

    async def send(self, path: str, *, csrf: str | None = None, headers: dict[str, str] | None = None, **form: str):
        """Send a form, with the value that our own pages have, unless another is given."""
        given = await self.csrf() if csrf is None else csrf
        return await self.http.post(path, data=form | ({"csrf": given} if given else {}), headers=headers or {})

    async def upload(self, path: str, name: str, content: bytes, *, csrf: str | None = None, **form: str):
        """Send a form with a file."""
        given = await self.csrf() if csrf is None else csrf
        return await self.http.post(path, data={"csrf": given, **form}, files={"file": (name, content)})

    async def sign_in(self, login: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
        return await self.http.post("/sign-in", data={"login": login, "password": password, **more})


@asynccontextmanager
async def door(path: Path) -> AsyncIterator[Door]:
    """Open a workspace behind its gate."""
    async with engine(path) as opened, AsyncExitStack() as undo:
        assert await opened.settle()
        site = Site.of(opened, passwords=cheap(), imports=Desk(opened, path / IMPORTS))
        yield Door(opened, site, create_app(opened, SERVICES, site.pages, gate=site.gate), undo)
