"""Folding in memory: events in, documents out, no store. Stricter than a store: only declared names are known."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from typing import Any

from contracts.base import Event
from contracts.envelope import Origin, RecordedEvent
from contracts.fast import DECODERS
from services.kit.context import matches, ordered
from services.kit.documents import Filter
from services.kit.projection import Projection

MOST_WRITES = 500
"""Documents one event may write (P2)."""


class MemoryContext:
    """A lane's documents and counters as dicts; implements services.kit.projection.Context."""

    def __init__(self, projection: Projection, lane: int = 0) -> None:
        self.projection = projection
        self.lane = lane
        self.lanes = 1
        self.documents: dict[str, dict[str, Any]] = {c.name: {} for c in projection.collections}
        self.counters: dict[str, dict[tuple[Any, ...], tuple[int, ...]]] = {c.name: {} for c in projection.counters}
        self.written: set[tuple[str, str]] = set()
        """What was put or deleted since the last event began."""
        self._columns = {c.name: c.columns for c in projection.collections}
        self._keys = {c.name: tuple(c.keys) for c in projection.counters}
        self._models = {c.name: c.model for c in projection.collections}
        self._versions: Tally[str] = Tally()
        self._position = 0

    def get(self, collection: str, id: str) -> Any:
        return self.documents[collection].get(id)

    def put(self, collection: str, id: str, document: Any) -> None:
        assert isinstance(document, self._models[collection]), f"{document!r} is no document of {collection}"
        for column in self._columns[collection]:
            getattr(document, column)
        self.written.add((collection, id))
        self.documents[collection][id] = document

    def delete(self, collection: str, id: str) -> None:
        self.written.add((collection, id))
        self.documents[collection].pop(id, None)

    def add(self, counter: str, key: tuple[Any, ...], deltas: tuple[int, ...]) -> None:
        assert len(key) == len(self._keys[counter]), f"{counter} has the keys {self._keys[counter]}, not {key}"
        rows = self.counters[counter]
        rows[key] = tuple(a + b for a, b in zip(rows.get(key, (0,) * len(deltas)), deltas, strict=True))
        if not any(rows[key]):
            del rows[key]

    def purge(self, name: str, column: str, value: Any, most: int) -> None:
        if name in self.counters:
            at = self._keys[name].index(column)
            rows: dict[Any, Any] = self.counters[name]
            gone = [key for key in rows if key[at] == value]
        else:
            assert column in self._columns[name], f"{name} has no column {column}"
            rows = self.documents[name]
            gone = [i for i, document in rows.items() if getattr(document, column) == value]
        for key in gone[:most]:
            del rows[key]

    def find(
        self, collection: str, where: Sequence[Filter], sort: Sequence[tuple[str, bool]] = (), limit: int = 1
    ) -> list[Any]:
        used = {f.column for f in where} | {column for column, _ in sort}
        assert used <= {*self._columns[collection], "id"}, f"{collection} has not all columns of {used}"
        rows = [(i, d) for i, d in self.documents[collection].items() if all(matches(f, d) for f in where)]
        return [document for _, document in ordered(rows, sort)][:limit]

    def across(self, collection: str, id: str) -> list[Any]:
        return [d for d in [self.get(collection, id)] if d is not None]

    def take(self, event: Event | RecordedEvent) -> None:
        """Fold one event; one that is not recorded yet becomes the next of its stream and of the log."""
        if isinstance(event, Event):
            stream = stream_of(event)
            self._versions[stream] += 1
            self._position += 1
            event = recorded(event, stream=stream, version=self._versions[stream], position=self._position)
        self._versions[event.stream], self._position = event.version, event.position
        fold = self.projection.folds.get(event.type)
        if fold is None:
            return
        self.written.clear()
        data = DECODERS[event.type].decode(event.data)
        named = self.projection.keys.get(event.type)
        for collection, _ in named(data, event) if named else ():
            assert collection in self.documents, f"{event.type} names documents of {collection}"
        fold(self, data, event)
        assert len(self.written) <= MOST_WRITES, f"{event.type} wrote {len(self.written)} documents"

    def work(self, most: int = 1000) -> int:
        """Do the projection's background work to its end; return the number of slices."""
        assert self.projection.work is not None
        for slices in range(1, most + 1):
            self.written.clear()
            more = self.projection.work(self)
            assert len(self.written) <= MOST_WRITES
            if not more:
                return slices
        raise AssertionError(f"work is not done after {most} slices")


def stream_of(event: Event) -> str:
    """Return the stream an event would stand in: `note-n1` for a NoteAdded of n1."""
    for name in type(event).model_fields:
        if name.endswith("_id") and getattr(event, name):
            return f"{name.removesuffix('_id')}-{getattr(event, name)}"
    return f"numbers-{event.key()}"


def recorded(
    event: Event,
    *,
    stream: str | None = None,
    version: int = 1,
    position: int = 1,
    actor: str = "tester",
    origin: Origin = "live",
    erased: bool = False,
) -> RecordedEvent:
    """Return the event as stored, at its `occurred_at`, nothing sealed; `erased`: as read when its key is destroyed."""
    hidden = event.personal_fields() if erased else None
    return RecordedEvent(
        id=f"event-{position}",
        type=event.type,
        key=event.key(),
        occurred_at=event.occurred_at,
        actor=actor,
        command_id=f"command-{position}",
        command_hash="",
        origin=origin,
        imputed=event.imputed,
        data=event.model_dump_json(exclude=hidden).encode(),
        stream=stream or stream_of(event),
        version=version,
        position=position,
        recorded_at=event.occurred_at,
    )


def fold(projection: Projection, *events: Event | RecordedEvent, lane: int = 0) -> MemoryContext:
    """Return the documents after these events, folded in this order."""
    context = MemoryContext(projection, lane)
    for event in events:
        context.take(event)
    return context
