"""The demo's clients are known by people, as many as said, also when the demo is interrupted (P23)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.cli.demo import persons, write_bundle
from services.cli.filling import Demo, fill
from services.cli.workspace import ports
from services.importer.run import import_bundle
from services.kit import clock
from services.kit.codec import Codec
from services.kit.handle import Handler
from tests.support.app import running
from tests.support.patience import PATIENCE

UNTIL = "2026-05-28"
DEMO = Demo(clients=60, events=2_000, seed=1, until=UNTIL)


async def test_clients_have_people_and_a_main_one(tmp_path: Path) -> None:
    await fill(tmp_path, DEMO)
    async with running(tmp_path) as app:
        assert await app.engine.settle(PATIENCE)
        stored = app.engine.ports.store
        assert abs(await stored.head() - DEMO.events) <= 0.01 * DEMO.events
        people = (await app.get("/contacts", limit=200))["items"]
        assert len(people) == persons.count_of(60) == 25
        assert sorted(each["number"] for each in people) == list(range(1, 26))
        assert all(each["name"] and each["position"] and each["phones"] for each in people)
        clients = (await app.get("/clients", limit=200))["items"]
        main = {each["main_contact_id"] for each in clients} - {None}
        assert len(main) == 20
        assert main <= {each["contact_id"] for each in people}


async def test_an_interrupted_demo_adds_nobody_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bundle"
    write_bundle(folder, clients=60, events=2_000, until=date.fromisoformat(UNTIL))
    added, add = [0], persons._add

    async def add_some(*given: object) -> None:
        added[0] += 1
        if added[0] == 10:
            raise RuntimeError("killed")
        await add(*given)  # type: ignore[arg-type]

    async with ports(tmp_path / "data") as opened:
        codec = Codec(opened.keyring)
        await import_bundle(folder, opened.store, opened.keyring, codec, source="demo", strict=True, now=clock.now())
        begun = await opened.store.head()
        handler = Handler(opened.store, codec, clock.now)
        monkeypatch.setattr(persons, "_add", add_some)
        monkeypatch.setattr(persons, "_AT_ONCE", 1)
        with pytest.raises(RuntimeError, match="killed"):
            await persons.store(handler, folder, 1, f"{UNTIL}T00:00:00Z")
        before = await opened.store.head()
        await persons.store(handler, folder, 1, f"{UNTIL}T00:00:00Z")
        assert before == begun + 10, "nine people and their numbers"
        assert await opened.store.head() == begun + persons.events_of(60) == begun + 46
