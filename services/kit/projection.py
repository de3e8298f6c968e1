"""The shape of a read model's fold: pure and synchronous, the same live, in a rebuild and in a test (DESIGN 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from contracts.base import Event
from contracts.envelope import RecordedEvent
from services.kit.documents import Collection, Counter, Filter

E = TypeVar("E", bound=Event)
Key = tuple[str, str]
"""(collection, id) of a document."""


class Context(Protocol):
    """What a fold sees: the documents of its lane with this batch's pending writes over them."""

    @property
    def lane(self) -> int:
        """The number of this lane."""
        ...

    @property
    def lanes(self) -> int:
        """How many lanes there are."""
        ...

    def get(self, collection: str, id: str) -> Any:
        """Return the document of this lane, or None. Documents are frozen structs: `replace` them, then `put`."""
        ...

    def put(self, collection: str, id: str, document: Any) -> None:
        """Store the document when the batch commits."""
        ...

    def delete(self, collection: str, id: str) -> None:
        """Remove the document when the batch commits."""
        ...

    def add(self, counter: str, key: tuple[Any, ...], deltas: tuple[int, ...]) -> None:
        """Add to a counter of this lane when the batch commits."""
        ...

    def purge(self, name: str, column: str, value: Any, most: int) -> None:
        """Remove up to `most` committed rows of this lane whose column has this value."""
        ...

    def find(
        self,
        collection: str,
        where: Sequence[Filter],
        sort: Sequence[tuple[str, bool]] = (),
        limit: int = 1,
    ) -> list[Any]:
        """Return the first documents of this lane that match, pending writes included; sorted, then by id. Besides the
        declared columns, `id` can be filtered and sorted by (documents then have it as an attribute)."""
        ...

    def across(self, collection: str, id: str) -> list[Any]:
        """Return the documents of this id in all lanes, as committed: for work that waits for others."""
        ...


Fold = Callable[[Context, Any, RecordedEvent], None]
Keys = Callable[[Any, RecordedEvent], Iterable[Key]]


class Projection:
    """A group of read models folded together and committed at once with their position.

    `version` is raised with every change of the fold: a new version is built beside the old one (DESIGN 5).
    """

    def __init__(
        self, name: str, version: int, collections: Sequence[Collection] = (), counters: Sequence[Counter] = ()
    ) -> None:
        self.name = name
        self.version = version
        self.collections = tuple(collections)
        self.counters = tuple(counters)
        self.folds: dict[str, Fold] = {}
        self.keys: dict[str, Keys] = {}
        self.work: Callable[[Context], bool] | None = None
        """Called between batches: does one slice of background work; True: there is more to do."""
        self.prepare: Callable[[Context], None] | None = None
        """Called in a rebuild, with all reference events folded and nothing else: may put off until `work` what is
        cheaper done once at the end."""
        self.prefetch: Callable[[Context, Any, RecordedEvent], Iterable[Key]] | None = None
        """Names more documents an event will need, given what `keys` named; it may `get` from the context."""

    @property
    def base(self) -> str:
        """The versioned group of this version as it is first built; further builds are named `<base>-2` and so on."""
        return f"{self.name}.{self.version}"

    def made(self, group: str) -> bool:
        """Tell whether this versioned group is a build of this version."""
        return group == self.base or group.startswith(self.base + "-")

    def on(self, *events: type[Event], keys: Keys | None = None) -> Callable[[Fold], Fold]:
        """Register a fold for these event types. It is called with (context, data, event): `data` has the fields of the
        event model; the envelope (occurred_at, imputed, actor, version ...) is on `event`. `keys` names the documents
        it will get, so that a batch loads them at once; what is not named is still found, one by one."""

        def register(fold: Fold) -> Fold:
            for event in events:
                if event.type in self.folds:
                    raise ValueError(f"{self.name} folds {event.type} twice")
                self.folds[event.type] = fold
                if keys is not None:
                    self.keys[event.type] = keys
            return fold

        return register

    def include(self, *parts: Projection) -> Projection:
        """Fold these parts (one read model each, one file each) in this group, on one position."""
        for part in parts:
            self.collections += part.collections
            self.counters += part.counters
            for type_, fold in part.folds.items():
                mine = self.folds.get(type_)
                self.folds[type_] = fold if mine is None else _both(mine, fold)
                keys, more = self.keys.get(type_), part.keys.get(type_)
                if more is not None:
                    self.keys[type_] = more if keys is None else _both_keys(keys, more)
        return self


def _both(first: Fold, second: Fold) -> Fold:
    def fold(context: Context, data: Any, event: RecordedEvent) -> None:
        first(context, data, event)
        second(context, data, event)

    return fold


def _both_keys(first: Keys, second: Keys) -> Keys:
    def keys(data: Any, event: RecordedEvent) -> Iterable[Key]:
        yield from first(data, event)
        yield from second(data, event)

    return keys
