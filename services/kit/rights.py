"""Who may do what: rights as data, what each role has, and what a route asks for (P17, P25, S2.19, #5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from contracts.gateway.rights import OwnRights, Records, Role, TokenScope
from contracts.problem import Refusal

Right = Literal[
    "clients.read", "clients.write", "clients.erase", "leads.read", "leads.write", "deals.read", "deals.write",
    "orders.read", "orders.write", "orders.ship", "payments.read", "payments.write", "goods.read", "goods.write",
    "setup.read", "setup.write", "staff.read", "staff.write", "accounts", "money", "numbers", "profit", "export",
]  # fmt: skip
"""`clients` are contacts and notes too; `setup`: funnels, sales rules, rates, settings; `staff`: employees. `money`:
prices and sums in records; `numbers`: sales indicators (S2.19); `profit`: profit and costs (P25)."""
ALL: frozenset[Right] = frozenset(get_args(Right))
_READING: frozenset[Right] = frozenset(right for right in ALL if right.endswith(".read")) | {"money"}
_SELLING: frozenset[Right] = frozenset(
    {"clients.write", "leads.write", "deals.write", "orders.write", "orders.ship", "payments.write", "numbers"}
)
ROLES: Mapping[Role, tuple[frozenset[Right], Records]] = {
    "administrator": (ALL, "all"),
    "director": (ALL - {"accounts", "staff.write"}, "all"),
    "manager": (_READING | _SELLING, "own"),
    "marketer": (_READING - {"payments.read"} | {"leads.write", "numbers", "export"}, "all"),
    "warehouse": (frozenset({"orders.read", "orders.ship", "goods.read", "setup.read", "staff.read"}), "all"),
}
"""What a role may, and whose records it reaches. A warehouse sees no money but that of what it shipped (P17)."""
_SCOPES: Mapping[TokenScope, frozenset[Right]] = {
    "read": _READING,
    "write": frozenset(right for right in ALL if right.endswith((".write", ".erase", ".ship"))) - {"staff.write"},
    "numbers": frozenset({"numbers"}),
    "profit": frozenset({"profit"}),
    "export": frozenset({"export"}),
    "accounts": frozenset({"accounts", "staff.write"}),
}


class Denied(Refusal):
    """The caller is known, and may not do this."""

    code = "no-right"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an employee by id, what they may, and whose records they reach."""

    actor: str
    rights: frozenset[Right]
    records: Records

    def may(self, *rights: Right) -> bool:
        """Tell whether the caller has all these rights."""
        return self.rights.issuperset(rights)

    def owners(self, teams: Mapping[str, str | None]) -> tuple[str, ...] | None:
        """Return whose records the caller reaches; None: everybody's. `teams`: employee id → their team."""
        if self.records == "all":
            return None
        team = teams.get(self.actor) if self.records == "team" else None
        mates = {id for id, of in teams.items() if team and of == team}
        return tuple(sorted(mates | {self.actor}))

    def narrowed(self, scopes: Iterable[TokenScope]) -> Caller:
        """Return the caller with no more rights than these scopes of a token give."""
        given = frozenset(right for scope in scopes for right in _SCOPES[scope])
        return Caller(self.actor, self.rights & given, self.records)


SYSTEM = Caller("system", ALL, "all")
"""The system itself: reactions, imports and commands of whoever holds the data folder."""


def caller_of(actor: str, role: Role, own: OwnRights) -> Caller:
    """Return what an employee may: the rights of the role, but for those that the account has of its own."""
    rights, records = ROLES[role]
    switched: dict[Right, bool | None] = {"numbers": own.numbers, "profit": own.profit, "export": own.export}
    more = {right for right, on in switched.items() if on}
    less = {right for right, on in switched.items() if on is False}
    return Caller(actor, (rights | more) - less, own.records or records)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route asks of its caller. `open`: nobody need sign in (the sign-in itself, style sheets)."""

    rights: tuple[Right, ...] = ()
    open: bool = False

    def check(self, caller: Caller) -> None:
        """Raise Denied unless the caller has all that is needed."""
        missing = [right for right in self.rights if right not in caller.rights]
        if missing:
            raise Denied(
                f"your account has no right to this ({', '.join(missing)}); an administrator can give it",
                right=missing[0],
            )


OPEN = Needs(open=True)
SIGNED_IN = Needs()


def needs(*rights: Right) -> Needs:
    """Declare that a route is for callers who have all these rights."""
    return Needs(rights)
