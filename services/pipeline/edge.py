"""What the edges of deals, orders and payments share: who and what a command names must exist (DESIGN 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from contracts.base import Command
from contracts.pipeline.commands import SetRate
from contracts.problem import Invalid, UnknownReference
from services.kit.handle import Meta
from services.kit.service import Desk
from services.pipeline.known import KnownFunnel, PipelineKnown
from services.pipeline.pricing import base_of


class KnowsEmployees(Protocol):
    """What the gateway keeps in memory, as far as this service asks."""

    @property
    def employees(self) -> Mapping[str, object]:
        """By employee id."""
        ...


def known_of(desk: Desk) -> PipelineKnown:
    """Return this service's memory cache."""
    return cast(PipelineKnown, desk.known["pipeline"])


def moment(desk: Desk, command: Command) -> int:
    """Return when the command happens, UTC ms: as typed, else now."""
    return desk.handler.clock() if command.at is None else command.at


def check_employee(desk: Desk, employee_id: str | None, field: str = "owner_id") -> None:
    """Raise UnknownReference if an employee is named who does not exist."""
    gateway = cast(KnowsEmployees, desk.known["gateway"])
    if employee_id is not None and employee_id not in gateway.employees:
        raise UnknownReference(f"there is no employee {employee_id}", field=field)


def check_branch(desk: Desk, branch: str | None) -> None:
    """Raise UnknownReference if branches are set in the settings and this is none of them (P15)."""
    branches = known_of(desk).branches
    if branch and branches and branch not in branches:
        raise UnknownReference(f"there is no branch {branch}; the settings have {', '.join(branches)}", field="branch")


def stage_in(funnel: KnownFunnel, stage_id: str | None, field: str = "stage_id") -> str:
    """Return the stage, the first one for None. Raises UnknownReference if it is unknown or archived."""
    found = funnel.first() if stage_id is None else stage_id
    if found is None:
        raise UnknownReference(f"the funnel {funnel.name} has no stage", field=field)
    stage = funnel.stages.get(found)
    if stage is None or stage.archived:
        state = "no" if stage is None else "archived the"
        raise UnknownReference(f"the funnel {funnel.name} has {state} stage {found}", field=field)
    return found


async def set_rate(desk: Desk, command: SetRate, _meta: Meta) -> SetRate:
    """Fill in the base currency. Raises Invalid (currency) before it is set, and for a rate of the base itself."""
    base = base_of(known_of(desk))
    if command.currency == base:
        raise Invalid("the base currency needs no rate", field="currency")
    return command.model_copy(update={"base": base})
