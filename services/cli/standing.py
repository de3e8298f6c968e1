"""Lanes that stand, groups that lack skipped events: what `skip`, `verify` and `doctor` say and do (ADR 0005, 0021).

It is the same in both profiles: workers and commands meet in the document store."""

from __future__ import annotations

import asyncio
import getpass
import os
from dataclasses import dataclass

import typer

from contracts.envelope import rfc3339
from services.cli.telling import FINDINGS
from services.cli.workspace import SERVICES, chosen
from services.kit.ports import Ports
from services.kit.stops import Decision, Incomplete, Stood, Stops

_LOOK = 0.1
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Order:
    """What `skip` was told. `yes`: really pass what stands; `who` decides that, and `why`."""

    projection: str | None
    yes: bool
    who: str
    why: str


async def findings(ports: Ports, where: str = "") -> list[str]:
    """Return which lanes stand and which lack events, with the remedy. `where`: the words by which a command finds this
    workspace, such as ` --data DIR`. Raises Unavailable."""
    stops = await _opened(ports)
    known = chosen(None)
    found = [f"{_at(stood)}; {_remedy(stood, where)}" for stood in await stops.standing(known)]
    return found + [_lacking(lane, where) for lane in await stops.incomplete(known)]


async def standing(ports: Ports, where: str) -> list[str]:
    """Return which lanes stand, with the remedy. Raises Unavailable."""
    stops = await _opened(ports)
    return [f"{_at(stood)}; {_remedy(stood, where)}" for stood in await stops.standing(chosen(None))]


async def skip(ports: Ports, order: Order, where: str, seconds: float) -> int:
    """Show where lanes stand; if so ordered let them go on behind the event, and wait `seconds` for it. Raises
    Unavailable."""
    stops = await _opened(ports)
    found = await stops.standing(chosen(order.projection))
    if not found:
        typer.echo("nothing stands")
        return 0
    for stood in found:
        if order.yes:
            await stops.decide(stood, order.who, order.why)
    late = False
    for stood in found:
        typer.echo(f"{stood.projection} lane {stood.lane} stands at position {stood.position}: ", nl=False)
        typer.echo(f"{stood.event_type} {stood.event_id}\n  {stood.reason}")
        if not order.yes:
            typer.echo(f"  {_remedy(stood, where)}")
        elif await _passed(stops, stood, seconds):
            typer.echo(f"  skipped; the group is incomplete until `{_rebuild(stood.projection, where)}`")
        else:
            late = True
            typer.echo(
                f"  decided, but no worker has passed it within {seconds:.0f} s: the one that has this lane will. "
                f"See that a process with the service {_service(stood.projection)} runs"
            )
    return 0 if order.yes and not late else FINDINGS


def login() -> str:
    """Return the name of the user whose process this is, as far as the machine knows one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may run as a number that has no name
        return f"user {os.getuid()}"


async def _opened(ports: Ports) -> Stops:
    stops = Stops(ports.documents, ports.store.log_id)
    await stops.define()
    return stops


async def _passed(stops: Stops, stood: Stood, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            while not await stops.passed(stood):
                await asyncio.sleep(_LOOK)
    except TimeoutError:
        return False
    return True


def _at(stood: Stood) -> str:
    return (
        f"{stood.projection} lane {stood.lane} stands at position {stood.position} "
        f"({stood.event_type} {stood.event_id}) since {rfc3339(stood.since)}: {stood.reason}"
    )


def _remedy(stood: Stood, where: str) -> str:
    skip = f"voronka skip --yes --projection {stood.projection}{where}"
    return f"run a version that can fold it, or restore what it lacks; or go on behind it: `{skip}`"


def _lacking(lane: Incomplete, where: str) -> str:
    known = "; ".join(_decision(each) for each in lane.skipped[:_SHOWN])
    more = f" and {len(lane.skipped) - _SHOWN} more" if len(lane.skipped) > _SHOWN else ""
    which = f" ({known}{more})" if known else ""
    return (
        f"{lane.projection} lane {lane.lane} is incomplete: an event was skipped{which}; "
        f"run `{_rebuild(lane.projection, where)}`"
    )


def _decision(each: Decision) -> str:
    why = f": {each.why}" if each.why else ""
    return f"{each.event_type} {each.event_id} at position {each.position}, by {each.who} at {rfc3339(each.at)}{why}"


def _rebuild(projection: str, where: str) -> str:
    return f"voronka rebuild --projection {projection}{where}"


def _service(projection: str) -> str:
    return next(s.name for s in SERVICES if any(p.name == projection for p in s.projections))
