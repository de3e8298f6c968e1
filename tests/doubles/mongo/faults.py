"""What the double can be told to do wrong, and where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal


class Cut(Exception):
    """The connection is to be closed without an answer."""


@dataclass
class Fault:
    """Done to the next `times` commands of this name that `where` accepts: before they run, or before the answer."""

    command: str | None
    action: Literal["cut", "hang", "slow"]
    when: Literal["before", "after"] = "before"
    times: int = 1
    where: Callable[[dict[str, Any]], bool] = lambda _: True
    seconds: float = 0.05


@dataclass
class Faults:
    """All switches of a double. `full`: nothing more can be stored. `seen`: names of the commands that came."""

    planned: list[Fault] = field(default_factory=list)
    full: bool = False
    seen: list[str] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to let hanging commands go on."""

    def plan(self, command: str | None, action: Literal["cut", "hang", "slow"], **more: Any) -> Fault:
        """Plan a fault; command None: any but the handshake."""
        fault = Fault(command, action, **more)
        self.planned.append(fault)
        return fault

    async def passed(self, when: str, name: str, command: dict[str, Any]) -> None:
        """Do what is planned for this moment. Raises Cut."""
        for fault in self.planned:
            if fault.times > 0 and fault.when == when and fault.command in {None, name} and fault.where(command):
                fault.times -= 1
                if fault.action == "cut":
                    raise Cut
                if fault.action == "slow":
                    await asyncio.sleep(fault.seconds)
                else:
                    await self.released.wait()
                return
