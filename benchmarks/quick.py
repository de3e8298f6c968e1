"""`make bench-quick`: everything in a few minutes; `--full` takes the sizes that the goals are stated for."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

import structlog

from benchmarks.append import appends, commands
from benchmarks.data import Spec, make_workspace
from benchmarks.fold import fingerprint, killed, live_fold
from benchmarks.lag import lags
from benchmarks.measure import HERE, Results
from benchmarks.memory import folds
from benchmarks.start import first_pages, starts
from benchmarks.whole import imports, rebuilds

PARTS = ("append", "memory", "fold", "rebuild", "import", "lag", "start")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="1,000,000 events, 100,000 clients, 5 rounds")
    parser.add_argument("--events", type=int, help="events of the history (default 60,000; full 1,000,000)")
    parser.add_argument("--clients", type=int, help="clients (default a tenth of the events)")
    parser.add_argument("--measured", type=int, help="events of the live fold that are timed (default 10,000)")
    parser.add_argument("--rounds", type=int, help="rounds of ours and the limit in turn (default 2; full 5)")
    parser.add_argument("--seconds", type=float, help="seconds of each rate of commands (default 5; full 10)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="just these parts")
    parser.add_argument("--work", type=Path, help="folder for the data (default: a temporary one)")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where latest.json and latest.md go")
    return parser.parse_args()


async def _main(args: argparse.Namespace, work: Path) -> None:
    full = args.full
    events = args.events or (1_000_000 if full else 60_000)
    clients = args.clients or events // 10
    measured = args.measured or (100_000 if full else 10_000)
    rounds = args.rounds or (5 if full else 2)
    seconds = args.seconds or (10 if full else 5)
    results = Results(
        {"events": f"{events:,}", "clients": f"{clients:,}", "live fold": f"{measured:,}", "rounds": rounds, "seed": 7}
    )
    for name, value in results.machine.items():
        print(f"{name}: {value}")
    data = work / "data"
    data.mkdir(parents=True)
    begun = perf_counter()
    make_workspace(data, Spec(events, clients))
    print(f"made {events:,} events of {clients:,} clients in {perf_counter() - begun:.1f} s\n", flush=True)

    live: str | None = None
    few = {1: 300, 8: 2_000, 32: 6_000, 128: 8_000}
    many = {1: 3_000, 8: 20_000, 32: 60_000, 128: 60_000}

    async def append() -> None:
        await appends(results, work, rounds, many if full else few)
        await commands(results, work, rounds, {1: 300, 32: 4_000} if not full else {1: 3_000, 32: 40_000})

    async def memory() -> None:
        await folds(results, data, rounds, min(events, 200_000 if full else 40_000))

    async def fold() -> None:
        nonlocal live
        done = await live_fold(results, data, work, events, measured, rounds)
        live = fingerprint(done)
        await killed(results, data, work, 20_000 if full else min(events, clients + 4_000))

    async def rebuild() -> None:
        await rebuilds(results, data, work, events, rounds, live)

    async def import_() -> None:
        await imports(results, work, 20_000 if full else 500, 600_000 if full else 15_000, rounds)

    async def served() -> Path:
        """Return a workspace with all read models."""
        whole = work / "served"
        if not whole.exists():
            if not (work / "rebuilt").exists():
                await rebuilds(results, data, work, events, 1, live)
            shutil.copytree(work / "rebuilt", whole, ignore=shutil.ignore_patterns("*.lock"))
            for name in ("log.sqlite", "keys.sqlite"):
                shutil.copy(data / name, whole / name)
        return whole

    async def lag() -> None:
        await lags(results, await served(), (100, 500, 1000), seconds)

    async def start() -> None:
        whole = await served()
        await starts(results, whole, events, clients, rounds)
        await first_pages(results, whole, clients, 10)

    parts: dict[str, Callable[[], Awaitable[None]]] = {
        "append": append, "memory": memory, "fold": fold, "rebuild": rebuild, "import": import_, "start": start, "lag": lag,
    }  # fmt: skip
    for name, part in parts.items():
        if name in args.only:
            begun = perf_counter()
            await part()
            print(f"  ({name}: {perf_counter() - begun:.0f} s)\n", flush=True)
    results.write(args.out)
    missed = [line for line in results.lines if line.met is False]
    print(
        f"{len(missed)} of {sum(line.met is not None for line in results.lines)} goals not met; see {args.out}/latest.md"
    )


def main() -> None:
    """Run it; the exit code says nothing about times."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    args = _arguments()
    if args.work is not None:
        asyncio.run(_main(args, args.work))
        return
    with tempfile.TemporaryDirectory(prefix="voronka-bench-") as folder:
        asyncio.run(_main(args, Path(folder)))


if __name__ == "__main__":
    main()
