"""The shape of an aggregate: decide what happens, evolve what is (DESIGN 4). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts.base import Event

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Decider(Generic[C, S, E]):
    """One aggregate. `category` prefixes its streams; `decide` raises a Refusal or returns events without times: the
    handler stamps `occurred_at` and `imputed` on them before they are evolved and stored."""

    category: str
    initial: S
    decide: Callable[[C, S], Sequence[E]]
    evolve: Callable[[S, E], S]

    def stream(self, key: str) -> str:
        """Return the name of the stream of one subject."""
        return f"{self.category}-{key}"

    def fold(self, events: Iterable[E], state: S | None = None) -> S:
        """Return the state after the events, from `state` or the initial one."""
        now = self.initial if state is None else state
        for event in events:
            now = self.evolve(now, event)
        return now

    def run(self, command: C, state: S, *, at: int, imputed: bool = False) -> tuple[list[E], S]:
        """Decide, stamp the events with their business time (UTC ms), and return them with the state after them."""
        events = [stamped(event, at, imputed) for event in self.decide(command, state)]
        return events, self.fold(events, state)


def stamped(event: E, at: int, imputed: bool) -> E:
    """Return the event with its business time (UTC ms) and whether the source had none."""
    return event.model_copy(update={"occurred_at": at, "imputed": imputed})
