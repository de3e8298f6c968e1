"""What commands to the gateway are checked against: time zones, and money that is stored already (DESIGN 4)."""

from __future__ import annotations

from functools import cache
from typing import Protocol, cast
from zoneinfo import available_timezones

from contracts.gateway.commands import ChangeWorkspaceSettings
from contracts.pipeline.events import DealOpened
from contracts.pipeline.order_events import OrderPlaced, PaymentReceived
from contracts.problem import IllegalMove, Invalid
from services.gateway.known import GatewayKnown
from services.kit.handle import Meta
from services.kit.service import Desk


class PipelineFacts(Protocol):
    """What this edge asks of the pipeline's cache."""

    @property
    def has_money(self) -> bool:
        """Whether an amount was converted to the base currency and stored."""
        ...


_MAY_HOLD_MONEY = frozenset({DealOpened.type, OrderPlaced.type, PaymentReceived.type})


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) | {"UTC"}


async def _money_is_stored(desk: Desk) -> bool:
    """Look into memory for what this process converted, then into the log for what was there before it."""
    if cast(PipelineFacts, desk.known["pipeline"]).has_money:
        return True
    return bool(await desk.handler.store.read_types(_MAY_HOLD_MONEY, 0, 1))


async def change_settings(desk: Desk, command: ChangeWorkspaceSettings, _: Meta) -> ChangeWorkspaceSettings:
    """Check the zone, and that the base currency stays once money is stored (P10). Raises Invalid, IllegalMove."""
    if command.workspace_id != "workspace":
        raise Invalid('there is one workspace, named "workspace"', field="workspace_id")
    if command.zone not in _zones():
        raise Invalid(f"{command.zone!r} is no time zone; use a name such as Europe/Kyiv", field="zone")
    before = cast(GatewayKnown, desk.known["gateway"]).settings.base_currency
    if before is not None and command.base_currency != before and await _money_is_stored(desk):
        raise IllegalMove(f"amounts are stored in {before}; the base currency stays", field="base_currency")
    return command
