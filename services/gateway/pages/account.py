"""Pages about accounts: signing in, one-time addresses, and the list of employees (#5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.base import Command
from contracts.gateway import account_commands as c
from contracts.gateway.rights import Role, TokenScope
from contracts.problem import Invalid
from services.gateway.accounts.accounts import Accounts, add
from services.gateway.accounts.entry import SIGN_IN
from services.gateway.pages.account_frame import AccountFrame, told_to
from services.gateway.pages.doing import answered
from services.kit.rights import OPEN, SIGNED_IN, needs
from services.kit.web import Asker, PageRoute, caller_of
from services.kit.web.forms import form_of

_ROLES = get_args(Role)
_SCOPES = get_args(TokenScope)
_DAYS = (30, 90, 365)
_MOST = 200


class AccountPages:
    """The pages, and what their forms do."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._entry = accounts.entry
        self._frame = AccountFrame(accounts)

    def routes(self) -> Sequence[PageRoute]:
        """Return the routes."""
        admin = needs("accounts")
        return (
            PageRoute(SIGN_IN, self.sign_in_form, needs=OPEN),
            PageRoute(SIGN_IN, self.sign_in, needs=OPEN, method="POST"),
            PageRoute("/sign-out", self.sign_out, needs=SIGNED_IN, method="POST"),
            PageRoute("/start/{ticket}", self.first_form, needs=OPEN),
            PageRoute("/start/{ticket}", self.first, needs=OPEN, method="POST"),
            PageRoute("/join/{ticket}", self.join_form, needs=OPEN),
            PageRoute("/join/{ticket}", self.join, needs=OPEN, method="POST"),
            PageRoute("/employees", self.employees, needs=needs("staff.read")),
            PageRoute("/employees", self.add_employee, needs=admin, method="POST"),
            PageRoute("/employees/{account_id}/{what}", self.change_employee, needs=admin, method="POST"),
        )

    # ------------------------------------------------------------ coming in

    async def sign_in_form(self, _: Asker, request: Request) -> Response:
        """Ask for login and password."""
        return self._frame.shown(request, "sign_in.html", {"next": _next(request.query_params.get("next"))})

    async def sign_in(self, _: Asker, request: Request) -> Response:
        """Begin a session, or ask again."""
        form = await form_of(request)
        back = _next(form.get("next"))

        async def act() -> Response:
            cookie = await self._accounts.sign_in(request, form.get("login", ""), form.get("password", ""))
            return self._frame.come_in(request, cookie, back)

        return await self._frame.tried(request, act, "sign_in.html", {"next": back, "login": form.get("login", "")})

    async def sign_out(self, _: Asker, request: Request) -> Response:
        """End this session."""
        await self._accounts.sign_out(request)
        return self._frame.out(request)

    async def first_form(self, _: Asker, request: Request) -> Response:
        """Ask who the first administrator is."""

        async def act() -> Response:
            self._accounts.check_first(request.path_params["ticket"])
            return self._frame.shown(request, "choose.html", {"first": True})

        return await self._frame.tried(request, act, "sign_in.html", {"next": "/"})

    async def first(self, _: Asker, request: Request) -> Response:
        """Make the first administrator."""
        form, secret = await form_of(request), request.path_params["ticket"]

        async def act() -> Response:
            name, login, password = (form.get(field, "") for field in ("name", "login", "password"))
            return self._frame.come_in(
                request, await self._accounts.make_first(request, secret, name, login, password), "/"
            )

        return await self._frame.tried(request, act, "choose.html", {"first": True, **_kept(form)})

    async def join_form(self, _: Asker, request: Request) -> Response:
        """Ask for the password that the employee wants."""

        async def act() -> Response:
            state = await self._accounts.by_link(request, request.path_params["ticket"])
            return self._frame.shown(request, "choose.html", {"first": False, "login": state.login})

        return await self._frame.tried(request, act, "sign_in.html", {"next": "/"})

    async def join(self, _: Asker, request: Request) -> Response:
        """Take the password."""
        form = await form_of(request)

        async def act() -> Response:
            cookie = await self._accounts.choose(request, request.path_params["ticket"], form.get("password", ""))
            return self._frame.come_in(request, cookie, "/")

        return await self._frame.tried(request, act, "choose.html", {"first": False, **_kept(form)})

    # ------------------------------------------------------------ employees

    async def employees(self, asker: Asker, request: Request) -> Response:
        """List employees with their accounts."""
        return await self._employees(asker, request, {})

    async def add_employee(self, asker: Asker, request: Request) -> Response:
        """Add an employee with an account; the one-time address to join under is shown this once."""
        form, me = await form_of(request), caller_of(request).actor

        async def act() -> Response:
            role = _role(form.get("role", ""))
            id = await add(self._accounts, form.get("name", ""), form.get("login", ""), role, None, me)
            return await self._employees(asker, request, {"link": await self._link(request, id, me)})

        return await self._tried_in_list(asker, request, act)

    async def change_employee(self, asker: Asker, request: Request) -> Response:
        """Change an account: its role, whether it is closed; or make a one-time address for it."""
        form, me = await form_of(request), caller_of(request).actor
        id, what = request.path_params["account_id"], request.path_params["what"]

        async def act() -> Response:
            if what == "link":
                return await self._employees(asker, request, {"link": await self._link(request, id, me)})
            made: dict[str, Callable[[], Command]] = {
                "role": lambda: c.ChangeAccountRole(account_id=id, role=_role(form.get("role", ""))),
                "close": lambda: c.CloseAccount(account_id=id),
                "reopen": lambda: c.ReopenAccount(account_id=id),
            }
            if what not in made:
                raise Invalid(f"{what!r} cannot be done to an account")
            await self._accounts.send(made[what](), me)
            return RedirectResponse("/employees", 303)

        return await self._tried_in_list(asker, request, act)

    # ------------------------------------------------------------ within

    async def _employees(self, asker: Asker, request: Request, more: Mapping[str, Any]) -> Response:
        caller = caller_of(request)
        async with asker.sitting(caller, ("gateway",)) as sitting:
            found = (await asker.ask(sitting, "/employees", limit=_MOST)).items
        accounts = self._entry.known.accounts if caller.may("accounts") else {}
        values = {"employees": found, "accounts": accounts, "roles": _ROLES, "may": caller.may("accounts")}
        return self._frame.shown(request, "employees.html", {**values, **more})

    async def _link(self, request: Request, account_id: str, actor: str) -> str:
        scheme = "https" if self._entry.origin.secure(request) else "http"
        return f"{scheme}://{request.headers['host']}{await self._accounts.issue_link(account_id, actor)}"

    async def _tried_in_list(self, asker: Asker, request: Request, act: Callable[[], Awaitable[Response]]) -> Response:
        return await answered(
            act, lambda refusal: self._employees(asker, request, {"error": told_to(request, refusal)})
        )


def _next(path: str | None) -> str:
    """Return where to go after signing in: a path of ours, nothing of another site."""
    good = path is not None and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if good and path is not None else "/"


def _kept(form: Mapping[str, str]) -> dict[str, str]:
    return {name: form.get(name, "") for name in ("name", "login")}


def _role(text: str) -> Role:
    if text not in _ROLES:
        raise Invalid(f"choose one of {', '.join(_ROLES)}", field="role")
    return cast(Role, text)
