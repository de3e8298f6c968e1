"""Commands in the distributed profile: an engine that folds nothing and sees how far the workers are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from contracts.problem import Unavailable
from services.analytics.projections.change import LANE_ID
from services.analytics.projections.model import LANE
from services.analytics.projections.shapes import LaneRules
from services.cli import progress
from services.cli.metrics import present_tables, write
from services.cli.past import tables_as_of
from services.cli.tasks import FINDINGS, chosen, counted, told_differences, told_import
from services.cli.verify import verify as differences
from services.cli.workspace import SERVICES
from services.gateway.domain.numbers import NUMBERS
from services.importer.run import Report, import_bundle
from services.kit import clock
from services.kit.engine import Engine
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.profiles import distributed, event_store, keyring, redis_answers, topics
from services.kit.rebuild import rebuild as build_anew
from services.kit.remote.calls import Calls
from services.kit.remote.passes import Passes
from services.kit.settings import Settings
from services.kit.share import Share

_LOOK = 0.1
_GRACE = 5.0
"""Seconds that workers and readers have to let go of a group that was built anew."""
_ANSWER = 10.0
"""Seconds after which a server is taken for away."""
_STILL = 60.0
"""Seconds without any progress of the workers after which there is no use in waiting for them."""


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[Engine]:
    """Open the servers that the settings name, each as soon as it is there. Raises Unusable."""
    settings.check_distributed()
    ports = await distributed(settings, Patience(lambda words: typer.echo(words, err=True)))
    calls = Calls({}, Passes(settings.secret.get_secret_value()))
    try:
        engine = Engine(SERVICES, ports, NUMBERS, Share(frozenset(), calls, erases=False))
        try:
            await engine.start()
            yield engine
        finally:
            await engine.halt()
    finally:
        await calls.close()
        await ports.close()


async def settled(engine: Engine, shown: progress.Report) -> int:
    """Wait until the workers have folded all that is in the log now; return its head. Raises Unusable if they rest."""
    begun, names = clock.now(), [p.name for service in SERVICES for p in service.projections]
    last, still = -1, 0.0
    while True:
        head = await engine.ports.store.head()
        as_of = await engine.horizon.as_of(names)
        if as_of >= begun and not await _deriving(engine) and await engine.ports.store.head() == head:
            return head
        still = 0.0 if as_of != last else still + _LOOK
        last = as_of
        if still > _STILL:
            raise Unusable("the read models make no progress: see that workers and relay run, and what `doctor` says")
        shown("waiting for the workers", as_of, max(as_of, begun))
        await asyncio.sleep(_LOOK)


async def _deriving(engine: Engine) -> bool:
    """Tell whether numbers are being derived under new sales rules (P2)."""
    group = (await engine.served())["analytics"]
    async with engine.reading() as reader:
        lanes: list[LaneRules] = [row.document for row in await reader.get(group, LANE.name, LANE_ID)]
    return any(lane.building is not None for lane in lanes)


async def import_(settings: Settings, folder: Path, *, strict: bool, source: str | None, errors: Path) -> int:
    """Import a bundle into the event store; the workers fold it as it comes."""
    with progress.shown() as shown:
        async with watching(settings) as engine:
            ports = engine.ports
            report: Report = await import_bundle(
                folder,
                ports.store,
                ports.keyring,
                engine.codec,
                source=source,
                strict=strict,
                now=clock.now(),
                progress=shown,
            )
            await settled(engine, shown)
    return told_import(report, errors, None)


async def export_metrics(settings: Settings, out: Path, when: int | None) -> int:
    """Write the files of DEFINITIONS part 2, now or as of a moment (UTC ms)."""
    with progress.shown() as shown:
        async with watching(settings) as engine:
            if when is not None and when < await engine.ports.store.newest():
                tables, files = await tables_as_of(engine.ports, engine.codec, when, shown)
            else:
                await settled(engine, shown)
                tables, files = await present_tables(engine, clock.now() if when is None else when)
            write(out, tables, files)
    typer.echo(f"metrics written to {out}")
    return 0


async def verify(settings: Settings, most: int) -> int:
    """Compare all read models with an independent recomputation, at a moment when nothing was written meanwhile."""
    with progress.shown() as shown:
        async with watching(settings) as engine:
            while True:
                head = await settled(engine, shown)
                found = await differences(engine, clock.now(), shown)
                if await engine.ports.store.head() == head:
                    break
            marks = await _marks(engine)
    told_differences(found, marks, most)
    return FINDINGS if found or marks else 0


async def rebuild(settings: Settings, projection: str | None) -> int:
    """Build read models anew from the log, beside the old ones; the workers go on, and move over by themselves."""
    wanted = chosen(projection)
    with progress.shown() as shown:
        async with watching(settings) as engine:
            ports = engine.ports
            for each in wanted:
                group = await build_anew(
                    each, ports.store, engine.codec, ports.documents, ports.bus.lanes, shown, grace=_GRACE
                )
                typer.echo(f"{each.name}: built anew as {group}")
    return 0


async def doctor(settings: Settings) -> int:
    """Ask every server, and tell what is wrong with its remedy."""
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
    try:
        found += await topics(settings).check()
    except Unavailable as error:
        found.append(f"Kafka cannot be used ({error.detail}): see that it runs and what VORONKA_KAFKA says")
    if not await redis_answers(settings):
        found.append("Redis does not answer: see that it runs and what VORONKA_REDIS says; limits are open meanwhile")
    for finding in found:
        typer.echo(finding)
    typer.echo(counted(len(found), "finding") if found else "all is well")
    return FINDINGS if found else 0


def _at_once(words: str) -> None:
    raise Unavailable(words)


def _why(error: BaseException) -> str:
    if isinstance(error, Unavailable):
        return error.detail
    return str(error) or f"no answer within {_ANSWER:.0f} s"


async def _marks(engine: Engine) -> list[str]:
    async with engine.reading() as reader:
        return [
            f"{name} lane {lane.lane} is incomplete: an event was skipped; run `voronka rebuild`"
            for name, group in (await engine.served()).items()
            for lane in await reader.lanes(group)
            if lane.incomplete
        ]
