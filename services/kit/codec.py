"""From event models to stored events and back; personal fields are sealed here, so that no service can forget it."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import to_json

from contracts.base import Event, first_set
from contracts.envelope import RecordedEvent
from contracts.fast import DECODERS, PERSONAL_DECODERS, Sealed
from contracts.problem import Refusal
from contracts.registry import EVENTS
from services.kit.clock import new_bytes
from services.kit.ports import Keyring

_NONCE = 12
_PERSONAL = {name: sorted(event.personal_fields()) for name, event in EVENTS.items() if event.personal_fields()}
_SEALED_TYPES = frozenset(_PERSONAL)
_JOINING = {name for name in _SEALED_TYPES if "from_client" in EVENTS[name].model_fields}
"""A deal, order or payment without a client has a key of its own, which from now on must fall with the client's."""


class _Seal(msgspec.Struct):
    """The one field of an event that tells under whose key it is sealed."""

    sealed: Sealed | None = None


_SEAL = msgspec.json.Decoder(_Seal)


class UnknownEvent(Exception):
    """The type is not in this code's contracts: a newer writer; the lane must stop (DESIGN 5)."""


class Erased(Refusal):
    """The person's data was destroyed; nothing more is stored about them (X10)."""

    code = "erased"


class Codec:
    """Encodes and decodes event data. One per process."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def encode(self, event: Event) -> bytes:
        """Return the event's data as JSON. Personal fields go into `sealed`, encrypted under their subject's key, which
        is made if missing. Raises Erased if the subject was erased."""
        if event.type not in _SEALED_TYPES:
            if event.owned_by is not None:
                await self._keyring.link(first_set(event, event.sealed_under), str(getattr(event, event.owned_by)))
            return event.__pydantic_serializer__.to_json(event)
        subject = first_set(event, event.sealed_under)
        owner = str(getattr(event, event.owned_by)) if event.owned_by else None
        key = await self._keyring.ensure(subject, owner)
        if key is None:
            raise Erased(f"the personal data of {subject} was erased; nothing can be added to it")
        if event.type in _JOINING and subject != (own := str(getattr(event, event.sealed_under[-1]))):
            await self._keyring.link(own, subject)
        return seal(event, subject, key)

    async def keys(self, events: Iterable[Event]) -> dict[str, bytes | None]:
        """Make and return the keys that these events need, by one write: for `encode_with`. None: erased."""
        pairs: dict[str, str | None] = {}
        for event in events:
            if event.type in _SEALED_TYPES:
                owner = str(getattr(event, event.owned_by)) if event.owned_by else None
                subject = first_set(event, event.sealed_under)
                pairs[subject] = owner
                if event.type in _JOINING and subject != (own := str(getattr(event, event.sealed_under[-1]))):
                    await self._keyring.link(own, subject)
            elif event.owned_by is not None:
                await self._keyring.link(first_set(event, event.sealed_under), str(getattr(event, event.owned_by)))
        return await self._keyring.ensure_many(list(pairs.items())) if pairs else {}

    def encode_with(self, event: Event, keys: Mapping[str, bytes | None]) -> bytes | None:
        """Do `encode` with keys at hand; None if the subject was erased."""
        if event.type not in _SEALED_TYPES:
            return event.__pydantic_serializer__.to_json(event)
        subject = first_set(event, event.sealed_under)
        key = keys[subject]
        return None if key is None else seal(event, subject, key)

    def holding(self, events: Iterable[RecordedEvent]) -> AbstractAsyncContextManager[None]:
        """Hold the keys of these events: `decode` and `model` of sealed ones work inside only (see Keyring.hold)."""
        return self._keyring.hold(_subjects(events))

    def decode(self, event: RecordedEvent) -> Any:
        """Return the event's data as a struct with the fields of its model (DESIGN 4, fold path).

        Personal fields of an erased subject are blank. Raises UnknownEvent, MissingKey, msgspec.DecodeError."""
        decoder = DECODERS.get(event.type)
        if decoder is None:
            raise UnknownEvent(f"event type {event.type!r} at position {event.position} is not known to this version")
        data = decoder.decode(event.data)
        if event.type in _SEALED_TYPES and data.sealed is not None:
            key = self._keyring.key(data.sealed.by)
            if key is not None:
                personal = PERSONAL_DECODERS[event.type].decode(unseal(data.sealed.box, key, event.type))
                for name in personal.__struct_fields__:
                    setattr(data, name, getattr(personal, name))
            data.sealed = None
        return data

    def model(self, event: RecordedEvent) -> Event:
        """Return the event as its model, with its envelope's times: for deciders."""
        cls = EVENTS.get(event.type)
        if cls is None:
            raise UnknownEvent(f"event type {event.type!r} at position {event.position} is not known to this version")
        data: dict[str, Any] = json.loads(event.data)
        envelope = {"occurred_at": event.occurred_at, "imputed": event.imputed}
        sealed = data.pop("sealed", None)
        if sealed is not None:
            key = self._keyring.key(sealed["by"])
            if key is None:
                return _blank(cls, data | envelope)
            data |= json.loads(unseal(sealed["box"], key, event.type))
        return cls.model_validate(data | envelope, extra="ignore")


def _subjects(events: Iterable[RecordedEvent]) -> Iterator[str]:
    """Yield under whose keys events are sealed; data that cannot be read is left to `decode`."""
    for event in events:
        if event.type in _SEALED_TYPES:
            try:
                sealed = _SEAL.decode(event.data).sealed
            except msgspec.DecodeError:
                continue
            if sealed is not None:
                yield sealed.by


def _blank(cls: type[Event], data: dict[str, Any]) -> Event:
    """Return the event of an erased subject. A blank name is no valid name: the check sees a stand-in for it."""
    hidden = cls.personal_fields()
    stand_in = {name: "-" for name in hidden if cls.model_fields[name].is_required()}
    blank = PERSONAL_DECODERS[cls.type].decode(b"{}")
    checked = cls.model_validate({**data, **stand_in}, extra="ignore")
    return checked.model_copy(update={name: getattr(blank, name) for name in hidden})


def seal(event: Event, subject: str, key: bytes) -> bytes:
    """Return the event's data with its personal fields in `sealed`, under this key (32 bytes)."""
    dumped = event.model_dump()
    hidden = to_json({name: dumped.pop(name) for name in _PERSONAL[event.type]})
    nonce = new_bytes(_NONCE)
    box = nonce + AESGCM(key).encrypt(nonce, hidden, event.type.encode())
    dumped["sealed"] = {"by": subject, "box": b64encode(box).decode()}
    return to_json(dumped)


def unseal(box: str, key: bytes, event_type: str) -> bytes:
    """Return the JSON of the personal fields. Raises cryptography's InvalidTag if key or box is not the right one."""
    raw = b64decode(box)
    return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], event_type.encode())
