"""The page of one's own account: password, sessions, tokens (#5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.base import Command
from contracts.gateway import account_commands as c
from contracts.gateway.rights import TokenScope
from contracts.problem import Refusal
from services.gateway.accounts.accounts import Accounts
from services.gateway.domain.account import ACCOUNT, Opened
from services.gateway.pages.account_frame import AccountFrame, told_to
from services.gateway.pages.doing import answered
from services.kit.rights import BY_SESSION
from services.kit.web import Asker, PageRoute, caller_of
from services.kit.web.forms import form_of
from services.kit.web.problems import status_of

_SCOPES = get_args(TokenScope)
_DAYS = (30, 90, 365)


class ProfilePages:
    """The page, and what its forms do."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._entry = accounts.entry
        self._frame = AccountFrame(accounts)

    def routes(self) -> Sequence[PageRoute]:
        """Return the routes: for people who signed in, not for tokens."""
        posts = {
            "/profile/password": self.password,
            "/profile/sessions/end": self.end_sessions,
            "/profile/sessions/end-others": self.end_others,
            "/profile/sessions/{session_id}/end": self.end_session,
            "/profile/tokens": self.issue_token,
            "/profile/tokens/{token_id}/revoke": self.revoke_token,
        }
        return (
            PageRoute("/profile", self.profile, needs=BY_SESSION),
            *(PageRoute(path, handler, needs=BY_SESSION, method="POST") for path, handler in posts.items()),
        )

    async def profile(self, _: Asker, request: Request) -> Response:
        """Show the own account with its sessions and tokens."""
        return await self._profile(request, {})

    async def password(self, _: Asker, request: Request) -> Response:
        """Change the own password; all sessions end, this browser gets a new one."""
        form, me = await form_of(request), caller_of(request)

        async def act() -> Response:
            await self._accounts.change_password(me, form.get("present", ""), form.get("password", ""))
            return self._frame.come_in(request, await self._accounts.begin(request, me.actor), "/profile")

        return await self._tried(request, act)

    async def end_sessions(self, _: Asker, request: Request) -> Response:
        """Sign out everywhere."""
        await self._accounts.end_sessions(caller_of(request).actor)
        return self._frame.out(request)

    async def end_others(self, _: Asker, request: Request) -> Response:
        """End all sessions but this one."""
        return await self._done(request, c.EndOtherSessions(account_id=caller_of(request).actor))

    async def end_session(self, _: Asker, request: Request) -> Response:
        """End one session."""
        me, session = caller_of(request).actor, request.path_params["session_id"]
        return await self._done(request, c.EndSession(account_id=me, session_id=session))

    async def issue_token(self, _: Asker, request: Request) -> Response:
        """Make a token, and show it this once."""
        form, me = await form_of(request), caller_of(request)

        async def act() -> Response:
            scopes = [scope for scope in _SCOPES if f"scope-{scope}" in form]
            days = int(form.get("days", "")) if form.get("days") in {str(each) for each in _DAYS} else _DAYS[0]
            name, present = form.get("name", ""), form.get("present", "")
            token = await self._accounts.issue_token(me.actor, name, scopes, days, me.actor, caller=me, present=present)
            return await self._profile(request, {"token": token})

        return await self._tried(request, act)

    async def revoke_token(self, _: Asker, request: Request) -> Response:
        """Make a token good for nothing."""
        me, token = caller_of(request).actor, request.path_params["token_id"]
        return await self._done(request, c.RevokeToken(account_id=me, token_id=token))

    # ------------------------------------------------------------ within

    async def _done(self, request: Request, command: Command) -> Response:
        """Take the command as the one who asks, and show the page anew."""
        me = caller_of(request)

        async def act() -> Response:
            await self._accounts.send(command, me.actor, me)
            return RedirectResponse("/profile", 303)

        return await self._tried(request, act)

    async def _tried(self, request: Request, act: Callable[[], Awaitable[Response]]) -> Response:
        async def again(refusal: Refusal) -> Response:
            return await self._profile(request, {"error": told_to(request, refusal)}, status_of(refusal))

        return await answered(act, again)

    async def _profile(self, request: Request, more: Mapping[str, Any], status: int = 200) -> Response:
        caller = caller_of(request)
        me = caller.actor
        state = cast(Opened, (await self._entry.engine.handler.load(ACCOUNT, me)).state)
        values = {
            "account": self._entry.known.accounts[me],
            "employee": self._entry.known.employees[me],
            "sessions": await self._accounts.sessions(me),
            "own": caller.session,
            "tokens": sorted(state.tokens.values(), key=lambda each: each.issued_at),
            "scopes": _SCOPES,
            "days": [(str(days), str(days)) for days in _DAYS],
        }
        return self._frame.shown(request, "profile.html", {**values, **more}, status)
