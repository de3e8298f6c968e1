"""A whole story told to several processes gives exactly the numbers that the log gives (X5, P18, #4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.base import Command
from services.cli.verify import verify
from services.kit import clock
from services.kit.handle import Effect, Meta
from tests.support.company import Company
from tests.support.processes import LANES, Installation, Process, installation

ALL = ("gateway", "pipeline", "clients", "analytics")


class Spokesman:
    """Takes commands for several engines, in turn."""

    def __init__(self, processes: list[Process]) -> None:
        self.processes = processes
        self.turn = 0

    async def send(self, command: Command, meta: Meta) -> Effect:
        self.turn += 1
        return await self.processes[self.turn % len(self.processes)].engine.send(command, meta)


async def audited(installed: Installation) -> list[Any]:
    """Return what an independent recomputation finds wrong, by a process that folds nothing itself."""
    await installed.settle()
    auditor = await installed.start(*ALL, lanes=())
    return await verify(auditor.engine, clock.now())


async def test_one_process_for_each_service(tmp_path: Path) -> None:  # X5
    async with installation(tmp_path) as installed:
        for name in reversed(ALL):
            gateway = await installed.start(name)
        company: Any = Company(gateway.engine)
        await company.all()
        await company.rules("deals", "orders", A="bought", W="refused")
        assert await audited(installed) == []
        assert len({event.actor for event in await installed.ports.store.read_all(0, 10_000)}) > 2, "reactions too"


async def test_two_processes_share_the_lanes_and_one_is_replaced(tmp_path: Path) -> None:  # X5
    async with installation(tmp_path) as installed:
        first = await installed.start(*ALL, lanes=range(6))
        second = await installed.start(*ALL, lanes=range(6, LANES))
        both = Spokesman([first, second])
        company: Any = Company(both)  # type: ignore[arg-type]
        await company.reference()
        await company.people()
        await installed.stop(second)
        both.processes = [first, await installed.start(*ALL, lanes=range(6, LANES))]
        await company.sales()
        await company.rules("deals", "orders", A="bought", W="refused")
        sent, company.sent = company.sent, 0
        await company.reference()  # all once more: repeats, mostly at the other process
        assert company.sent < sent
        assert await audited(installed) == []
