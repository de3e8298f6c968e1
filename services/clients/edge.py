"""What commands to clients need from elsewhere: numbers, rates, and whether what they point to is there (DESIGN 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast

from contracts.clients.commands import (
    AddContact,
    AssignClient,
    ChooseMainContact,
    ConvertLead,
    MoveClient,
    RegisterClient,
    RestoreContact,
    TakeLead,
)
from contracts.ids import derived_id
from contracts.money import converted
from contracts.problem import IllegalMove, Invalid, UnknownReference
from services.clients.domain import client as clients
from services.clients.domain import contact as contacts
from services.clients.domain import lead as leads
from services.kit.handle import Meta
from services.kit.service import Desk

_MOST = 10**15
"""The largest amount a contract takes, in minor units."""


class KnownStage(Protocol):
    """A stage as the pipeline knows it."""

    @property
    def archived(self) -> bool: ...


class KnownFunnel(Protocol):
    """A funnel as the pipeline knows it; its subject is deal, order or client."""

    @property
    def subject(self) -> str: ...
    @property
    def stages(self) -> Mapping[str, KnownStage]: ...


class PipelineFacts(Protocol):
    """What this edge asks of the pipeline's cache."""

    has_money: bool
    """An amount was converted: the base currency is in use (P10)."""

    @property
    def funnels(self) -> Mapping[str, KnownFunnel]: ...

    def base_currency(self) -> str | None:
        """Return the workspace's base currency, if it is set."""
        ...

    def rate(self, currency: str, at_ms: int) -> str:
        """Return units of the currency for one unit of the base at this time (UTC ms). Raises MissingRate."""
        ...


class GatewayFacts(Protocol):
    """What this edge asks of the gateway's cache."""

    @property
    def employees(self) -> Mapping[str, Any]: ...


def _pipeline(desk: Desk) -> PipelineFacts:
    return cast(PipelineFacts, desk.known["pipeline"])


def _check_owner(desk: Desk, owner_id: str | None) -> None:
    employees = cast(GatewayFacts, desk.known["gateway"]).employees
    if owner_id is not None and owner_id not in employees:
        raise UnknownReference(f"there is no employee {owner_id}", field="owner_id")


def _check_stage(desk: Desk, funnel_id: str, stage_id: str | None, subject: str) -> None:
    funnel = _pipeline(desk).funnels.get(funnel_id)
    if funnel is None or funnel.subject != subject:
        raise UnknownReference(f"there is no {subject} funnel {funnel_id}", field="funnel_id")
    if stage_id is None:
        return
    stage = funnel.stages.get(stage_id)
    if stage is None:
        raise UnknownReference(f"the funnel has no stage {stage_id}", field="stage_id")
    if stage.archived:
        raise IllegalMove("the stage is archived; choose another one", field="stage_id")


async def check_client(desk: Desk, client_id: str) -> str | None:
    """Return the client's owner. Raises UnknownReference, ErasedClient."""
    state = (await desk.handler.load(clients.CLIENT, client_id)).state
    if isinstance(state, clients.New):
        raise UnknownReference(f"there is no client {client_id}", field="client_id")
    if isinstance(state, clients.Erased):
        raise clients.ErasedClient("the client was erased; nothing can be added to it", field="client_id")
    owner_id: str | None = state.owner_id
    return owner_id


async def register_client(desk: Desk, command: RegisterClient, _: Meta) -> RegisterClient:
    """Check the owner. Raises UnknownReference."""
    _check_owner(desk, command.owner_id)
    return command


async def assign_client(desk: Desk, command: AssignClient, _: Meta) -> AssignClient:
    """Check the owner. Raises UnknownReference."""
    _check_owner(desk, command.owner_id)
    return command


async def move_client(desk: Desk, command: MoveClient, _: Meta) -> MoveClient:
    """Check the stage and pin the rate of the value (P10, P20).

    Raises UnknownReference, IllegalMove, Invalid, MissingRate."""
    _check_stage(desk, command.funnel_id, command.stage_id, "client")
    if command.value is None:
        return command
    pipeline = _pipeline(desk)
    base = pipeline.base_currency()
    currency = command.currency or base
    if base is None or currency is None:
        raise Invalid("set the base currency in the settings first", field="currency")
    at = desk.handler.clock() if command.at is None else command.at
    rate = "1" if currency == base else pipeline.rate(currency, at)
    base_value = converted(command.value, currency, base, rate)
    if base_value > _MOST:
        raise Invalid(f"the value is too large in {base}", field="value")
    pipeline.has_money = True
    return command.model_copy(update={"currency": currency, "rate": rate, "base_value": base_value})


async def choose_main_contact(desk: Desk, command: ChooseMainContact, _: Meta) -> ChooseMainContact:
    """Check that the contact person is one of the client's (P23). Raises UnknownReference."""
    state = (await desk.handler.load(contacts.CONTACT, command.contact_id)).state
    if not isinstance(state, contacts.Added) or state.client_id != command.client_id:
        raise UnknownReference(f"the client has no contact {command.contact_id}", field="contact_id")
    return command


async def add_contact(desk: Desk, command: AddContact, _: Meta) -> AddContact:
    """Check the client. Raises UnknownReference, ErasedClient."""
    await check_client(desk, command.client_id)
    return command


async def restore_contact(desk: Desk, command: RestoreContact, _: Meta) -> RestoreContact:
    """Check that the client was not erased: its contact persons were destroyed with it (X10). Raises ErasedClient."""
    state = (await desk.handler.load(contacts.CONTACT, command.contact_id)).state
    if isinstance(state, contacts.Removed):
        await check_client(desk, state.contact.client_id)
    return command


async def take_lead(desk: Desk, command: TakeLead, _: Meta) -> TakeLead:
    """Check the owner. Raises UnknownReference."""
    _check_owner(desk, command.owner_id)
    return command


async def convert_lead(desk: Desk, command: ConvertLead, meta: Meta) -> ConvertLead:
    """Name the client and, with a funnel, the deal to be made: always the same of one lead (P16). Who reaches own
    records alone takes an untaken lead by converting it.

    Raises UnknownReference, IllegalMove, Invalid."""
    _check_owner(desk, command.owner_id)
    ids = {"client_id": derived_id("client", command.lead_id)}
    if command.owner_id is None and meta.caller is not None and meta.caller.records != "all":
        lead = (await desk.handler.load(leads.LEAD, command.lead_id)).state
        ids["owner_id"] = getattr(lead, "owner_id", None) or meta.actor
    if command.funnel_id is not None:
        _check_stage(desk, command.funnel_id, command.stage_id, "deal")
        ids["deal_id"] = derived_id("deal", command.lead_id)
    elif command.stage_id is not None:
        raise Invalid("name the funnel of the stage too", field="funnel_id")
    return command.model_copy(update=ids)
