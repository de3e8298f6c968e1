"""A workspace is settled when nothing more will happen by itself: what is read then is the whole truth (X5)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from contracts.base import Command
from contracts.clients.commands import CaptureLead, ConvertLead
from services.cli.workspace import SERVICES
from services.gateway.domain.numbers import NUMBERS
from services.kit.engine import Engine
from services.kit.handle import Effect, Meta
from tests.support.patience import PATIENCE
from tests.unit.kit.support import workspace


class Slow(Engine):
    """Takes a reaction's commands only when the gate is open."""

    gate: asyncio.Event
    waiting = 0

    async def send(self, command: Command, meta: Meta) -> Effect:
        if meta.actor.startswith("system:"):
            self.waiting += 1
            await self.gate.wait()
        return await super().send(command, meta)


async def test_what_reactions_have_still_to_do_is_waited_for(tmp_path: Path) -> None:  # P16
    async with workspace(tmp_path) as ports:
        engine = Slow(SERVICES, ports, NUMBERS)
        engine.gate = asyncio.Event()
        await engine.start()
        try:
            await engine.send(CaptureLead(lead_id="l", name="Olha"), Meta("tester", "1"))
            converted: Any = await engine.send(ConvertLead(lead_id="l"), Meta("tester", "2"))
            async with asyncio.timeout(PATIENCE):
                while not engine.waiting:
                    await asyncio.sleep(0.001)
            while not all(engine.caught_up(name, converted.position) for name in engine.runners):
                await asyncio.sleep(0.001)
            assert not await engine.settle(0.2), "a client is still to be registered"
            engine.gate.set()
            assert await engine.settle()
            types = [event.type for event in await ports.store.read_all(0, 100)]
            assert "clients.ClientRegistered.v1" in types
        finally:
            await engine.stop()
