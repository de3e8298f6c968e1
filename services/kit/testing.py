"""Three words to test a decider with: given events, when a command, then events or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.base import Event
from contracts.problem import Refusal
from services.kit.decider import Decider


@dataclass
class Case:
    """What is known before the command. Given events carry their own `occurred_at`."""

    decider: Decider[Any, Any, Any]
    history: Sequence[Event]

    def when(self, command: Any, *, at: int = 0) -> Outcome:
        """Decide the command at this business time (UTC ms)."""
        state = self.decider.fold(self.history)
        try:
            events, after = self.decider.run(command, state, at=at)
        except Refusal as refusal:
            return Outcome(refusal=refusal, state=state)
        return Outcome(events=events, state=after)


@dataclass
class Outcome:
    """What came of it."""

    events: list[Event] = field(default_factory=list)
    refusal: Refusal | None = None
    state: Any = None

    def then(self, *expected: Event) -> None:
        """Expect exactly these events (times apart)."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        assert [_plain(e) for e in self.events] == [_plain(e) for e in expected]

    def then_nothing(self) -> None:
        """Expect no event and no refusal."""
        self.then()

    def then_refused(self, kind: type[Refusal], *, field: str | None = None) -> None:
        """Expect this refusal, naming this field if given."""
        assert isinstance(self.refusal, kind), f"expected {kind.__name__}, got {self.refusal!r} and {self.events}"
        assert field is None or self.refusal.field == field

    def then_state(self) -> Any:
        """Return the state after the events, for further assertions."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        return self.state


def _plain(event: Event) -> tuple[str, dict[str, Any]]:
    return event.type, event.model_dump()


def given(decider: Decider[Any, Any, Any], *history: Event) -> Case:
    """Start a test of the decider with these events in its stream."""
    return Case(decider, history)
