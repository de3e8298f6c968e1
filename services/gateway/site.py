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
        development: bool = False,
    ) -> Site:
        """`proxied`: a reverse proxy stands before us. `first`: the secret of the address that makes the first
        administrator; without, a new one. `development`: the specimen page is shown, too."""
        gate = Entry(engine, Origin(proxied=proxied))
        accounts = Accounts(gate, passwords, first)
        return Site(
            gate,
            accounts,
            (*pages(engine, development=development), *AccountPages(accounts).routes(), *Live(engine).routes()),
        )
