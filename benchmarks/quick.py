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
from benchmarks.lists import lists
from benchmarks.measure import HERE, Results
from benchmarks.memory import folds
from benchmarks.servers import servers
from benchmarks.start import first_pages, starts
from benchmarks.whole import EVERYTHING, imports, rebuilds, rebuilt

PARTS = ("append", "memory", "fold", "rebuild", "import", "lists", "lag", "start", "servers")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="1,000,000 events, 100,000 clients, 5 rounds")
    parser.add_argument("--events", type=int, help="events of the history (default 40,000; full 1,000,000)")
    parser.add_argument("--clients", type=int, help="clients (default a tenth of the events)")
    parser.add_argument("--measured", type=int, help="events of the live fold that are timed (6,000; full 100,000)")
    parser.add_argument("--rounds", type=int, help="rounds of ours and the limit in turn (default 2; full 5)")
    parser.add_argument("--seconds", type=float, help="seconds of each rate of commands (default 4; full 10)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="just these parts")
    parser.add_argument("--work", type=Path, help="folder for the data (default: a temporary one)")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where latest.json and latest.md go")
    return parser.parse_args()


class Run:
    """One run: its sizes, what was measured, where the data is."""

    def __init__(self, args: argparse.Namespace, work: Path) -> None:
        self.full = bool(args.full)
        self.events = args.events or (1_000_000 if self.full else 40_000)
        self.clients = args.clients or self.events // 10
        self.measured = args.measured or (100_000 if self.full else 6_000)
        self.rounds = args.rounds or (5 if self.full else 2)
        self.seconds = args.seconds or (10 if self.full else 4)
        self.work = work
        self.data = work / "data"
        self.live: str | None = None
        """What the tables of the live fold hash to."""
        self.results = Results(
            {
                "events": f"{self.events:,}",
                "clients": f"{self.clients:,}",
                "live fold": f"{self.measured:,}",
                "rounds": self.rounds,
                "seed": 7,
            }
        )

    async def append(self) -> None:
        """B1."""
        counts = {1: 300, 8: 2_000, 32: 6_000, 128: 8_000}
        if self.full:
            counts = {1: 3_000, 8: 20_000, 32: 60_000, 128: 60_000}
        await appends(self.results, self.work, self.rounds, counts)
        await commands(self.results, self.work, self.rounds, {1: counts[1], 32: counts[32] // 2})

    async def memory(self) -> None:
        """B2."""
        await folds(self.results, self.data, self.rounds, min(self.events, 200_000 if self.full else 20_000))

    async def fold(self) -> None:
        """B3."""
        done = await live_fold(self.results, self.data, self.work, self.events, self.measured, self.rounds)
        self.live = fingerprint(done)
        some = 20_000 if self.full else 3_000
        await killed(self.results, self.data, self.work, min(self.events, self.clients * 2 + some))

    async def rebuild(self) -> None:
        """B4."""
        await rebuilds(self.results, self.data, self.work, self.events, self.rounds, self.live)

    async def imported(self) -> None:
        """Import."""
        clients, events = (20_000, 600_000) if self.full else (500, 15_000)
        await imports(self.results, self.work, clients, events, self.rounds)

    async def served(self) -> Path:
        """Return a workspace with all read models."""
        whole = self.work / "served"
        if not whole.exists():
            if not (self.work / "rebuilt").exists():
                await rebuilds(self.results, self.data, self.work, self.events, 1, self.live)
            shutil.copytree(self.work / "rebuilt", whole, ignore=shutil.ignore_patterns("*.lock"))
            for name in ("log.sqlite", "keys.sqlite"):
                shutil.copy(self.data / name, whole / name)
        return whole

    async def servers(self) -> None:
        """The distributed profile."""
        folder = self.work / "distributed"
        folder.mkdir()
        await servers(self.results, folder, 60_000 if self.full else 6_000, self.rounds, self.seconds * 2)

    async def start(self) -> None:
        """Start, memory, first pages."""
        whole = await self.served()
        await starts(self.results, whole, self.events, self.clients, self.rounds)
        await first_pages(self.results, whole, self.clients, 10)

    async def lists(self) -> None:
        """Lists of clients: more of them than the other parts need, with little history."""
        if self.full:
            await lists(self.results, await self.served(), self.clients, 40)
            return
        clients, made, whole = 20_000, self.work / "many", self.work / "listed"
        made.mkdir()
        make_workspace(made, Spec(clients + clients // 4, clients))
        await rebuilt(made, whole, EVERYTHING)
        for name in ("log.sqlite", "keys.sqlite"):
            shutil.copy(made / name, whole / name)
        await lists(self.results, whole, clients, 40)

    async def lag(self) -> None:
        """B5; last, because it adds to the workspace."""
        await lags(self.results, await self.served(), (100, 500, 1000), self.seconds)


async def _main(args: argparse.Namespace, work: Path) -> None:
    run = Run(args, work)
    for name, value in run.results.machine.items():
        print(f"{name}: {value}")
    run.data.mkdir(parents=True)
    begun = perf_counter()
    make_workspace(run.data, Spec(run.events, run.clients))
    print(f"made {run.events:,} events of {run.clients:,} clients in {perf_counter() - begun:.1f} s\n", flush=True)
    parts: dict[str, Callable[[], Awaitable[None]]] = {
        "append": run.append,
        "memory": run.memory,
        "fold": run.fold,
        "rebuild": run.rebuild,
        "import": run.imported,
        "start": run.start,
        "lists": run.lists,
        "lag": run.lag,
        "servers": run.servers,
    }
    for name, part in parts.items():
        if name in args.only:
            begun = perf_counter()
            await part()
            print(f"  ({name}: {perf_counter() - begun:.0f} s)\n", flush=True)
    run.results.write(args.out)
    judged = [line for line in run.results.lines if line.met is not None]
    missed = sum(not line.met for line in judged)
    print(f"{missed} of {len(judged)} goals not met; see {args.out}/latest.md")


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
