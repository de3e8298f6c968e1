"""Builds of a group: their names, what is compared, and that what was replaced does not stay (X10, DESIGN 5)."""

from __future__ import annotations

import asyncio
from copy import copy
from pathlib import Path

from contracts.clients.events import ClientStatusChanged
from contracts.pipeline.events import DealTouched
from services.analytics.projections.group import ANALYTICS
from services.kit.codec import Codec
from services.kit.rebuild import drop_older, fold_log, free_name
from tests.support.app import running
from tests.support.patience import PATIENCE
from tests.unit.kit.support import store_all, workspace

NAME, VERSION = ANALYTICS.name, ANALYTICS.version


async def test_a_build_is_named_after_all_that_there_are(tmp_path: Path) -> None:
    async with workspace(tmp_path) as ports:
        base = f"{NAME}.{VERSION}"
        assert await free_name(ports.documents, ANALYTICS) == base
        for taken, free in ((f"{base}-3", f"{base}-4"), (base, f"{base}-4"), (f"{base}-11", f"{base}-12")):
            await ports.documents.define(taken, [], [])
            assert await free_name(ports.documents, ANALYTICS) == free


async def test_what_was_replaced_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    async with workspace(tmp_path) as ports:
        older, newer = ("sales.2-4", "sales.9", "sales.10"), ("sales.10-3", "sales.11", "salesmen.1", "sales-x.1")
        for group in (*older, "sales.10-2", *newer):
            await ports.documents.define(group, [], [])
        await drop_older(ports.documents, "sales.10-2", ports.store.log_id)
        assert set(await ports.documents.groups()) - {"sales.10-2"} >= set(newer)
        assert not set(await ports.documents.groups()) & set(older)


async def test_a_start_deletes_what_a_switch_left(tmp_path: Path) -> None:
    """Who switched was killed before it deleted the old documents, with names in them that nobody would blank."""
    async with running(tmp_path) as app:
        await app.engine.ports.documents.define(f"{NAME}.1", [], [])
    async with running(tmp_path) as app:
        async with asyncio.timeout(PATIENCE):
            while f"{NAME}.1" in await app.engine.ports.documents.groups():
                await asyncio.sleep(0.01)
        assert f"{NAME}.{VERSION}" in await app.engine.ports.documents.groups()


async def test_lanes_stand_at_the_same_events_if_nothing_folded_lies_between(tmp_path: Path) -> None:
    """Positions of what changes nothing are stored later: that makes no lane incomparable."""
    deaf = copy(ANALYTICS)
    deaf.folds = {type: fold for type, fold in ANALYTICS.folds.items() if type != DealTouched.type}
    status = ClientStatusChanged(client_id="c", from_status="potential", to_status="current", occurred_at=1)
    touches = [
        (f"deal-{n}", DealTouched(deal_id=n, client_id=None, funnel_id="f", stage_id="s", occurred_at=1)) for n in "ab"
    ]
    async with workspace(tmp_path) as ports:
        log = await store_all(ports, [touches[0], ("client-c", status), touches[1]])
        folded = await fold_log(deaf, ports.store, Codec(ports.keyring), 1)
    at = {event.position: (event.position, event.id) for event in log}
    clients, deals = "clients.events", "pipeline.events"
    assert folded.positions == [{clients: at[2], deals: at[3]}]
    for positions, same in (
        ({clients: at[2], deals: at[3]}, True),
        ({clients: at[2], deals: at[1]}, True),
        ({clients: at[2]}, True),
        ({deals: at[3]}, False),
        ({}, False),
        ({clients: (4, "later"), deals: at[3]}, False),
        ({clients: at[2], deals: (4, "later")}, False),
    ):
        assert folded.stands_at(0, positions) is same, positions
