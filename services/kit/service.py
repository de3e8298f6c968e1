"""What a service is made of: the table that its `service.py` fills (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.base import Command
from contracts.envelope import RecordedEvent
from contracts.gateway.events import NumberKind
from services.kit.codec import Codec
from services.kit.decider import Decider
from services.kit.handle import Handler, Meta
from services.kit.ports import Limits
from services.kit.projection import Projection
from services.kit.reaction import Reaction
from services.kit.rights import Needs, Reach


class Known:
    """What edges must know of other streams: a memory cache fed with reference events in log order, first those of the
    log at start, then each one as it is appended, before its command is answered (DESIGN 4)."""

    types: frozenset[str] = frozenset()

    def apply(self, data: Any, event: RecordedEvent) -> None:
        """Take in one event of `types`; `data` has the fields of the event model."""
        raise NotImplementedError


@dataclass
class Desk:
    """What an enrichment may use at a service's edge."""

    handler: Handler
    codec: Codec
    known: dict[str, Known]
    """By service name."""
    limits: Limits


Enrich = Callable[[Desk, Any, Meta], Awaitable[Any]]
"""(desk, command, meta) → the command with its EDGE fields filled. Raises refusals that name the field."""


Whose = Callable[[Desk, Any, Reach], Awaitable[None]]
"""(desk, command, reach): raises what the caller is told if the command's record, or one it names, is out of reach."""


@dataclass(frozen=True)
class Handles:
    """One command a service takes. `path` is its POST route under /api/v1; {field} is taken from the path. None: it is
    sent from within alone."""

    path: str | None
    command: type[Command]
    decider: Decider[Any, Any, Any]
    key: str
    """Field with the id of the stream's subject."""
    creates: bool = False
    """The id is uuid5(actor, Idempotency-Key) unless an import or a reaction gives it (DESIGN 4)."""
    own: bool = False
    """The subject is whoever asks: their account."""
    makes: str | None = None
    """Field with the id of what is made within the subject; given as that of `creates` is."""
    once: Callable[[Any], tuple[Any, str]] | None = None
    """command → it, with what is stored of a new secret; and the secret, which the answer shows this once."""
    enrich: Enrich | None = None
    numbered: NumberKind | None = None
    """Kind of short number that what it creates gets (P21), taken when nothing refuses the command."""
    needs: Needs = field(kw_only=True)
    whose: Whose | None = field(kw_only=True)
    """How the caller's reach binds it (P17); None: what it changes is nobody's record, such as a funnel."""

    @property
    def created(self) -> str | None:
        """The field with the id of what is created."""
        return self.key if self.creates else self.makes


@dataclass(frozen=True)
class Query:
    """One question a service answers: a GET route under /api/v1; `{field}` in the path fills the parameter's field.

    `handler(reading, params) -> answer` says by its annotations what it takes (a kit.query.Params) and what it gives
    (a kit.query.Answer); routes and OpenAPI are made of them."""

    path: str
    groups: tuple[str, ...]
    """Projections it reads, by name: what `after` waits for and what `as_of` is said about."""
    handler: Callable[[Any, Any], Awaitable[Any]]
    needs: Needs = field(kw_only=True)


@dataclass(frozen=True)
class Service:
    """A service's table of contents."""

    name: str
    handles: tuple[Handles, ...] = ()
    projections: tuple[Projection, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    known: Callable[[], Known] | None = None
    queries: tuple[Query, ...] = ()
