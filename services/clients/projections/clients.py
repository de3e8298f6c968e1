"""Clients as lists and cards show them (S3.3 to S3.9), each with its last note and its place in client funnels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.base import ENVELOPE_FIELDS
from contracts.clients.events import (
    ClientArchived,
    ClientAssigned,
    ClientDetailsChanged,
    ClientErased,
    ClientMarkedLost,
    ClientRegistered,
    ClientRestored,
    ClientReturned,
    ClientStageChanged,
    ClientStatusChanged,
    ClientTemperatureChanged,
    ClientTermsChanged,
    ContactRemoved,
    ContactRestored,
    MainContactChosen,
)
from contracts.envelope import RecordedEvent
from services.clients.projections.last_note import LastNote
from services.clients.projections.searchable import searchable
from services.kit.documents import Collection, words
from services.kit.projection import Context, Key, Projection

RANKS: dict[str | None, int] = {"hot": 0, "warm": 1, "cold": 2, None: 3, "not_interested": 4}
_DETAILS = tuple(sorted(set(ClientDetailsChanged.model_fields) - ENVELOPE_FIELDS - {"client_id"}))


class ClientStay(msgspec.Struct, frozen=True):
    """Where a client stands in a client funnel (P20): since when (UTC ms), sums in minor units."""

    stage_id: str
    entered_at: int
    value: int
    currency: str | None
    base_value: int
    expected_on: str | None


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A client. Times are UTC ms; `version` is that of its stream; `discount` in percent."""

    client_id: str
    number: int
    kind: str
    name: str
    tax_id: str | None
    email: str | None
    phones: list[str]
    address: str | None
    birthday: str | None
    links: list[str]
    country: str | None
    city: str | None
    category: str | None
    segment: str | None
    business_type: str | None
    source: str | None
    tags: list[str]
    status: str
    temperature: str | None
    discount: str
    currency: str | None
    language: str | None
    owner_id: str | None
    external_id: str | None
    registered_at: int
    imputed: bool
    changed_at: int
    version: int
    lost_at: int | None = None
    lost_reason: str = ""
    archived_at: int | None = None
    main_contact_id: str | None = None
    main_removed_id: str | None = None
    """The main contact person that was removed: restored, it is the main one again, unless another one was chosen."""
    stages: dict[str, ClientStay] = {}
    """By funnel id."""
    last_note: LastNote | None = None
    erased: bool = False
    erased_at: int | None = None

    @property
    def name_key(self) -> str:
        """The name for sorting."""
        return self.name.casefold()

    @property
    def tag_words(self) -> str:
        """The tags, as the condition `word` finds them."""
        return words(self.tags)

    @property
    def temperature_rank(self) -> int:
        """Hot, warm, cold, none, not interested (P28)."""
        return RANKS[self.temperature]


def _text(client: Client) -> str:
    parts = (client.name, client.email, client.tax_id, client.address, client.external_id)
    return searchable(client.number, *parts, phones=client.phones)


_THERE = ("archived_at", "erased_at")
"""Lists show clients without these: indexes begin with them, and the last holds all that lists filter and count by."""
COLLECTION = Collection(
    "clients",
    Client,
    columns={
        "name_key": "text",
        "number": "int",
        "status": "text",
        "temperature": "text",
        "temperature_rank": "int",
        "owner_id": "text",
        "category": "text",
        "segment": "text",
        "country": "text",
        "tag_words": "text",
        "registered_at": "int",
        "changed_at": "int",
        "lost_at": "int",
        "archived_at": "int",
        "erased_at": "int",
    },
    indexes=(
        ("name_key",),
        ("number",),
        ("registered_at",),
        ("changed_at",),
        ("temperature_rank", "name_key"),
        ("lost_at",),
        (*_THERE, "status", "name_key"),
        *((*_THERE, each, "name_key") for each in ("owner_id", "category", "segment", "country")),
        (*_THERE, "owner_id", "status", "temperature_rank", "name_key"),
        (*_THERE, "tag_words"),
        (
            *(*_THERE, "status", "temperature_rank", "name_key"),
            *("owner_id", "category", "segment", "country", "tag_words"),
        ),
    ),
    text=_text,
    names=lambda client: client.name,
)
CLIENTS = Projection("clients", 1, [COLLECTION])


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "clients", data.client_id


def _details(data: Any) -> dict[str, Any]:
    return {name: getattr(data, name) for name in _DETAILS}


def _change(context: Context, data: Any, event: RecordedEvent, **changes: Any) -> None:
    """Take in an event of the client's own stream."""
    client = context.get("clients", data.client_id)
    changes |= {"changed_at": event.occurred_at, "version": event.version}
    context.put("clients", data.client_id, replace(client, **changes))


@CLIENTS.on(ClientRegistered, keys=_keys)
def _registered(context: Context, data: Any, event: RecordedEvent) -> None:
    client = Client(
        **_details(data),
        client_id=data.client_id,
        number=data.number,
        status=data.status,
        temperature=data.temperature,
        discount=data.discount,
        currency=data.currency,
        language=data.language,
        owner_id=data.owner_id,
        external_id=data.external_id,
        registered_at=event.occurred_at,
        imputed=event.imputed,
        changed_at=event.occurred_at,
        version=event.version,
    )
    context.put("clients", data.client_id, client)


@CLIENTS.on(ClientDetailsChanged, keys=_keys)
def _details_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, **_details(data))


@CLIENTS.on(ClientStatusChanged, keys=_keys)
def _status_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, status=data.to_status)


@CLIENTS.on(ClientTemperatureChanged, keys=_keys)
def _temperature_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, temperature=data.to_temperature)


@CLIENTS.on(ClientTermsChanged, keys=_keys)
def _terms_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, discount=data.discount, currency=data.currency, language=data.language)


@CLIENTS.on(ClientAssigned, keys=_keys)
def _assigned(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, owner_id=data.to_owner)


@CLIENTS.on(ClientMarkedLost, keys=_keys)
def _marked_lost(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, lost_at=event.occurred_at, lost_reason=data.reason)


@CLIENTS.on(ClientReturned, keys=_keys)
def _returned(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, lost_at=None, lost_reason="")


@CLIENTS.on(ClientArchived, keys=_keys)
def _archived(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, archived_at=event.occurred_at)


@CLIENTS.on(ClientRestored, keys=_keys)
def _restored(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, archived_at=None)


@CLIENTS.on(ClientStageChanged, keys=_keys)
def _stage_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    stays = context.get("clients", data.client_id).stages
    # From a stage to the same one: only the sum or date changed (P20).
    entered_at = data.from_entered_at if data.from_stage == data.to_stage else event.occurred_at
    stay = ClientStay(data.to_stage, entered_at, data.value, data.currency, data.base_value, data.expected_on)
    _change(context, data, event, stages={**stays, data.funnel_id: stay})


def _with_contact(data: Any, event: RecordedEvent) -> Iterable[Key]:
    yield "contacts", data.contact_id
    yield from _keys(data, event)


@CLIENTS.on(MainContactChosen, keys=_with_contact)
def _main_contact_chosen(context: Context, data: Any, event: RecordedEvent) -> None:
    """The main one is who was chosen last, as the client's own stream has it: while that one is removed, nobody."""
    contact = context.get("contacts", data.contact_id)
    gone = contact is not None and contact.removed_at is not None
    main, removed = (None, data.contact_id) if gone else (data.contact_id, None)
    _change(context, data, event, main_contact_id=main, main_removed_id=removed)


@CLIENTS.on(ContactRemoved, keys=_keys)
def _contact_removed(context: Context, data: Any, _: RecordedEvent) -> None:
    client = context.get("clients", data.client_id)
    if client is not None and client.main_contact_id == data.contact_id:
        changed = replace(client, main_contact_id=None, main_removed_id=data.contact_id)
        context.put("clients", data.client_id, changed)


@CLIENTS.on(ContactRestored, keys=_keys)
def _contact_restored(context: Context, data: Any, _: RecordedEvent) -> None:
    client = context.get("clients", data.client_id)
    if client is not None and client.main_removed_id == data.contact_id:
        changed = replace(client, main_contact_id=data.contact_id, main_removed_id=None)
        context.put("clients", data.client_id, changed)


@CLIENTS.on(ClientErased, keys=_keys)
def _erased(context: Context, data: Any, event: RecordedEvent) -> None:
    """Blank what tells who it was; numbers, terms and what totals are split by stay (X10)."""
    blank: dict[str, Any] = {
        "name": "",
        "tax_id": None,
        "email": None,
        "phones": [],
        "address": None,
        "birthday": None,
        "links": [],
    }
    blank |= {"external_id": None, "lost_reason": "", "last_note": None}
    blank |= {"main_contact_id": None, "main_removed_id": None}
    _change(context, data, event, erased=True, erased_at=event.occurred_at, **blank)
