"""A runner whose lanes others watch: what it stores when, whom it tells, whose keys it reads (P18, DESIGN 5, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.events import ClientRegistered
from contracts.envelope import NewEvent
from contracts.pipeline.events import DealTouched
from services.analytics.projections.group import ANALYTICS
from services.kit import runner as running
from services.kit.codec import Codec
from services.kit.documents import Positions
from services.kit.engine import Ports
from services.kit.news import NoNews
from services.kit.projection import Projection
from services.kit.runner import ProjectionRunner
from tests.support.patience import PATIENCE, until
from tests.unit.kit.support import GROUP, store_all, workspace

HOUR = 3600.0
TOPIC = "pipeline.events"


class Noted(NoNews):
    """News as they are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, Positions]] = []

    def tell(self, group: str, lane: int, positions: Positions) -> None:
        self.told.append((group, lane, positions))


class Keys:
    """A keyring that notes whose keys are held."""

    def __init__(self, keyring: Any) -> None:
        self._keyring = keyring
        self.held: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keyring, name)

    def hold(self, subjects: Iterable[str]) -> Any:
        wanted = list(subjects)
        self.held += wanted
        return self._keyring.hold(wanted)


@asynccontextmanager
async def folding(
    ports: Ports, projection: Projection, news: Noted, keys: Any = None
) -> AsyncIterator[ProjectionRunner]:
    codec = Codec(keys or ports.keyring)
    log_id = ports.store.log_id
    made = ProjectionRunner(projection, GROUP, ports.bus, ports.documents, codec, log_id, shared=True, news=news)
    task = asyncio.create_task(made.run())
    try:
        head = await ports.store.head()
        await until(lambda: made.passed >= head and not made.working)
        yield made
    finally:
        task.cancel()
        await asyncio.wait({task})


async def stored(ports: Ports) -> int:
    async with ports.documents.snapshot() as reader:
        [lane] = await reader.lanes(GROUP)
    return lane.positions.get(TOPIC, (0, ""))[0]


def without(*types: str) -> Projection:
    made = copy(ANALYTICS)
    made.folds = {type: fold for type, fold in ANALYTICS.folds.items() if type not in types}
    made.keys = {type: keys for type, keys in ANALYTICS.keys.items() if type not in types}
    return made


def touched(deal: str) -> DealTouched:
    return DealTouched(deal_id=deal, client_id=None, funnel_id="f", stage_id="s", occurred_at=1)


async def test_what_changes_nothing_is_stored_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = without(DealTouched.type)
    async with workspace(tmp_path) as ports:
        monkeypatch.setattr(running, "_PASSED", HOUR)
        async with folding(ports, deaf, Noted()) as runner:
            for number in (1, 2):
                await store_all(ports, [(f"deal-{number}", touched(f"{number}"))])
                await until(lambda at=number: runner.passed >= at)  # type: ignore[misc]
                assert await stored(ports) == 0, "not a commit for each"
        assert await stored(ports) == 2, "who leaves stores what was passed"
        monkeypatch.setattr(running, "_PASSED", 0.02)
        async with folding(ports, deaf, Noted()):
            await store_all(ports, [("deal-3", touched("3"))])
            async with asyncio.timeout(PATIENCE):
                while await stored(ports) < 3:
                    await asyncio.sleep(0.005)


async def test_what_is_stored_is_told(tmp_path: Path) -> None:
    async with workspace(tmp_path) as ports:
        news = Noted()
        async with folding(ports, ANALYTICS, news):
            [event] = await store_all(ports, [("deal-d", touched("d"))])
            async with asyncio.timeout(PATIENCE):
                while (GROUP, 0, {TOPIC: (event.position, event.id)}) not in news.told:
                    await asyncio.sleep(0.001)
            assert await stored(ports) == event.position, "not before"


async def test_keys_are_read_for_what_is_folded_alone(tmp_path: Path) -> None:  # X10
    async with workspace(tmp_path) as ports:
        codec = Codec(ports.keyring)
        for number in (1, 2):
            event = ClientRegistered(client_id=f"c{number}", kind="company", name="Acme", number=number, occurred_at=1)
            new = NewEvent(
                id=f"e{number}", type=event.type, key=event.key(), occurred_at=1, actor="t", command_id=f"e{number}",
                command_hash="", origin="live", imputed=event.imputed, data=await codec.encode(event),
            )  # fmt: skip
            await ports.store.append(f"client-c{number}", [new], 0)
        for projection, held in ((without(ClientRegistered.type), []), (ANALYTICS, ["c1", "c2"])):
            keys = Keys(ports.keyring)
            async with folding(ports, projection, Noted(), keys):
                assert keys.held == held
            await ports.documents.drop(GROUP)
