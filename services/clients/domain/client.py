"""A client: registered, changed, moved along client funnels (P20), lost and returned, put into the archive and taken
back, erased for good (X10). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar, assert_never

from contracts.base import ENVELOPE_FIELDS
from contracts.clients.commands import (
    ArchiveClient,
    AssignClient,
    ChangeClientDetails,
    ChangeClientStatus,
    ChangeClientTemperature,
    ChangeClientTerms,
    ChooseMainContact,
    ClientCommand,
    EraseClient,
    MarkClientLost,
    MoveClient,
    RegisterClient,
    RestoreClient,
    ReturnClient,
    TagClient,
    UntagClient,
)
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
    ClientStatus,
    ClientStatusChanged,
    ClientTemperatureChanged,
    ClientTermsChanged,
    MainContactChosen,
    Temperature,
)
from contracts.problem import AlreadyExists, NotFound, Refusal
from services.kit.decider import Decider

ClientEvent = (
    ClientRegistered
    | ClientDetailsChanged
    | ClientStatusChanged
    | ClientTemperatureChanged
    | ClientTermsChanged
    | ClientAssigned
    | ClientMarkedLost
    | ClientReturned
    | ClientArchived
    | ClientRestored
    | ClientStageChanged
    | MainContactChosen
    | ClientErased
)
_DETAILS = tuple(sorted(set(ClientDetailsChanged.model_fields) - ENVELOPE_FIELDS - {"client_id"}))


class ErasedClient(Refusal):
    """The client's personal data was destroyed; nothing more is done with it (X10)."""

    code: ClassVar[str] = "erased"


@dataclass(frozen=True, slots=True)
class New:
    """There is no such client yet."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Where a client stands in one client funnel: since when (UTC ms), and the sum that goes with it (minor units)."""

    stage_id: str
    entered_at: int
    value: int
    currency: str | None
    rate: str
    base_value: int
    expected_on: str | None


@dataclass(frozen=True, slots=True)
class Registered:
    """A client one works with. `discount` in percent; `stages`: funnel id → its stay there."""

    details: Mapping[str, Any]
    status: ClientStatus
    temperature: Temperature | None
    discount: str
    currency: str | None
    language: str | None
    owner_id: str | None
    lost: bool = False
    archived: bool = False
    main_contact: str | None = None
    stages: Mapping[str, Stay] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Erased:
    """Its personal data is gone."""


Client = New | Registered | Erased


def decide(command: ClientCommand, client: Client) -> list[ClientEvent]:
    """Return what the command makes happen. Raises AlreadyExists, NotFound, ErasedClient."""
    match command, client:
        case EraseClient(), Erased():
            return []
        case _, Erased():
            raise ErasedClient("the client was erased; its record cannot be changed", field="client_id")
        case RegisterClient(), New():
            return [ClientRegistered(**command.model_dump(exclude={"at"}))]
        case RegisterClient(client_id=id), _:
            raise AlreadyExists(f"there is a client {id} already", field="client_id")
        case _, New():
            raise NotFound(f"there is no client {command.client_id}", field="client_id")
        case ChangeClientDetails(), Registered() if _details(command) == client.details:
            return []
        case ChangeClientDetails(client_id=id), Registered():
            return [ClientDetailsChanged(client_id=id, **_details(command))]
        case ChangeClientStatus(status=status), Registered() if status == client.status:
            return []
        case ChangeClientStatus(client_id=id, status=status), Registered():
            return [ClientStatusChanged(client_id=id, from_status=client.status, to_status=status)]
        case ChangeClientTemperature(temperature=to), Registered() if to == client.temperature:
            return []
        case ChangeClientTemperature(client_id=id, temperature=to), Registered():
            return [ClientTemperatureChanged(client_id=id, from_temperature=client.temperature, to_temperature=to)]
        case ChangeClientTerms(), Registered() if _same_terms(command, client):
            return []
        case ChangeClientTerms(client_id=id, discount=discount, currency=currency, language=language), Registered():
            return [ClientTermsChanged(client_id=id, discount=discount, currency=currency, language=language)]
        case AssignClient(owner_id=owner), Registered() if owner == client.owner_id:
            return []
        case AssignClient(client_id=id, owner_id=owner), Registered():
            return [ClientAssigned(client_id=id, from_owner=client.owner_id, to_owner=owner)]
        case TagClient(client_id=id, tag=tag), Registered(details=details):
            return [] if tag in details["tags"] else [_tagged(id, details, [*details["tags"], tag])]
        case UntagClient(client_id=id, tag=tag), Registered(details=details):
            left = [each for each in details["tags"] if each != tag]
            return [] if left == details["tags"] else [_tagged(id, details, left)]
        case MarkClientLost(client_id=id, reason=reason), Registered():
            return [] if client.lost else [ClientMarkedLost(client_id=id, reason=reason)]
        case ReturnClient(client_id=id), Registered():
            return [ClientReturned(client_id=id)] if client.lost else []
        case ArchiveClient(client_id=id), Registered():
            return [] if client.archived else [ClientArchived(client_id=id)]
        case RestoreClient(client_id=id), Registered():
            return [ClientRestored(client_id=id)] if client.archived else []
        case MoveClient(), Registered():
            return _moved(command, client)
        case ChooseMainContact(contact_id=contact), Registered() if contact == client.main_contact:
            return []
        case ChooseMainContact(client_id=id, contact_id=contact), Registered():
            return [MainContactChosen(client_id=id, contact_id=contact)]
        case EraseClient(client_id=id, contact_ids=contacts), Registered():
            return [ClientErased(client_id=id, contact_ids=contacts)]
        case _:
            assert_never((command, client))


def _details(source: ChangeClientDetails | ClientRegistered | ClientDetailsChanged) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _DETAILS}


def _tagged(client_id: str, details: Mapping[str, Any], tags: list[str]) -> ClientDetailsChanged:
    return ClientDetailsChanged(client_id=client_id, **{**details, "tags": tags})


def _same_terms(command: ChangeClientTerms, client: Registered) -> bool:
    wanted = (Decimal(command.discount), command.currency, command.language)
    return wanted == (Decimal(client.discount), client.currency, client.language)


def _moved(command: MoveClient, client: Registered) -> list[ClientEvent]:
    """Return the move, or the new sum in the same stage (from_stage = to_stage: no new visit).

    Without a value the funnel's last one is kept; without a date the same stage's, another stage begins without one."""
    stay = client.stages.get(command.funnel_id)
    same_stage = stay is not None and stay.stage_id == command.stage_id
    expected_on = command.expected_on or (stay.expected_on if stay and same_stage else None)
    money = (command.value or 0, command.currency, command.rate, command.base_value)
    if stay is not None and command.value is None:
        money = (stay.value, stay.currency, stay.rate, stay.base_value)
    value, currency, rate, base_value = money
    if stay and same_stage and (value, currency, expected_on) == (stay.value, stay.currency, stay.expected_on):
        return []
    return [
        ClientStageChanged(
            client_id=command.client_id,
            funnel_id=command.funnel_id,
            from_stage=stay.stage_id if stay else None,
            to_stage=command.stage_id,
            from_entered_at=stay.entered_at if stay else None,
            owner_id=client.owner_id,
            value=value,
            currency=currency,
            rate=rate,
            base_value=base_value,
            expected_on=expected_on,
        )
    ]


def evolve(client: Client, event: ClientEvent) -> Client:
    """Return the client after the event."""
    match client, event:
        case New(), ClientRegistered():
            return Registered(
                details=_details(event),
                status=event.status,
                temperature=event.temperature,
                discount=event.discount,
                currency=event.currency,
                language=event.language,
                owner_id=event.owner_id,
            )
        case Registered(), ClientDetailsChanged():
            return replace(client, details=_details(event))
        case Registered(), ClientStatusChanged(to_status=status):
            return replace(client, status=status)
        case Registered(), ClientTemperatureChanged(to_temperature=temperature):
            return replace(client, temperature=temperature)
        case Registered(), ClientTermsChanged(discount=discount, currency=currency, language=language):
            return replace(client, discount=discount, currency=currency, language=language)
        case Registered(), ClientAssigned(to_owner=owner):
            return replace(client, owner_id=owner)
        case Registered(), ClientMarkedLost():
            return replace(client, lost=True)
        case Registered(), ClientReturned():
            return replace(client, lost=False)
        case Registered(), ClientArchived():
            return replace(client, archived=True)
        case Registered(), ClientRestored():
            return replace(client, archived=False)
        case Registered(), ClientStageChanged():
            return replace(client, stages={**client.stages, event.funnel_id: _stay(event)})
        case Registered(), MainContactChosen(contact_id=contact):
            return replace(client, main_contact=contact)
        case Registered(), ClientErased():
            return Erased()
        case _:
            return client


def _stay(event: ClientStageChanged) -> Stay:
    entered = event.from_entered_at if event.from_stage == event.to_stage else None
    return Stay(
        stage_id=event.to_stage,
        entered_at=event.occurred_at if entered is None else entered,
        value=event.value,
        currency=event.currency,
        rate=event.rate,
        base_value=event.base_value,
        expected_on=event.expected_on,
    )


CLIENT: Decider[ClientCommand, Client, ClientEvent] = Decider("client", New(), decide, evolve)
