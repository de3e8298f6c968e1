"""The verbs on a data folder: the embedded profile. This process holds the folder and does all the work itself."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from services.cli import demo_accounts, progress, sheets, standing
from services.cli.accounts import Direct
from services.cli.events import export_events
from services.cli.filling import Demo, begun, bring, fill, is_empty, settle, today
from services.cli.metrics import present_tables, write
from services.cli.past import tables_as_of
from services.cli.rebuilding import rebuilt
from services.cli.sheets import TableOrder
from services.cli.telling import counted, told_differences, told_findings, told_import
from services.cli.workspace import chosen, engine, ports
from services.importer.errors import check_place
from services.kit import clock
from services.kit.codec import Codec
from services.kit.errors import Unusable
from services.kit.settings import Settings

_PATIENCE = 60.0
"""Seconds in which read models that stand are found, and go on."""


@dataclass(frozen=True)
class InFolder:
    """See Verbs."""

    settings: Settings
    data: Path

    async def run(self, services: Sequence[str], port: int | None, *, demo_if_empty: bool) -> int:
        """See Verbs."""
        from services.cli.serve import serve

        if services:
            raise Unusable("the embedded profile runs all services in one process; leave their names out")
        settings = self.settings if port is None else self.settings.model_copy(update={"port": port})
        return await serve(self.data, settings, demo_if_empty=demo_if_empty)

    async def import_(self, folder: Path, *, strict: bool, source: str | None, errors: Path) -> int:
        """See Verbs."""
        check_place(errors, self.data)
        return told_import(await bring(self.data, folder, strict=strict, source=source), errors, self.data)

    async def import_table(self, wanted: TableOrder) -> int:
        """See Verbs."""
        async with engine(self.data) as running:
            with progress.shown() as shown:
                await settle(running, shown)
            code = await sheets.import_table(running, wanted, self.data, self._where)
            with progress.shown() as shown:
                await settle(running, shown)
        return code

    async def undo_import(self, import_id: str) -> int:
        """See Verbs."""
        async with engine(self.data) as running:
            with progress.shown() as shown:
                await settle(running, shown)
            code = await sheets.undo_import(running, import_id)
            with progress.shown() as shown:
                await settle(running, shown)
        return code

    async def export_metrics(self, out: Path, when: int | None) -> int:
        """See Verbs."""
        past = False
        with progress.shown() as shown:
            if when is not None:
                async with ports(self.data) as opened:
                    past = when < await opened.store.newest()
                    if past:
                        tables, files = await tables_as_of(opened, Codec(opened.keyring), when, shown)
                        write(out, tables, files)
            if not past:
                async with engine(self.data) as running:
                    await settle(running, shown)
                    tables, files = await present_tables(running, clock.now() if when is None else when)
                    write(out, tables, files)
        typer.echo(f"metrics written to {out}")
        return 0

    async def export_events(self, out: Path) -> int:
        """See Verbs."""
        async with ports(self.data) as opened:
            with progress.shown() as shown:
                count = await export_events(opened.store, Codec(opened.keyring), out, shown)
        typer.echo(f"{counted(count, 'event')} written to {out}")
        return 0

    async def verify(self, most: int) -> int:
        """See Verbs."""
        from services.cli.verify import verify

        async with engine(self.data) as running:
            with progress.shown() as shown:
                await settle(running, shown)
                found = await verify(running, clock.now(), shown)
            marks = await standing.findings(running.ports, self._where)
        return told_differences(found, marks, most)

    async def rebuild(self, projection: str | None) -> int:
        """See Verbs."""
        async with ports(self.data) as opened:
            with progress.shown() as shown:
                for each in chosen(projection):
                    await rebuilt(each, opened, Codec(opened.keyring), shown)
        return 0

    async def skip(self, order: standing.Order) -> int:
        """See Verbs."""
        async with engine(self.data) as running:
            await running.settle(_PATIENCE)
            return await standing.skip(running.ports, order, self._where, _PATIENCE)

    async def demo(self, clients: int, events: int, seed: int) -> int:
        """See Verbs."""
        if begun(self.data) is not None or await is_empty(self.data):
            demo_accounts.begin(self.data)
        await fill(self.data, Demo(clients, events, seed, today()))
        async with engine(self.data) as running:
            await demo_accounts.finish(self.data, Direct.of(running))
        typer.echo(f"demo workspace in {self.data}")
        demo_accounts.tell(demo_accounts.kept(self.data))
        return 0

    async def accounts(self, act: Callable[[Direct], Awaitable[int]]) -> int:
        """See Verbs."""
        async with engine(self.data) as running:
            return await act(Direct.of(running))

    async def doctor(self) -> int:
        """See Verbs."""
        from services.cli.health import findings

        return told_findings(await findings(self.data, self._where))

    @property
    def _where(self) -> str:
        """The words by which a command finds this workspace."""
        profile = "" if self.settings.profile == "embedded" else " --profile embedded"
        return f" --data {shlex.quote(str(self.data))}{profile}"
