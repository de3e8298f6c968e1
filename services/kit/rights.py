"""Who may do what: rights as data, what each role has, and what a route asks for (P17, P25, S2.19, #5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, cast, get_args

from contracts.gateway.rights import OwnRights, Records, Role, TokenScope
from contracts.problem import Refusal

Right = Literal[
    "clients.read", "clients.write", "clients.erase", "clients.import", "leads.read", "leads.write", "deals.read",
    "deals.write", "orders.read", "orders.write", "orders.ship", "payments.read", "payments.write", "goods.read",
    "goods.write", "setup.read", "setup.write", "staff.read", "staff.write", "accounts", "tokens", "money", "numbers",
    "profit", "export",
]  # fmt: skip
"""`clients` are contacts and notes too; `clients.import`: lists of them, which are compared with clients of all owners,
so it is for those alone who reach all records. `setup`: funnels, sales rules, rates, settings; `staff`: employees;
`tokens`: one's own. `money`: prices and sums in records; `numbers`: sales indicators (S2.19); `profit`: profit and
costs (P25)."""
ALL: frozenset[Right] = frozenset(get_args(Right))


def _named(*endings: str) -> frozenset[Right]:
    return frozenset(right for right in ALL if right.endswith(endings))


_OWN: frozenset[Right] = frozenset({"tokens"})
_MONEY: frozenset[Right] = frozenset({"money"})
_READING: frozenset[Right] = _named(".read") | _MONEY
_SELLING: frozenset[Right] = frozenset(
    {"clients.write", "leads.write", "deals.write", "orders.write", "orders.ship", "payments.write", "numbers"}
)
_MARKETING: frozenset[Right] = frozenset(
    {
        "clients.read", "leads.read", "leads.write", "deals.read", "orders.read", "goods.read", "setup.read",
        "staff.read", "money", "numbers", "export",
    }
)  # fmt: skip
_SHIPPING: frozenset[Right] = frozenset({"orders.read", "orders.ship", "goods.read", "setup.read", "staff.read"})
ROLES: Mapping[Role, tuple[frozenset[Right], Records]] = {
    "administrator": (ALL, "all"),
    "director": (ALL - {"accounts", "staff.write"}, "all"),
    "manager": (_READING | _SELLING | _OWN, "own"),
    "marketer": (_MARKETING | _OWN, "all"),
    "warehouse": (_OWN | _SHIPPING, "all"),
}
"""What a role may, and whose records it reaches. A warehouse sees no money but that of what it shipped (P17)."""
_STAFF: frozenset[Right] = frozenset({"staff.write"})
_SCOPES: Mapping[TokenScope, frozenset[Right]] = {
    "read": _READING,
    "write": _named(".write", ".erase", ".import", ".ship") - _STAFF,
    "numbers": frozenset({"numbers"}),
    "profit": frozenset({"profit"}),
    "export": frozenset({"export"}),
    "accounts": frozenset({"accounts", "staff.write"}),
    "tokens": _OWN,
}


class Denied(Refusal):
    """The caller is known, and may not do this."""

    code = "no-right"


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose records a caller reaches who does not reach all."""

    actor: str
    owners: tuple[str, ...]

    def covers(self, owner_id: str | None) -> bool:
        """Tell whether the record is within reach. One that nobody owns is not: it takes somebody who reaches all."""
        return owner_id in self.owners


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an employee by id, what they may, and whose records they reach. `session`, `token`: the id of what they
    came in by; neither is told to other processes, nor needed there."""

    actor: str
    rights: frozenset[Right]
    records: Records
    session: str | None = None
    token: str | None = None

    def may(self, *rights: Right) -> bool:
        """Tell whether the caller has all these rights."""
        return self.rights.issuperset(rights)

    def reach(self, teams: Mapping[str, str | None]) -> Reach | None:
        """Return whose records the caller reaches; None: everybody's. `teams`: employee id → their team."""
        if self.records == "all":
            return None
        team = teams.get(self.actor) if self.records == "team" else None
        mates = {id for id, of in teams.items() if team and of == team}
        return Reach(self.actor, tuple(sorted(mates | {self.actor})))

    def narrowed(self, token: str, scopes: Iterable[TokenScope]) -> Caller:
        """Return the caller who comes by a token, with no more rights than its scopes give."""
        given = frozenset(right for scope in scopes for right in _SCOPES[scope])
        return Caller(self.actor, self.rights & given, self.records, token=token)


SYSTEM = Caller("system", ALL, "all")
"""The system itself: reactions, imports and commands of whoever holds the data folder."""


def caller_of(actor: str, role: Role, own: OwnRights) -> Caller:
    """Return what an employee may: the rights of the role, but for those that the account has of its own."""
    rights, usual = ROLES[role]
    records = own.records or usual
    switched: dict[Right, bool | None] = {"numbers": own.numbers, "profit": own.profit, "export": own.export}
    more: set[Right] = {right for right, on in switched.items() if on}
    less: set[Right] = {right for right, on in switched.items() if on is False}
    if records != "all":
        less.add("clients.import")
    return Caller(actor, (rights | more) - less, records)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route asks of its caller. `open`: nobody need sign in (the sign-in itself, style sheets). `session`: it is
    for somebody who signed in, and for no token, whatever its scopes."""

    rights: tuple[Right, ...] = ()
    open: bool = False
    session: bool = False

    def check(self, caller: Caller) -> None:
        """Raise Denied unless the caller has all that is needed."""
        if self.session and caller.session is None:
            raise Denied("this is for people who signed in; no token may do it", right="session")
        missing = [right for right in self.rights if right not in caller.rights]
        if missing:
            raise Denied(
                f"your account has no right to this ({', '.join(missing)}); an administrator can give it",
                right=missing[0],
            )


OPEN = Needs(open=True)
SIGNED_IN = Needs()
BY_SESSION = Needs(session=True)


def needs(*rights: Right) -> Needs:
    """Declare that a route is for callers who have all these rights."""
    return Needs(rights)


class KnowsTeams(Protocol):
    """What the gateway keeps in memory of employees, as far as rights need it."""

    @property
    def teams(self) -> Mapping[str, str | None]:
        """Employee id → their team."""
        ...


def reach_of(caller: Caller, known: Mapping[str, object]) -> Reach | None:
    """Return whose records the caller reaches, by what is known of teams; None: everybody's."""
    if caller.records == "all":
        return None
    return caller.reach(cast(KnowsTeams, known["gateway"]).teams)


class KnownAccount(Protocol):
    """An account as far as it says what its employee may."""

    @property
    def role(self) -> Role: ...
    @property
    def rights(self) -> OwnRights: ...


class KnowsAccounts(KnowsTeams, Protocol):
    """What the gateway keeps in memory of accounts, as far as it is asked what others than the caller may."""

    def active(self, account_id: str) -> KnownAccount | None:
        """Return the employee's account if they may come in by it."""
        ...


def lets(known: Mapping[str, object], employee_id: str, owner_id: str | None, *rights: Right) -> bool:
    """Tell whether an employee, who is not asking now, may do this with a record of this owner."""
    gateway = cast(KnowsAccounts, known["gateway"])
    account = gateway.active(employee_id)
    if account is None:
        return False
    caller = caller_of(employee_id, account.role, account.rights)
    reach = caller.reach(gateway.teams)
    return caller.may(*rights) and (reach is None or reach.covers(owner_id))
