"""The verbs on servers: the distributed profile. Commands write to the log; workers, in other processes, fold it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from contracts.problem import Unavailable
from services.cli import demo_accounts, processes, progress, sheets, standing
from services.cli.accounts import Direct
from services.cli.events import export_events
from services.cli.filling import Demo, pour, today
from services.cli.metrics import present_tables, write
from services.cli.past import tables_as_of
from services.cli.rebuilding import rebuilt
from services.cli.sheets import TableOrder
from services.cli.telling import FINDINGS, counted, told_differences, told_findings, told_import
from services.cli.watching import Resting, Stuck, servers, settled, truth, watching
from services.cli.workspace import chosen
from services.importer.run import import_bundle
from services.kit import clock
from services.kit.codec import Codec
from services.kit.engine import Engine
from services.kit.eraser import reapply_erasures
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.profiles import distributed, event_store, keyring, redis_answers, topics
from services.kit.rebuild import LET_GO
from services.kit.settings import Settings

_ANSWER = 10.0
"""Seconds after which a server is taken for away, or a worker for not there."""


@dataclass(frozen=True)
class OnServers:
    """See Verbs."""

    settings: Settings

    async def run(self, services: Sequence[str], port: int | None, *, demo_if_empty: bool) -> int:  # noqa: ARG002
        """See Verbs. Nothing is filled by itself: `demo` does that."""
        settings = self.settings if port is None else self.settings.model_copy(update={"port": port})
        return await processes.run(processes.Plan.of(services, settings), distributed)

    async def import_(self, folder: Path, *, strict: bool, source: str | None, errors: Path) -> int:
        """See Verbs. What was stored and what was not is told before the workers are waited for."""
        async with watching(self.settings) as engine:
            with progress.shown() as shown:
                report = await import_bundle(
                    folder,
                    engine.ports.store,
                    engine.ports.keyring,
                    engine.codec,
                    source=source,
                    strict=strict,
                    now=clock.now(),
                    progress=shown,
                )
            code = told_import(report, errors, None)
            return max(code, await self._folded(engine))

    async def import_table(self, wanted: TableOrder) -> int:
        """See Verbs. The workers must have folded what was there, and are waited for afterwards."""
        async with watching(self.settings) as engine:
            with progress.shown() as shown:
                await settled(engine, shown, self._where)
            code = await sheets.import_table(engine, wanted, None, self._where)
            return max(code, await self._folded(engine))

    async def undo_import(self, import_id: str) -> int:
        """See Verbs; as import_table."""
        async with watching(self.settings) as engine:
            with progress.shown() as shown:
                await settled(engine, shown, self._where)
            code = await sheets.undo_import(engine, import_id)
            return max(code, await self._folded(engine))

    async def export_metrics(self, out: Path, when: int | None) -> int:
        """See Verbs."""
        with progress.shown() as shown:
            async with watching(self.settings) as engine:
                if when is not None and when < await engine.ports.store.newest():
                    tables, files = await tables_as_of(engine.ports, engine.codec, when, shown)
                else:
                    await settled(engine, shown, self._where)
                    tables, files = await present_tables(engine, clock.now() if when is None else when)
                write(out, tables, files)
        typer.echo(f"metrics written to {out}")
        return 0

    async def export_events(self, out: Path) -> int:
        """See Verbs. No worker is needed."""
        async with truth(self.settings) as (store, keys):
            await reapply_erasures(store, keys)  # the keys may be from an older backup
            with progress.shown() as shown:
                count = await export_events(store, Codec(keys), out, shown)
        typer.echo(f"{counted(count, 'event')} written to {out}")
        return 0

    async def verify(self, most: int) -> int:
        """See Verbs; at a moment when nothing was written meanwhile."""
        from services.cli.verify import verify

        with progress.shown() as shown:
            async with watching(self.settings) as engine:
                try:
                    while True:
                        head = await settled(engine, shown, self._where)
                        found = await verify(engine, clock.now(), shown)
                        if await engine.ports.store.head() == head:
                            break
                except Stuck as stuck:
                    typer.echo("nothing was compared, for lanes stand:")
                    return told_findings(stuck.findings)
                marks = await standing.findings(engine.ports, self._where)
        return told_differences(found, marks, most)

    async def rebuild(self, projection: str | None) -> int:
        """See Verbs; beside the old ones. The workers go on, and move over by themselves."""
        wanted = chosen(projection)
        with progress.shown() as shown:
            async with watching(self.settings) as engine:
                for each in wanted:
                    await rebuilt(each, engine.ports, engine.codec, shown, LET_GO)
        return 0

    async def skip(self, order: standing.Order) -> int:
        """See Verbs; the worker that has the lane does it."""
        async with servers(self.settings) as ports:
            return await standing.skip(ports, order, self._where, _ANSWER)

    async def demo(self, clients: int, events: int, seed: int) -> int:
        """See Verbs. Raises Unusable if the workspace holds anything: nobody can take a demo out again."""
        async with watching(self.settings) as engine:
            if await engine.ports.store.head():
                raise Unusable(
                    "the event store holds events already, and a demo cannot be taken out again: name an empty one in "
                    "VORONKA_EVENT_STORE, with a VORONKA_DATABASE and a VORONKA_KAFKA_PREFIX of its own"
                )
            typer.echo("filling the workspace with a demo, one moment ...")
            with progress.shown() as shown:
                report = await pour(engine.ports, engine.codec, Demo(clients, events, seed, today()), shown)
            typer.echo(f"{counted(report.events, 'event')} of the demo stored; the workers fold them ...")
            code = await self._folded(engine)
        async with watching(self.settings) as engine:
            accounts = Direct.of(engine)
            if not accounts.entry.known.accounts:
                ready = demo_accounts.chosen()
                await demo_accounts.make(accounts, ready)
                demo_accounts.tell(ready)
        if not code:
            typer.echo("the demo is there")
        return code

    async def accounts(self, act: Callable[[Direct], Awaitable[int]]) -> int:
        """See Verbs. No worker is needed."""
        async with watching(self.settings) as engine:
            return await act(Direct.of(engine))

    async def doctor(self) -> int:
        """See Verbs; asks every server."""
        settings = self.settings
        settings.check_distributed()
        found: list[str] = []
        impatient = Patience(_at_once)
        for what, name, opening in (
            ("the event store", "VORONKA_EVENT_STORE", lambda: event_store(settings, impatient)),
            ("the document store", "VORONKA_DOCUMENTS", lambda: keyring(settings, impatient)),
        ):
            try:
                async with asyncio.timeout(_ANSWER):
                    await (await opening()).close()
            except (Unavailable, Unusable, TimeoutError) as error:
                found.append(f"{what} cannot be used ({_why(error)}): see that it runs and what {name} says")
        if not found:
            found += await self._standing()
        try:
            found += await topics(settings).check()
        except Unavailable as error:
            found.append(f"Kafka cannot be used ({error.detail}): see that it runs and what VORONKA_KAFKA says")
        if not await redis_answers(settings):
            found.append(
                "Redis does not answer: see that it runs and what VORONKA_REDIS says; limits are open meanwhile"
            )
        return told_findings(found)

    async def _standing(self) -> list[str]:
        """Return which lanes stand and which lack events; the stores were there a moment ago."""
        try:
            async with asyncio.timeout(_ANSWER):
                async with servers(self.settings, _at_once) as ports:
                    return await standing.findings(ports, self._where)
        except (Unavailable, Unusable, TimeoutError) as error:
            return [f"whether lanes stand cannot be seen ({_why(error)}): ask again in a moment"]

    async def _folded(self, engine: Engine) -> int:
        """Wait until the workers have folded what was stored; if they do not, say that it is stored all the same."""
        try:
            with progress.shown() as shown:
                await settled(engine, shown, self._where)
        except Resting as resting:
            typer.echo(f"what is stored stays stored, but the numbers do not show it yet: {resting}", err=True)
            return FINDINGS
        return 0

    @property
    def _where(self) -> str:
        """The words by which a command finds these servers."""
        return "" if self.settings.profile == "distributed" else " --profile distributed"


def _at_once(words: str) -> None:
    raise Unavailable(words)


def _why(error: BaseException) -> str:
    if isinstance(error, Unavailable):
        return error.detail
    return str(error) or f"no answer within {_ANSWER:.0f} s"
