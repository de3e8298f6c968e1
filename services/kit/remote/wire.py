"""What goes between processes: a command with its meta, its effect, and refusals that are raised again as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from contracts.base import Command
from contracts.envelope import Origin
from contracts.problem import Problem, Refusal
from services.kit.handle import Effect, Meta
from services.kit.rights import Caller

REFUSAL = "voronka-refusal"
"""Header with the class of a refusal, for callers that are processes of ours."""
COMMANDS = "/internal/commands/{name}"
QUERIES = "/internal/queries"


class Sent(BaseModel):
    """A command on its way, all its fields set. Who asks is in the pass, not here."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    fields: dict[str, Any]
    command_id: str = Field(min_length=1, max_length=200)
    correlation: str = Field("", max_length=200)
    origin: Origin = "live"
    expected: int | None = None

    def meta(self, caller: Caller) -> Meta:
        """Return the command's meta."""
        return Meta(caller.actor, self.command_id, self.correlation, self.origin, self.expected, caller)


def sent(command: Command, meta: Meta) -> bytes:
    """Return the body of a command's request."""
    fields = command.model_dump(mode="json")
    return (
        Sent(
            fields=fields,
            command_id=meta.command_id,
            correlation=meta.correlation,
            origin=meta.origin,
            expected=meta.expected,
        )
        .model_dump_json()
        .encode()
    )


class Told(msgspec.Struct, frozen=True):
    """The effect of a command as it is told. `places`: where its events are, (topic, lane, position)."""

    stream: str
    version: int
    position: int
    repeated: bool
    places: list[tuple[str, int, int]]


def told(effect: Effect, places: list[tuple[str, int, int]]) -> bytes:
    """Return the body of a command's answer."""
    return msgspec.json.encode(Told(effect.stream, effect.version, effect.position, effect.repeated, places))


def effect_of(body: bytes) -> Effect:
    """Read a command's answer. Raises msgspec.DecodeError."""
    read = msgspec.json.decode(body, type=Told)
    return Effect(read.stream, read.version, read.position, repeated=read.repeated, places=read.places)


class _Refused(Problem):
    facts: dict[str, Any] = Field(default_factory=dict)


def name_of(refusal: Refusal) -> str:
    """Return the name under which a refusal's class is known to the other side."""
    return f"{type(refusal).__module__}.{type(refusal).__qualname__}"


def refusal_of(body: bytes, headers: Mapping[str, str]) -> Refusal:
    """Return the refusal that a problem tells of: of the same class, if this process has it, with the same code, words,
    field and facts. Raises pydantic's ValidationError if the body is no problem."""
    read = _Refused.model_validate_json(body)
    kinds = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in _all(Refusal)}
    kind = kinds.get(headers.get(REFUSAL, "")) or _kind(read.code)
    refusal = kind.__new__(kind)
    named = len(read.errors) == 1 and read.errors[0].message == read.detail
    Refusal.__init__(refusal, read.detail, field=read.errors[0].field if named else None, **read.facts)
    if read.errors and not named:
        vars(refusal)["errors"] = read.errors  # several wrong fields, as web.problems.Fields has them
    return refusal


def _kind(code: str) -> type[Refusal]:
    """Return the class that has this code, one of this name if there is none."""
    for kind in _all(Refusal):
        if vars(kind).get("code") == code:
            return kind
    return type("Refused", (Refusal,), {"code": code})


def _all(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all(each)
