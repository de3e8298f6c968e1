"""The shapes every contract is made of: frozen models, text that is safe to store, instants, markers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema


class Marker:
    """A word said about a field in its annotation; compared by identity."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


PERSONAL = Marker("PERSONAL")
"""The field tells something about a person: it is sealed under the subject's key before it is stored (DESIGN 8)."""

SECRET = Marker("SECRET")
"""What a password or token is checked against: sealed like a personal field, and never shown or exported (ADR 0023)."""

PROOF = Marker("PROOF")
"""A password that comes with a command: checked by the service's edge, part of no digest, and never stored."""

EDGE = Marker("EDGE")
"""The field is filled by the service's edge (a price, a rate, a number), never by the caller (DESIGN 4)."""


def _clean(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("must be valid Unicode text") from error
    return text


_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII | re.IGNORECASE
)
"""RFC 3339, seconds and zone optional. `datetime.fromisoformat` alone takes any character, even NUL, for the T."""
_NUMERIC = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,6})?", re.ASCII | re.IGNORECASE)
"""`Decimal` alone also reads 1_000, digits of other scripts and exponents that overflow its arithmetic."""


def _instant(value: object) -> object:
    """Read an ISO 8601 text with zone as UTC milliseconds; integers pass."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            raise ValueError("no time")
        moment = datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise ValueError("must be a time such as 2026-05-31T09:30:00+02:00") from error
    if moment.tzinfo is None:
        raise ValueError("must name its time zone, such as 2026-05-31T09:30:00Z")
    return to_millis(moment)


def to_millis(moment: datetime) -> int:
    """Return UTC milliseconds since 1970 of an aware datetime, exact (no float)."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def _decimal(value: object) -> object:
    """Keep a decimal as the text it came as; refuse what is no finite plain number."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError('must be a decimal number in quotes, such as "12.50"')
    text = str(value).strip()
    if not _NUMERIC.fullmatch(text):
        raise ValueError('must be a decimal number in quotes, such as "12.50"')
    number = Decimal(text)
    if number and number.adjusted() >= 15:
        raise ValueError("must be a finite number below 1e15")
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -12:
        raise ValueError("must have at most 12 decimals")
    return format(number or number.copy_abs(), "f")


def _not_negative(value: str) -> str:
    if Decimal(value) < 0:
        raise ValueError("must not be negative")
    return value


def _positive(value: str) -> str:
    if Decimal(value) <= 0:
        raise ValueError("must be greater than zero")
    return value


def _percent(value: str) -> str:
    if not 0 <= Decimal(value) <= 100:
        raise ValueError("must be between 0 and 100")
    return value


def _fraction(value: str) -> str:
    if not 0 <= Decimal(value) <= 1:
        raise ValueError("must be between 0 and 1")
    return value


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise ValueError("must be a date such as 2026-05-31") from error


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
"""An identifier: letters, digits and _.:- , at most 64; ours are UUIDs in text."""
Line = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True), AfterValidator(_clean)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), AfterValidator(_clean)]
Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_clean)]
Instant = Annotated[
    int,
    BeforeValidator(_instant),
    Field(ge=-62_135_596_800_000, le=253_402_300_799_999),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "format": "date-time"}]}, mode="validation"),
]
"""UTC milliseconds since 1970; ISO 8601 text with a zone is read too."""
Day = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^([a-z]{2})?$")]
"""ISO 639-1 in lower case, or empty for all other languages (P27)."""
_NUMBER = WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"})
Number = Annotated[str, BeforeValidator(_decimal), _NUMBER]
"""A decimal number kept as text: never a float."""
Quantity = Annotated[str, BeforeValidator(_decimal), AfterValidator(_positive), _NUMBER]
Price = Annotated[str, BeforeValidator(_decimal), AfterValidator(_not_negative), _NUMBER]
Rate = Annotated[str, BeforeValidator(_decimal), AfterValidator(_positive), _NUMBER]
"""Units of a currency for one unit of the base currency (P10)."""
Percent = Annotated[str, BeforeValidator(_decimal), AfterValidator(_percent), _NUMBER]
Fraction = Annotated[str, BeforeValidator(_decimal), AfterValidator(_fraction), _NUMBER]
Minor = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]
"""Money in minor units (cents)."""
MinorPositive = Annotated[int, Field(strict=True, ge=0, le=10**15)]
Ordinal = Annotated[int, Field(strict=True, ge=0, le=10**6)]
"""A place in an order. Bounded: a store's integer is 64 bits, and one that does not fit would stop a lane."""


class Model(BaseModel):
    """A value inside a contract."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Command(BaseModel):
    """What somebody wants done. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    at: Instant | None = None
    """Business time the caller typed (UTC ms); None: now, but never before the stream's last event."""


class Event(BaseModel):
    """A fact that happened. Unknown fields are ignored: a newer writer may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    """`<service>.<Name>.v<version>`, for ever."""
    key_fields: ClassVar[tuple[str, ...]]
    """The first of these that is set is the event's key: the client's id, else the subject's own (DESIGN 4)."""
    reference: ClassVar[bool] = False
    """True: delivered in every lane (DESIGN 5)."""
    sealed_under: ClassVar[tuple[str, ...]] = ()
    """The first of these that is set is the data subject whose key seals the personal fields; empty: no such field."""
    owned_by: ClassVar[str | None] = None
    """Field with the client whose erasure also destroys the subject's key."""

    occurred_at: int = Field(default=0, exclude=True)
    """Business time, UTC ms; stored in the envelope, not in the data."""
    imputed: bool = Field(default=False, exclude=True)
    """True: the source had no time for it; stored in the envelope."""

    @classmethod
    def topic(cls) -> str:
        """Return the topic of this event: `<service>.events`."""
        return cls.type.split(".", 1)[0] + ".events"

    @classmethod
    def personal_fields(cls) -> frozenset[str]:
        """Return the names of the fields that are sealed, secrets too."""
        return sealed_fields(cls)

    def key(self) -> str:
        """Return the id that orders this event with others: the client's, else the subject's own."""
        return first_set(self, self.key_fields)


ENVELOPE_FIELDS = frozenset({"occurred_at", "imputed"})


def first_set(source: object, fields: tuple[str, ...]) -> str:
    """Return the first of the fields that holds a value."""
    for name in fields:
        value = getattr(source, name)
        if value:
            return str(value)
    raise ValueError(f"none of {fields} is set in {type(source).__name__}")


def marked(model: type[BaseModel], marker: Marker) -> frozenset[str]:
    """Return the names of the model's fields annotated with the marker."""
    return frozenset(name for name, info in model.model_fields.items() if any(m is marker for m in info.metadata))


def sealed_fields(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the model's fields that are stored encrypted."""
    return marked(model, PERSONAL) | marked(model, SECRET)


def request_fields(command: type[Command]) -> dict[str, Any]:
    """Return the fields a caller may set: all but those of the edge, as `create_model` wants them."""
    hidden = marked(command, EDGE)
    return {name: (info.annotation, info) for name, info in command.model_fields.items() if name not in hidden}
