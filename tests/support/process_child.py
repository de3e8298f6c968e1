"""`voronka run --profile distributed` in a process of its own, on the embedded stores: the event store seems to be away
until a file named `there` is in the folder, and every command waits for a file named `go` if `slow` is there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from contracts.problem import Unavailable
from services.cli import processes
from services.cli.ending import ended
from services.kit import telemetry
from services.kit.patience import Patience
from services.kit.ports import Ports
from services.kit.profiles import embedded
from services.kit.settings import Settings

LANES = 12
folder = Path(sys.argv[1])


class Slow:
    """An event store that may take its time."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def append(self, *args: Any) -> Any:
        while (folder / "slow").exists() and not (folder / "go").exists():
            (folder / "waits").touch()
            await asyncio.sleep(0.005)
        return await self.store.append(*args)


async def open_ports(_: Settings, patience: Patience) -> Ports:
    async def attempt() -> Ports:
        if not (folder / "there").exists():
            raise Unavailable("nobody answers at kurrentdb://nowhere")
        return await embedded(folder, lanes=LANES)

    ports = await patience.until("the event store", attempt)
    ports.store = Slow(ports.store)
    return ports


telemetry.configure(json_logs=True)
ended(lambda: sys.exit(asyncio.run(processes.run(processes.Plan.of(sys.argv[2:], Settings.read()), open_ports))))
