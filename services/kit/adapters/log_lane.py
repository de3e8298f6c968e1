"""A lane as the log's bus fills it: what is still to be delivered, in log order or (in tests) topics shuffled."""

from __future__ import annotations

from collections import deque
from random import Random

from contracts.envelope import RecordedEvent
from services.kit.documents import LaneState
from services.kit.ports import Delivered


class Lane:
    """Delivers in log order."""

    def __init__(self, state: LaneState, start: int) -> None:
        self.number = state.lane
        self.start = start
        """The log is to be read from behind this position: up to it everything is stored."""
        self._last = {topic: position for topic, (position, _) in state.positions.items()}
        self._ready: list[Delivered] = []

    @property
    def ready(self) -> bool:
        """Is there something to deliver?"""
        return bool(self._ready)

    def offer(self, topic: str, event: RecordedEvent) -> None:
        """Take an event of this lane; called in log order, seldom with one that was taken before."""
        previous = self._last.get(topic, 0)
        if event.position > previous:
            self._last[topic] = event.position
            self._add(topic, Delivered(event, previous))

    def take(self, most: int) -> list[Delivered]:
        """Return up to `most` events to deliver now, at least one if any is ready."""
        taken, self._ready = self._ready[:most], self._ready[most:]
        return taken

    def _add(self, topic: str, delivered: Delivered) -> None:  # noqa: ARG002 - the shuffled one needs it
        self._ready.append(delivered)


class ShuffledLane(Lane):
    """Delivers as Kafka may: each topic in its order, topics at random against each other, some held back for long.

    For tests of what must hold with a broker too."""

    def __init__(self, state: LaneState, start: int, chance: Random) -> None:
        super().__init__(state, start)
        self._chance = chance
        self._topics: dict[str, deque[Delivered]] = {}

    @property
    def ready(self) -> bool:
        return bool(self._topics)

    def take(self, most: int) -> list[Delivered]:
        some = self._chance.sample(sorted(self._topics), self._chance.randint(1, len(self._topics)))
        taken: list[Delivered] = []
        for _ in range(self._chance.randint(1, most)):
            topic = self._chance.choice(some)
            taken.append(self._topics[topic].popleft())
            if not self._topics[topic]:
                del self._topics[topic]
                some.remove(topic)
                if not some:
                    break
        return taken

    def _add(self, topic: str, delivered: Delivered) -> None:
        self._topics.setdefault(topic, deque()).append(delivered)
