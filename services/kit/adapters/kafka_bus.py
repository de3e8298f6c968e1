"""Kafka as bus: lane n is partition n of all topics, and a worker owns whole lanes (DESIGN 5, ADR 0018)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator

from contracts.registry import TOPICS
from services.kit.adapters.kafka_reading import Reading
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_watch import Watch
from services.kit.documents import LaneState
from services.kit.errors import OtherLog
from services.kit.ports import Batch, EventStore, OpenLane


class KafkaBus:
    """The port Bus. The store tells which log it is, and whether stored positions belong to it; it is not followed."""

    system = "kafka"

    def __init__(self, settings: KafkaSettings, store: EventStore) -> None:
        self._settings = settings
        self._store = store
        self._watch = Watch(settings)
        self._readings: defaultdict[str, set[Reading]] = defaultdict(set)

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return self._settings.lanes

    async def deliveries(self, group: str, open_lane: OpenLane, most: int = 1000) -> AsyncIterator[Batch]:
        """Yield batches of at most `most` events of one lane; waits for a broker that is away; ends with `close`.

        Raises OtherLog if a lane's positions are not of this log, and what `open_lane` raises."""
        reading = Reading(self._settings, group, self._store.log_id, open_lane, self._recorded, self._watch)
        self._readings[group].add(reading)
        self._watch.enter()
        try:
            while (batch := await reading.next(most)) is not None:
                yield batch
        finally:
            self._readings[group].discard(reading)
            await reading.stop()
            await self._watch.leave()

    def passed(self, group: str) -> int:
        """Return the position up to which everything of this process's lanes was delivered, as far as the relay is; -1
        while more is at hand, lanes are changing hands, or the relay was not heard of."""
        readings = self._readings[group]
        return min((reading.passed for reading in readings), default=-1)

    def owned(self, group: str) -> frozenset[int]:
        """Return the lanes that are given to this process right now: none while they are changing hands."""
        return frozenset().union(*(reading.owned for reading in self._readings[group]))

    async def resend(self, group: str, lane: int) -> None:
        """Open the lane again, if it is still ours, and deliver from where it is."""
        for reading in self._readings[group]:
            reading.ask_again(lane)

    async def close(self) -> None:
        """End all deliveries; the one that is waited for returns within a moment."""
        for readings in self._readings.values():
            for reading in readings:
                reading.close()

    async def _recorded(self, state: LaneState) -> dict[str, int]:
        """Return when the lane's last event of each topic was recorded, UTC ms. Raises OtherLog."""
        if state.log_id and state.log_id != self._store.log_id:
            raise OtherLog(f"Lane {state.lane} belongs to the log {state.log_id}, this one is {self._store.log_id}.")
        recorded: dict[str, int] = {}
        for topic in TOPICS:
            position, event_id = state.positions.get(topic, (0, ""))
            if position == 0:
                continue
            found = await self._store.read_all(position - 1, 1)
            if [(event.position, event.id) for event in found] != [(position, event_id)]:
                raise OtherLog(
                    f"Lane {state.lane} ended {topic} with the event {event_id} at {position}, not so this log."
                )
            recorded[topic] = found[0].recorded_at
        return recorded
