"""B4 rebuild and import: events from nothing to read models that serve."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from time import perf_counter

from benchmarks.fold import check_numbers, fingerprint
from benchmarks.measure import FULL, Line, Results
from services.analytics.projections.group import ANALYTICS
from services.cli.demo import write_bundle
from services.cli.workspace import SERVICES
from services.importer.run import import_bundle
from services.kit import clock
from services.kit.adapters.sqlite_documents import SqliteDocuments
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.codec import Codec
from services.kit.projection import Projection
from services.kit.rebuild import rebuild

EVERYTHING = tuple(projection for service in SERVICES for projection in service.projections)
_BULK = "documents: no journal, synced once at the end"


async def rebuilt(data: Path, documents: Path, projections: tuple[Projection, ...]) -> dict[str, float]:
    """Build the groups from the log into an empty store; return the seconds of each."""
    shutil.rmtree(documents, ignore_errors=True)
    documents.mkdir()
    store = await SqliteEventStore.open(data / "log.sqlite")
    keyring = await SqliteKeyring.open(data / "keys.sqlite")
    kept = await SqliteDocuments.open(documents / "documents.sqlite")
    codec = Codec(keyring)
    took: dict[str, float] = {}
    for projection in projections:
        begun = perf_counter()
        await rebuild(projection, store, codec, kept, 1)
        took[projection.name] = perf_counter() - begun
    await kept.close()
    await keyring.close()
    await store.close()
    return took


async def rebuilds(results: Results, data: Path, work: Path, events: int, rounds: int, live: str | None) -> Path:
    """Measure B4 for analytics and for all groups; return the folder with all of them. `live`: what the live fold's
    tables hash to."""
    folder = work / "rebuilt"
    samples: list[float] = []
    for _ in range(rounds):
        took = await rebuilt(data, folder, (ANALYTICS,))
        samples.append(events / took[ANALYTICS.name])
    check_numbers(data, folder, events)
    same = fingerprint(folder)
    if live is not None and same != live:
        raise AssertionError("the rebuilt tables are not those of the live fold")
    line = Line("B4 rebuild", "analytics from zero to served and indexed", _BULK, "events/s", samples)
    results.add(line.judged(at_least=40_000))
    took = await rebuilt(data, folder, EVERYTHING)
    line = Line(
        "B4 rebuild",
        f"all {len(EVERYTHING)} groups one after the other",
        _BULK,
        "events/s",
        [events / sum(took.values())],
    )
    results.add(line)
    each = ", ".join(f"{name} {events / seconds:,.0f}" for name, seconds in took.items())
    said = "" if live is None else "; its tables are those of the live fold"
    results.note(f"B4 equality: clients as the oracle says{said}. Events/s by group: {each}")
    return folder


async def imports(results: Results, work: Path, clients: int, events: int, rounds: int) -> None:
    """Measure the import of a demo bundle into an empty log; folding is not part of it."""
    bundle = work / "bundle"
    bundle.mkdir(exist_ok=True)
    write_bundle(bundle, clients=clients, events=events, seed=1, until=date(2026, 6, 1))
    samples: list[float] = []
    stored: set[int] = set()
    for turn in range(rounds):
        folder = work / f"import-{turn}"
        shutil.rmtree(folder, ignore_errors=True)
        store = await SqliteEventStore.open(folder / "log.sqlite")
        keyring = await SqliteKeyring.open(folder / "keys.sqlite")
        begun = perf_counter()
        report = await import_bundle(bundle, store, keyring, Codec(keyring), source="bench", now=clock.now())
        samples.append(report.events / (perf_counter() - begun))
        if report.errors:
            raise AssertionError(f"the bundle has errors: {report.errors[0]}")
        stored.add(await store.head())
        if turn == 0:
            again = await import_bundle(bundle, store, keyring, Codec(keyring), source="bench", now=clock.now())
            if again.events or await store.head() != report.events:
                raise AssertionError(f"imported again: {again.events} new events")
        await keyring.close()
        await store.close()
        shutil.rmtree(folder)
    if len(stored) != 1:
        raise AssertionError(f"imports of one bundle stored {stored} events")
    line = Line(
        "import", f"demo bundle of {stored.pop():,} events, checked, sealed and stored", FULL, "events/s", samples
    )
    results.add(line.judged(at_least=10_000))
    results.note("import equality: no error, the same number each time, nothing new the second time")
