"""What the edge of the gateway refuses."""

from types import SimpleNamespace

import pytest

from contracts.gateway.commands import ChangeWorkspaceSettings
from contracts.pipeline.order_events import PaymentReceived
from contracts.problem import IllegalMove, Invalid
from services.gateway.edge import change_settings
from services.gateway.known import GatewayKnown, KnownSettings
from services.gateway.service import SERVICE
from services.kit.handle import Meta
from tests.support.desk import desk

META = Meta("e1", "cmd")


def known(base, *, has_money):
    gateway = GatewayKnown()
    gateway.settings = KnownSettings(base_currency=base)
    return desk(gateway=gateway, pipeline=SimpleNamespace(has_money=has_money))


async def test_a_zone_is_one_of_the_worlds():  # P14
    here = known(None, has_money=False)
    for zone in ("UTC", "Europe/Kyiv"):
        command = ChangeWorkspaceSettings(zone=zone)
        assert await change_settings(here, command, META) == command
    for zone in ("Kyiv", "", "../etc/passwd"):
        with pytest.raises(Invalid) as refused:
            await change_settings(here, ChangeWorkspaceSettings(zone=zone), META)
        assert refused.value.field == "zone"


@pytest.mark.parametrize(
    ("before", "has_money", "after", "right"),
    [
        (None, True, "UAH", True),
        ("UAH", False, "EUR", True),
        ("UAH", True, "UAH", True),
        ("UAH", True, "EUR", False),
        ("UAH", True, None, False),
    ],
)
async def test_the_base_currency_stays_once_money_is_stored(before, has_money, after, right):  # P10
    command = ChangeWorkspaceSettings(base_currency=after)
    here = known(before, has_money=has_money)
    if right:
        assert await change_settings(here, command, META) == command
        return
    with pytest.raises(IllegalMove) as refused:
        await change_settings(here, command, META)
    assert refused.value.field == "base_currency"


async def test_money_of_an_earlier_process_fixes_the_base_currency_too():  # P10
    gateway = GatewayKnown()
    gateway.settings = KnownSettings(base_currency="UAH")
    paid = PaymentReceived(payment_id="p", amount=1, currency="UAH", base_amount=1)
    here = desk(paid, gateway=gateway, pipeline=SimpleNamespace(has_money=False))
    with pytest.raises(IllegalMove):
        await change_settings(here, ChangeWorkspaceSettings(base_currency="EUR"), META)


async def test_there_is_one_workspace():
    with pytest.raises(Invalid) as refused:
        await change_settings(known(None, has_money=False), ChangeWorkspaceSettings(workspace_id="two"), META)
    assert refused.value.field == "workspace_id"


def test_every_command_has_one_path_and_one_stream():
    paths = [each.path for each in SERVICE.handles if each.path is not None]
    assert len(set(paths)) == len(paths)
    assert all(each.key in each.command.model_fields for each in SERVICE.handles)
