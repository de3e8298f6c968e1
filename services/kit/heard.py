"""How far lanes are by what other processes tell (`news`), for those who wait (DESIGN 5, 10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.kit.documents import Positions
from services.kit.lane import Place, Waiters


class _Told:
    """A lane by what was told of it."""

    def __init__(self) -> None:
        self.positions: Positions = {}


class Heard:
    """How far lanes are by what was told here, or seen in the documents."""

    def __init__(self) -> None:
        self._lanes: dict[str, dict[int, _Told]] = {}
        self._waiters: dict[str, Waiters] = {}

    def note(self, group: str, lane: int, positions: Positions) -> None:
        """Take in how far a lane is, and wake those who wait for it."""
        lanes = self._lanes.setdefault(group, {})
        told = lanes.setdefault(lane, _Told())
        told.positions = told.positions | {
            topic: at for topic, at in positions.items() if at[0] > told.positions.get(topic, (0, ""))[0]
        }
        if group in self._waiters:
            self._waiters[group].wake()

    def note_all(self, group: str, lanes: Mapping[int, Positions]) -> None:
        """Take in how far these lanes are."""
        for lane, positions in lanes.items():
            self.note(group, lane, positions)

    def of(self, group: str) -> dict[int, Positions]:
        """Return what was heard of the group's lanes."""
        return {lane: told.positions for lane, told in self._lanes.get(group, {}).items()}

    def knows(self, group: str, lanes: Collection[int]) -> bool:
        """Tell whether something was heard of each of these lanes."""
        return self._lanes.get(group, {}).keys() >= set(lanes)

    async def reached(self, group: str, places: list[Place], seconds: float) -> None:
        """Wait until it was heard that these places are folded, so long at most."""
        waiters = self._waiters.setdefault(group, Waiters(self._lanes.setdefault(group, {})))
        await waiters.wait(places, seconds)
