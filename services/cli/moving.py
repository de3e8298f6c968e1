"""`voronka move`: from a folder to servers, or back (issue 4, S0: a company outgrows one machine)."""

from __future__ import annotations

from pathlib import Path

import typer

from services.cli import progress
from services.cli.filling import build_all
from services.cli.move import move_keys, move_log
from services.cli.telling import counted
from services.cli.watching import truth
from services.cli.workspace import ports
from services.kit.settings import Settings


async def move(settings: Settings, folder: Path, *, back: bool) -> int:
    """Copy what the target lacks of keys and log. `back`: from the servers into the folder. Nobody may write meanwhile.

    Raises Unusable if the target holds another history."""
    async with truth(settings) as there:
        with progress.shown() as shown:
            async with ports(folder) as here:
                (log, ring), (to_log, to_ring) = (here.store, here.keyring), there
                if back:
                    (log, ring), (to_log, to_ring) = there, (here.store, here.keyring)
                subjects = await move_keys(ring, to_ring, shown)
                events = await move_log(log, to_log, shown)
                if back:
                    await build_all(here, shown)
    typer.echo(f"{counted(events, 'event')} moved, {counted(subjects, 'key')} there")
    typer.echo("now run `voronka verify` on both sides")
    return 0
