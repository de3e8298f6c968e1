"""Refusals: expected errors with a stable code; the web edge turns them into RFC 9457 problems (DESIGN 7)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Refusal(Exception):
    """A command or query that is understood and refused. `code` is stable, the text may change."""

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str, *, field: str | None = None, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.facts = facts


class NotFound(Refusal):
    """There is no such thing, or the caller may not see it."""

    code = "not-found"


class AlreadyExists(Refusal):
    """A thing of this id is there already."""

    code = "already-exists"


class VersionConflict(Refusal):
    """Somebody changed the thing meanwhile. `facts`: stream, expected, actual."""

    code = "version-conflict"


class KeyReused(Refusal):
    """The same Idempotency-Key came with another body (DESIGN 4)."""

    code = "idempotency-key-reused"


class Backdated(Refusal):
    """The time given lies before the last change of this record."""

    code = "backdated"


class FutureDate(Refusal):
    """The time given has not come yet."""

    code = "future-date"


class Invalid(Refusal):
    """A value is wrong by itself; `field` names it."""

    code = "invalid"


class UnknownReference(Refusal):
    """A field points to something that does not exist; `field` names it."""

    code = "unknown-reference"


class IllegalMove(Refusal):
    """The state does not allow this step."""

    code = "illegal-move"


class Overlap(Refusal):
    """A stage stands in two classes of the sales rules (P2)."""

    code = "overlap"


class MissingRate(Refusal):
    """There is no exchange rate for this currency and day (P10)."""

    code = "missing-rate"


class NotYet(Refusal):
    """A documented option that this version cannot serve, such as as_of (DESIGN 6)."""

    code = "not-available"


class Gone(Refusal):
    """A token or cursor of another log (DESIGN 7)."""

    code = "gone"


class Unauthorized(Refusal):
    """A call between processes came without a pass, or with one that is not good here (DESIGN 5)."""

    code = "unauthorized"


class Unavailable(Refusal):
    """A store is away or full; nothing was stored; trying again later is right."""

    code = "unavailable"


class FieldError(BaseModel):
    """One wrong field: its path and what to do."""

    model_config = ConfigDict(frozen=True)
    field: str
    message: str


class Problem(BaseModel):
    """The body of every error answer, RFC 9457 (`application/problem+json`)."""

    model_config = ConfigDict(frozen=True)
    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] = []
    trace_id: str | None = None
