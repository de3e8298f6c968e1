"""What people do with accounts: sign in and out, choose passwords, make one-time addresses and tokens (#5)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from contracts.base import Command
from contracts.gateway.account_commands import (
    ChangeOwnPassword,
    ChangePassword,
    EndSessions,
    IssueAccountLink,
    IssueToken,
    NoteSignIn,
    OpenAccount,
)
from contracts.gateway.commands import AddEmployee
from contracts.gateway.rights import Role, TokenScope
from contracts.ids import command_id
from contracts.problem import IllegalMove, Invalid
from services.gateway.accounts import attempts, tickets
from services.gateway.accounts.entry import Entry
from services.gateway.accounts.passwords import PASSWORDS, Passwords
from services.gateway.domain.account import ACCOUNT, Opened
from services.gateway.edge_own import with_secret
from services.gateway.own import going_on
from services.kit import clock
from services.kit.handle import Meta
from services.kit.rights import Caller
from services.kit.sessions import Session
from services.kit.telemetry import METRICS

LINK_LIFE = 3 * 24 * 3_600_000
"""Milliseconds a one-time address is good for."""
_WRONG = "login or password is wrong"
_AGENT = 200


class BadLink(IllegalMove):
    """A one-time address that is good no more."""

    code = "bad-link"


class Accounts:
    """One per gateway process. `first`: the secret of the one-time address that makes the first administrator."""

    def __init__(self, entry: Entry, passwords: Passwords | None = None, first: str | None = None) -> None:
        self.entry = entry
        self.passwords = passwords or PASSWORDS
        self._first = first or tickets.new()

    # ------------------------------------------------------------ signing in

    async def sign_in(self, request: Request, login: str, password: str) -> str:
        """Return what the cookie of the new session holds. Raises TooMany, and Invalid the same way in the same time
        whether the login or the password is wrong."""
        login = login.strip().lower()[:100]
        await self._slowed(request)
        await attempts.of_login(self.entry.engine.ports.limits, tickets.digest(login))
        account = self.entry.known.by_login(login)
        state = None if account is None else await self._state(account.account_id)
        stored = None if state is None else state.hash
        right = await self.passwords.right(password, stored)
        if not right or account is None or self.entry.known.active(account.account_id) is None:
            METRICS.sign_ins.labels("refused").inc()
            raise Invalid(_WRONG, field="password")
        METRICS.sign_ins.labels("done").inc()
        return await self.begin(request, account.account_id)

    async def begin(self, request: Request, account_id: str) -> str:
        """Begin a session anew, whatever cookie came along; return what its cookie holds."""
        await self.sign_out(request)
        secret, now = tickets.new(), clock.now()
        session = Session(
            id=tickets.digest(secret),
            account_id=account_id,
            generation=self.entry.known.accounts[account_id].generation,
            begun_at=now,
            seen_at=now,
            agent=request.headers.get("user-agent", "")[:_AGENT],
            address=self.entry.origin.address(request),
        )
        await self._send(NoteSignIn(account_id=account_id, session_id=session.id), account_id)
        await self.entry.engine.ports.sessions.put(session)
        return secret

    async def sign_out(self, request: Request) -> None:
        """End the session of the request, if there is one."""
        if cookie := self.entry.origin.cookie(request):
            await self.entry.engine.ports.sessions.drop(tickets.digest(cookie))

    async def sessions(self, account_id: str) -> list[Session]:
        """Return the account's sessions that go on, those used last first."""
        found = await self.entry.engine.ports.sessions.of(account_id)
        return going_on(self.entry.known.accounts[account_id], found, clock.now())

    async def end_sessions(self, account_id: str) -> None:
        """End all sessions of the account, everywhere."""
        await self._send(EndSessions(account_id=account_id), account_id)
        for session in await self.entry.engine.ports.sessions.of(account_id):
            await self.entry.engine.ports.sessions.drop(session.id)

    # ------------------------------------------------------------ passwords

    async def change_password(self, caller: Caller, present: str, wanted: str) -> None:
        """Change one's own password; all sessions end. Raises Invalid, TooMany."""
        command = ChangeOwnPassword(account_id=caller.actor, present=present, password=wanted)
        await self.send(command, caller.actor, caller)

    async def issue_link(self, account_id: str, actor: str) -> str:
        """Return a new one-time address under which the employee chooses a password: its path. Raises NotFound."""
        ticket = tickets.with_account(account_id, tickets.new())
        command = IssueAccountLink(
            account_id=account_id,
            link_id=clock.new_id(),
            digest=tickets.digest(ticket),
            expires_at=clock.now() + LINK_LIFE,
        )
        await self._send(command, actor)
        return f"/join/{ticket}"

    async def by_link(self, request: Request, ticket: str) -> Opened:
        """Return the account that the one-time address is for. Raises BadLink, TooMany."""
        await self._slowed(request)
        account_id = tickets.account_in(ticket)
        known = account_id is not None and self.entry.known.active(account_id)
        state = await self._state(account_id) if known and account_id else None
        link = None if state is None else state.link
        if state is None or link is None or link.digest != tickets.digest(ticket) or clock.now() >= link.expires_at:
            raise BadLink(
                "this address was used already, is too old, or was replaced by a newer one; ask for a new one"
            )
        return state

    async def choose(self, request: Request, ticket: str, password: str) -> str:
        """Choose a password under a one-time address and sign in; return what the cookie holds."""
        state = await self.by_link(request, ticket)
        hashed = await self.passwords.hashed(password, state.login)
        assert state.link is not None  # noqa: S101 - by_link saw it
        id = state.account_id
        await self._send(ChangePassword(account_id=id, link_id=state.link.link_id, hash=hashed), id)
        return await self.begin(request, id)

    # ------------------------------------------------------------ the first administrator

    @property
    def first_path(self) -> str | None:
        """The path of the one-time address that makes the first administrator; None when there is one."""
        return None if self.entry.known.administrators() else f"/start/{self._first}"

    def check_first(self, secret: str) -> None:
        """Raise BadLink unless this is the address that makes the first administrator, and there is none yet."""
        if self.first_path is None or tickets.digest(secret) != tickets.digest(self._first):
            raise BadLink("this address was used already, or the program was started anew and printed another one")

    async def make_first(self, request: Request, secret: str, name: str, login: str, password: str) -> str:
        """Make the first administrator and sign in; return what the cookie holds."""
        self.check_first(secret)
        account_id = await add(self, name, login, "administrator", password, "system")
        return await self.begin(request, account_id)

    # ------------------------------------------------------------ tokens

    async def issue_token(
        self,
        account_id: str,
        name: str,
        scopes: Sequence[TokenScope],
        days: int,
        actor: str,
        *,
        caller: Caller | None = None,
        present: str = "",
    ) -> str:
        """Return a new token for programs, which is shown this once. `caller`: who asks for it with their `present`
        password; None: the system. Raises NotFound, IllegalMove, Invalid, TooMany."""
        command, ticket = with_secret(
            IssueToken(
                account_id=account_id,
                token_id=clock.new_id(),
                name=name,
                scopes=list(dict.fromkeys(scopes)),
                expires_at=clock.now() + days * 86_400_000,
                present=present,
            )
        )
        await self.send(command, actor, caller)
        return ticket

    # ------------------------------------------------------------ within

    async def _slowed(self, request: Request) -> None:
        """Raise TooMany if there were too many attempts from this address."""
        await attempts.of_address(self.entry.engine.ports.limits, self.entry.origin.address(request))

    async def _state(self, account_id: str) -> Opened | None:
        state = (await self.entry.engine.handler.load(ACCOUNT, account_id)).state
        return state if isinstance(state, Opened) else None

    async def _send(self, command: Command, actor: str) -> None:
        await self.send(command, actor)

    async def send(self, command: Command, actor: str, caller: Caller | None = None) -> None:
        """Take a command on accounts or employees. `caller`: the actor, held to what they may; None: it was checked."""
        await self.entry.engine.send(command, Meta(actor, command_id(actor, clock.new_id()), caller=caller))


async def add(accounts: Accounts, name: str, login: str, role: Role, password: str | None, actor: str) -> str:
    """Add an employee with an account; return their id. Without a password they need a one-time address."""
    hashed = None if password is None else await accounts.passwords.hashed(password, login)
    employee = AddEmployee(employee_id=clock.new_id(), name=name)
    account = OpenAccount(account_id=employee.employee_id, login=login, role=role)
    await accounts.send(employee, actor)
    await accounts.send(account, actor)
    if hashed is not None:
        await accounts.send(ChangePassword(account_id=account.account_id, hash=hashed), actor)
    return account.account_id
