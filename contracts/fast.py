"""Decoders for the fold path: msgspec structs generated from the event models, proven equal to them in a test."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from contracts.base import ENVELOPE_FIELDS, Event, sealed_fields
from contracts.registry import EVENTS

_structs: dict[type[BaseModel], type[msgspec.Struct]] = {}


def _plain(annotation: Any) -> Any:
    """Return the annotation without constraints, nested models as structs: what is stored was checked when written."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin is Literal:
        return str
    if origin in (Union, UnionType):
        return Union[tuple(_plain(part) for part in get_args(annotation))]  # noqa: UP007 - built at run time
    if origin is not None:
        return origin[tuple(_plain(part) for part in get_args(annotation))]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return struct_of(annotation)
    return annotation


class Sealed(msgspec.Struct):
    """Encrypted personal fields: `by` whose key, `box` base64 of nonce and ciphertext of their JSON (DESIGN 8)."""

    by: str
    box: str


def _field(name: str, info: FieldInfo, blank: bool) -> Any:
    kind, default = _plain(info.annotation), info.default
    if default is PydanticUndefined:
        return (name, kind, "") if blank else (name, kind)
    if isinstance(default, list | dict):
        return (name, kind, msgspec.field(default_factory=partial(deepcopy, default) if default else type(default)))
    return (name, kind, default)


def struct_of(model: type[BaseModel]) -> type[msgspec.Struct]:
    """Return the struct with the model's fields and defaults, an event's without those of its envelope.

    An event's personal fields may be missing (then they are blank) and stand in `sealed` instead."""
    if model not in _structs:
        personal = sealed_fields(model)
        elsewhere = ENVELOPE_FIELDS if issubclass(model, Event) else frozenset[str]()  # a visit has its own `imputed`
        fields = [
            _field(name, info, name in personal) for name, info in model.model_fields.items() if name not in elsewhere
        ]
        if personal:
            fields.append(("sealed", Sealed | None, None))
        _structs[model] = msgspec.defstruct(model.__name__, fields, kw_only=True)
    return _structs[model]


def _personal_struct(event: type[Event]) -> type[msgspec.Struct]:
    fields = [_field(name, event.model_fields[name], True) for name in sorted(event.personal_fields())]
    return msgspec.defstruct(event.__name__ + "Personal", fields, kw_only=True)


PERSONAL_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(_personal_struct(event)) for name, event in EVENTS.items() if event.personal_fields()
}
"""Per event type with personal fields: their unsealed JSON → struct."""
DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(struct_of(event)) for name, event in EVENTS.items()
}
"""Per event type: JSON data → struct with the model's fields. Unknown fields are skipped."""
