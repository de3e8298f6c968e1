"""How far read models are: what has been folded, up to which moment they tell the truth (DESIGN 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from contracts.problem import Unavailable
from services.kit import clock
from services.kit.lane import Place
from services.kit.ports import Documents, EventStore
from services.kit.runner import ProjectionRunner


class Horizon(Protocol):
    """What is asked about groups, by projection name."""

    async def groups(self, names: Sequence[str]) -> tuple[dict[str, str], bool]:
        """Return the versioned group of each name that reads see, and whether one of them is to be replaced by a newer
        build. Raises Unavailable while they are being loaded."""
        ...

    async def as_of(self, names: Sequence[str]) -> int:
        """Return the moment (UTC ms) up to which these projections have folded everything: now if nothing waits."""
        ...

    async def caught_up(self, names: Sequence[str]) -> bool:
        """Tell whether these projections have folded all that is in the log at this moment, whoever folds it."""
        ...

    async def wait(self, places: list[Place], names: Sequence[str], seconds: float) -> bool:
        """Wait until these projections have folded these places; False if not in time."""
        ...

    async def idle(self, names: Sequence[str], seconds: float) -> bool:
        """Wait until these projections have no background work left, as far as this process does it."""
        ...

    async def lag(self, name: str) -> int:
        """Return how many events of the log this process has still to fold."""
        ...

    async def behind(self, name: str) -> int:
        """Return how many events of the log wait for this projection, whoever folds it."""
        ...


class Alone:
    """The embedded profile: this process folds all, and has in mind how far it is."""

    def __init__(self, runners: Mapping[str, ProjectionRunner], store: EventStore, documents: Documents) -> None:
        self._runners = runners
        self._store = store
        self._documents = documents

    async def groups(self, names: Sequence[str]) -> tuple[dict[str, str], bool]:
        """See Horizon."""
        if any(name not in self._runners or not self._runners[name].defined for name in names):
            raise Unavailable("the workspace is being loaded; try again in a moment")
        groups = {name: self._runners[name].group for name in names}
        stale = False
        for name, group in groups.items():
            stale = stale or (await self._documents.active(name) or group) != group
        return groups, stale

    async def as_of(self, names: Sequence[str]) -> int:
        """See Horizon; if something waits, when the last folded event was recorded, in the lane furthest behind."""
        now = clock.now()
        if await self.caught_up(names):
            return now
        behind = min((folded(self._runners[name]) for name in names), default=0)
        events = await self._store.read_all(behind - 1, 1) if behind > 0 else []
        return events[0].recorded_at if events else 0

    async def caught_up(self, names: Sequence[str]) -> bool:
        """See Horizon."""
        head = await self._store.head()
        return all(self._runners[name].passed >= head for name in names)

    async def wait(self, places: list[Place], names: Sequence[str], seconds: float) -> bool:
        """See Horizon."""
        return all(await asyncio.gather(*[self._runners[name].wait(places, seconds) for name in names]))

    async def idle(self, names: Sequence[str], seconds: float) -> bool:
        """See Horizon."""
        return all(await asyncio.gather(*[self._runners[name].idle(seconds) for name in names]))

    async def lag(self, name: str) -> int:
        """See Horizon; positions grow by one."""
        head = await self._store.head()
        runner = self._runners[name]
        return 0 if runner.passed >= head else max(0, head - folded(runner))

    async def behind(self, name: str) -> int:
        """See Horizon."""
        return await self.lag(name)


def folded(runner: ProjectionRunner) -> int:
    """Return the position of the last event folded, in the lane that is furthest behind; 0: none yet."""
    lanes = runner.lanes.values()
    return min((max((at for at, _ in lane.positions.values()), default=0) for lane in lanes), default=0)
