"""A token that is in the log of a folder, for a process of its own that will serve it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from contracts.gateway.rights import TokenScope
from services.cli.accounts import BY, Direct
from services.cli.workspace import engine
from services.gateway.accounts.accounts import add


async def token_in(folder: Path, *, lanes: int = 12) -> str:
    """Make an administrator and return a token of theirs that may do everything."""
    async with engine(folder, lanes=lanes) as running:
        accounts = Direct.of(running)
        id = await add(accounts, "Tests", "tests", "administrator", None, BY)
        return await accounts.issue_token(id, "tests", get_args(TokenScope), 1, BY)
