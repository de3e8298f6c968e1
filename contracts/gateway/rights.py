"""Roles and rights as accounts hold them: what a role may is data of services.kit.rights (P17, P25, S2.19)."""

from __future__ import annotations

from typing import Literal

from contracts.base import Model

Role = Literal["administrator", "director", "manager", "marketer", "warehouse"]
Records = Literal["own", "team", "all"]
"""Whose records: the employee's own, those of their team, or all."""
TokenScope = Literal["read", "write", "numbers", "profit", "export", "accounts", "tokens"]
"""What a token may do of all that its account may. `tokens`: make and revoke tokens, none of which may more."""


class OwnRights(Model):
    """What one account may otherwise than its role; null: as the role has it. `numbers`: sales indicators (S2.19),
    `profit`: profit and costs, apart (P25)."""

    records: Records | None = None
    numbers: bool | None = None
    profit: bool | None = None
    export: bool | None = None
