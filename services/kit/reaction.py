"""The shape of a policy: an event happened, so these commands shall be sent (DESIGN 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contracts.base import Command, Event


@dataclass(frozen=True, slots=True)
class Reaction:
    """One policy. Its command ids derive from the event, so that a repeat has no second effect; `name` is for ever.

    It sees live events only (`origin` is not `import`), from the moment it is first deployed, never a rebuild (P18)."""

    name: str
    events: tuple[type[Event], ...]
    react: Callable[..., Sequence[Command]]
    """(data with the fields of the event model, envelope[, what the edge knows]) → commands."""
    known: str | None = None
    """Name of the service whose Known is passed as third argument, if any."""
