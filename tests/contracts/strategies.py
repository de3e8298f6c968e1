"""Values that the contracts allow, built from the annotations of their models."""

from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le, MaxLen, MinLen
from hypothesis import strategies as st
from pydantic import BaseModel

from contracts import base, money
from contracts.base import Event, Marker
from contracts.gateway import account_commands
from contracts.gateway.rights import TokenScope

_WORDS = st.text(alphabet="aZ09 _-'\"\\/<>&\n\t\u0000\u200b«»ґїЇщё№€漢🙂é", max_size=12).map(
    lambda s: s.replace("\0", "")
)
_LARGE = 10**15


def _decimals(low: str, high: str, *, positive: bool = False) -> st.SearchStrategy[str]:
    numbers = st.decimals(Decimal(low), Decimal(high), places=4)
    return numbers.filter(lambda n: n > 0 or not positive).map(lambda n: format(n or n.copy_abs(), "f"))


_KNOWN: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (base.Id, st.from_regex(r"\A[A-Za-z0-9_.:-]{1,20}\Z")),
    (base.Line, _WORDS.map(str.strip)),
    (base.Name, _WORDS.map(lambda text: f"x{text}".strip())),
    (base.Text, _WORDS),
    (base.LanguageCode, st.sampled_from(["", "en", "uk", "ru"])),
    (base.Instant, st.integers(-62_135_596_800_000, 253_402_300_799_999)),
    (base.Day, st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat)),
    (base.Number, _decimals("-1000000", "1000000")),
    (base.Quantity, _decimals("0", "1000000", positive=True)),
    (base.Price, _decimals("0", "1000000")),
    (base.Rate, _decimals("0", "1000000", positive=True)),
    (base.Percent, _decimals("0", "100")),
    (base.Fraction, _decimals("0", "1")),
    (base.Minor, st.integers(-_LARGE, _LARGE)),
    (base.MinorPositive, st.integers(0, _LARGE)),
    (base.Ordinal, st.integers(0, 10**6)),
    (account_commands.Login, st.from_regex(r"\A[a-z0-9_.@-]{1,20}\Z")),
    (account_commands.Scopes, st.lists(st.sampled_from(get_args(TokenScope)), min_size=1, max_size=7)),
    (account_commands.Password, _WORDS),
    (money.Currency, st.sampled_from(sorted(money.EXPONENTS))),
    (int, st.integers(-(2**53), 2**53)),
    (bool, st.booleans()),
    (str, _WORDS),
    (NoneType, st.none()),
]


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    for known, values in _KNOWN:
        if annotation is known:
            return values
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(annotation.__origin__, [m for m in annotation.__metadata__ if not isinstance(m, Marker)])
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, UnionType):
        return st.one_of([_of(part) for part in parts])
    if origin is list:
        return st.lists(_of(parts[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(_of(parts[0]), _of(parts[1]), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return models(annotation)
    raise TypeError(f"no values known for {annotation!r}: add them here")


def _annotated(plain: Any, metadata: list[Any]) -> st.SearchStrategy[Any]:
    """Nested Annotated are flattened: find the alias again that was marked."""
    if not metadata:
        return _of(plain)
    for known, values in _KNOWN:
        if get_origin(known) is Annotated and known.__origin__ is plain and list(known.__metadata__) == metadata:
            return values
    limits = {type(limit): limit for info in metadata for limit in getattr(info, "metadata", [info])}
    if plain is int and limits.keys() == {Ge, Le}:
        return st.integers(limits[Ge].ge, limits[Le].le)
    if get_origin(plain) is list and limits.keys() <= {MinLen, MaxLen}:
        least = limits[MinLen].min_length if MinLen in limits else 0
        return st.lists(_of(get_args(plain)[0]), min_size=least, max_size=least + 2)
    raise TypeError(f"no values known for {plain!r} with {metadata!r}: add them here")


def models(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Return valid values of the model; of an event with its envelope's times."""
    hints = get_type_hints(model, include_extras=True)
    fields = {name: _of(hints[name]) for name in model.model_fields}
    if issubclass(model, Event):
        fields |= {"occurred_at": st.integers(0, 2**42)}
    return st.fixed_dictionaries(fields).map(model.model_validate)
