"""What stands at the door: the gate, and all pages (#5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.accounts.accounts import Accounts
from services.gateway.accounts.entry import Entry
from services.gateway.accounts.origin import Origin
from services.gateway.accounts.passwords import Passwords
from services.gateway.live import Live
from services.gateway.pages.account import AccountPages
from services.gateway.pages.imports.port import Imports
from services.gateway.pages.profile import ProfilePages
from services.gateway.pages.routes import pages
from services.kit.engine import Engine
from services.kit.web import PageRoute


@dataclass(frozen=True)
class Site:
    """What `create_app` needs of the gateway."""

    gate: Entry
    accounts: Accounts
    pages: Sequence[PageRoute]

    @staticmethod
    def of(
        engine: Engine,
        *,
        proxied: bool = False,
        first: str | None = None,
        passwords: Passwords | None = None,
        imports: Imports | None = None,
        development: bool = False,
    ) -> Site:
        """`proxied`: a reverse proxy stands before us. `first`: the secret of the address that makes the first
        administrator; without, a new one. `imports`: takes spreadsheets in, where this process can. `development`: the
        specimen page is shown, too."""
        gate = Entry(engine, Origin(proxied=proxied))
        accounts = Accounts(gate, passwords, first)
        shown = pages(engine, imports=imports, development=development)
        return Site(
            gate,
            accounts,
            (*shown, *AccountPages(accounts).routes(), *ProfilePages(accounts).routes(), *Live(engine).routes()),
        )
