"""Servers as commands see them: an engine that folds nothing and sees how far workers are, or log and keys alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import typer

from contracts.problem import Unavailable
from services.analytics.projections.change import LANE_ID
from services.analytics.projections.model import LANE
from services.analytics.projections.shapes import LaneRules
from services.cli import progress, standing
from services.cli.workspace import SERVICES, chosen
from services.gateway.domain.numbers import NUMBERS
from services.kit import clock
from services.kit.engine import Engine
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.ports import EventStore, Keyring, Ports
from services.kit.profiles import distributed, event_store, keyring
from services.kit.remote.calls import Calls
from services.kit.remote.passes import Passes
from services.kit.settings import Settings
from services.kit.share import Share

_LOOK = 0.1
_STILL = 60.0
"""Seconds without any progress of the workers after which there is no use in waiting for them."""
_SUSPECT = 3.0
"""Seconds without progress after which it is looked whether a lane stands."""


class Resting(Unusable):
    """The workers do not come forward; all that was to be stored is."""


class Stuck(Resting):
    """Lanes stand at events that cannot be folded. `findings`: which, with the remedy."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


def _say(words: str) -> None:
    typer.echo(words, err=True)


@asynccontextmanager
async def servers(settings: Settings, tell: Callable[[str], None] = _say) -> AsyncIterator[Ports]:
    """Open the servers that the settings name, each as soon as it is there; `tell` hears of those that are not. Raises
    Unusable."""
    settings.check_distributed()
    ports = await distributed(settings, Patience(tell))
    try:
        yield ports
    finally:
        await ports.close()


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[Engine]:
    """Open the servers, and an engine that sees how far the workers are. Raises Unusable."""
    async with servers(settings) as ports:
        calls = Calls({}, Passes(settings.secret.get_secret_value()))
        try:
            engine = Engine(SERVICES, ports, NUMBERS, Share(frozenset(), calls, erases=False))
            try:
                await engine.start()
                yield engine
            finally:
                await engine.halt()
        finally:
            await calls.close()


@asynccontextmanager
async def truth(settings: Settings) -> AsyncIterator[tuple[EventStore, Keyring]]:
    """Open log and keys, each as soon as its server is there. Raises Unusable."""
    settings.check_distributed()
    patience = Patience(_say)
    store = await event_store(settings, patience)
    try:
        keys = await keyring(settings, patience)
        try:
            yield store, keys
        finally:
            await keys.close()
    finally:
        await store.close()


async def settled(engine: Engine, shown: progress.Report, where: str) -> int:
    """Wait until the workers have folded all that is in the log now; return its head. Raises Resting if they do not
    come forward. `where`: the words by which a command finds these servers."""
    begun, names = clock.now(), [projection.name for projection in chosen(None)]
    last, still, suspect = -1, 0.0, _SUSPECT
    while True:
        head = await engine.ports.store.head()
        if await engine.horizon.caught_up(names) and await _derived(engine) and await engine.ports.store.head() == head:
            return head
        as_of = await engine.horizon.as_of(names)
        still = 0.0 if as_of != last else still + _LOOK
        last = as_of
        if still > suspect:
            suspect += _SUSPECT
            if found := await standing.standing(engine.ports, where):
                raise Stuck(found)
        if still > _STILL:
            raise Resting(
                f"the read models made no progress for {_STILL:.0f} s: see that `voronka relay` and `voronka run` "
                f"work for all services, and what `voronka doctor{where}` says"
            )
        shown("waiting for the workers", as_of, max(as_of, begun))
        await asyncio.sleep(_LOOK)


async def _derived(engine: Engine) -> bool:
    """Tell whether no numbers are being derived under new sales rules (P2)."""
    try:
        group = (await engine.served())["analytics"]
    except Unavailable:  # being made
        return False
    async with engine.reading() as reader:
        lanes: list[LaneRules] = [row.document for row in await reader.get(group, LANE.name, LANE_ID)]
    return all(lane.building is None for lane in lanes)
