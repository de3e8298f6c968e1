"""One keyring in MongoDB used by many processes at once, also while it is cut off (DESIGN 8, TORTURE R9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.clients.events import ClientRegistered
from contracts.problem import Unavailable
from services.kit.adapters.mongo_keyring import MongoKeyring
from services.kit.codec import Codec
from services.kit.documents import MissingKey
from tests.conformance.mongo_commits import at_command, start_process
from tests.conformance.test_keyring import is_key, key_of
from tests.contracts.keyring import recorded
from tests.doubles.mongo import MongoDouble


@pytest.fixture
async def double(tmp_path: Path) -> AsyncIterator[MongoDouble]:
    made = await MongoDouble(tmp_path).start()
    yield made
    await made.stop()


@pytest.fixture
async def processes(double: MongoDouble) -> AsyncIterator[list[MongoKeyring]]:
    """Return keyrings on one collection, as eight processes have them."""
    opened = [await MongoKeyring.open(double.uri, "test") for _ in range(8)]
    yield opened
    for each in opened:
        await each.close()


async def test_64_who_ask_at_once_in_eight_processes_get_one_key(processes: list[MongoKeyring]) -> None:
    for turn in range(5):
        asked = (processes[n % 8].ensure(f"client-{turn}", "owner") for n in range(64))
        keys = set(await asyncio.gather(*asked))
        assert len(keys) == 1
        assert is_key(keys.pop())


async def test_a_new_key_is_made_by_one_look_and_one_write(double: MongoDouble, processes: list[MongoKeyring]) -> None:
    here, there, *_ = processes
    double.faults.seen.clear()
    key = await here.ensure("client-1")
    assert double.faults.seen == ["find", "update"]
    assert await there.ensure("client-1") == key, "what was given out is what is stored"


async def test_a_key_destroyed_elsewhere_opens_nothing_that_is_read_later(processes: list[MongoKeyring]) -> None:
    here, there, *_ = processes
    key = await here.ensure("client-1")
    async with here.hold(["client-1"]):
        await there.destroy("client-1")
        assert here.key("client-1") == key, "it was read before"
        async with here.hold(["client-1"]):
            assert here.key("client-1") is None
        assert here.key("client-1") is None
    assert await key_of(here, "client-1") is None
    assert await here.ensure("client-1") is None
    with pytest.raises(RuntimeError, match="not held"):
        here.key("client-1")


async def test_an_event_read_after_the_erasure_elsewhere_is_blank(processes: list[MongoKeyring]) -> None:
    here, there, *_ = processes
    codec = Codec(here)
    event = ClientRegistered(client_id="client-1", kind="company", name="Acme", number=1)
    stored = recorded(event, await codec.encode(event))
    async with codec.holding([stored]):
        assert codec.decode(stored).name == "Acme"
    await there.destroy("client-1")
    async with codec.holding([stored]):
        assert codec.decode(stored).name == ""
    other = recorded(event, stored.data.replace(b'"by":"client-1"', b'"by":"nobody"'))
    async with codec.holding([other]):
        with pytest.raises(MissingKey, match="nobody"):
            codec.decode(other)


async def test_who_becomes_owned_while_the_owner_is_erased_falls_too(processes: list[MongoKeyring]) -> None:
    here, there, *_ = processes
    outcomes = set()
    for turns in range(0, 120, 3):
        owner, contact = f"client-{turns}", f"contact-{turns}"
        await here.ensure(owner)
        making = asyncio.create_task(here.ensure(contact, owner))
        for _ in range(turns):
            await asyncio.sleep(0)
        await there.destroy(owner)
        outcomes.add(await making is None)
        assert await key_of(here, contact) is None
    assert outcomes == {True, False}, "it came before and after"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_cut_anywhere_neither_changes_nor_loses_a_key(
    when: str, double: MongoDouble, processes: list[MongoKeyring]
) -> None:
    here, there, *_ = processes
    for number in range(6):
        cut = double.faults.plan(None, "cut", when=when, times=2, where=at_command(number))
        made = await here.ensure_many([(f"contact-{number}", "client-1"), (f"client-{number}", None)])
        assert await there.ensure_many([(subject, None) for subject in made]) == made
        fallen = await here.destroy(f"client-{number}")
        assert f"client-{number}" in fallen
        assert await key_of(there, f"client-{number}") is None
        assert cut.times == 0


async def test_a_key_that_was_given_out_survives_a_kill(tmp_path: Path) -> None:
    process, uri = await start_process(tmp_path)
    keyring = await MongoKeyring.open(uri, "test", seconds=2)
    made = await keyring.ensure_many([(f"client-{n}", None) for n in range(100)])
    process.kill()
    await process.wait()
    with pytest.raises(Unavailable):
        await keyring.ensure("client-1")
    process, _ = await start_process(tmp_path, int(uri.rsplit(":", 1)[1].strip("/")))
    async with keyring.hold(made):
        assert {subject: keyring.key(subject) for subject in made} == made
    await keyring.close()
    process.kill()
    await process.wait()
