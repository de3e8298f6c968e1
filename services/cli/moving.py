"""`voronka move`: from a folder to servers, or back (issue 4, S0: a company outgrows one machine)."""

from __future__ import annotations

from pathlib import Path

import typer

from services.cli import progress
from services.cli.filling import build_all
from services.cli.move import move_keys, move_log
from services.cli.tasks import counted
from services.cli.workspace import ports
from services.kit.patience import Patience
from services.kit.profiles import event_store, keyring
from services.kit.settings import Settings


async def move(settings: Settings, folder: Path, *, back: bool) -> int:
    """Copy what the target lacks of keys and log. `back`: from the servers into the folder. Nobody may write meanwhile.

    Raises Unusable if the target holds another history."""
    settings.check_distributed()
    patience = Patience(lambda words: typer.echo(words, err=True))
    store = await event_store(settings, patience)
    try:
        keys = await keyring(settings, patience)
        try:
            with progress.shown() as shown:
                async with ports(folder) as here:
                    one, other = (store, keys), (here.store, here.keyring)
                    (log, ring), (to_log, to_ring) = (one, other) if back else (other, one)
                    subjects = await move_keys(ring, to_ring, shown)
                    events = await move_log(log, to_log, shown)
                    if back:
                        await build_all(here, shown)
        finally:
            await keys.close()
    finally:
        await store.close()
    typer.echo(f"{counted(events, 'event')} moved, {counted(subjects, 'key')} there")
    typer.echo("now run `voronka verify` on both sides")
    return 0
