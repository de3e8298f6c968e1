"""What every keyring must do (DESIGN 8)."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from contracts.problem import Unavailable
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.documents import MissingKey
from services.kit.errors import NewerData, Unusable
from services.kit.ports import Keyring, SubjectKey
from tests.conformance.cases import KeyringCase, full_disk

ROOT = Path(__file__).parents[2]


async def key_of(keyring: Keyring, subject: str) -> bytes | None:
    async with keyring.hold([subject]):
        return keyring.key(subject)


async def keys_of(keyring: Keyring, subjects: Iterable[str]) -> dict[str, bytes | None]:
    wanted = list(subjects)
    async with keyring.hold(iter(wanted)):
        return {subject: keyring.key(subject) for subject in wanted}


def is_key(key: bytes | None) -> bool:
    return key is not None and len(key) == 32 and len(set(key)) > 8


async def test_a_key_is_made_once(keyring: Keyring) -> None:
    key = await keyring.ensure("client-1")
    assert is_key(key)
    assert await keyring.ensure("client-1") == key == await key_of(keyring, "client-1")
    assert await keyring.ensure("client-2") != key


async def test_a_key_is_still_there_after_a_restart(keyrings: KeyringCase, tmp_path: Path) -> None:
    keyring = await keyrings.open(tmp_path)
    keys = await keyring.ensure_many([(f"client-{n}", None) for n in range(50)])
    await keyring.destroy("client-7")
    await keyring.close()
    keyring = await keyrings.open(tmp_path)
    assert await keys_of(keyring, keys) == keys | {"client-7": None}
    assert await keyring.ensure("client-8") == keys["client-8"]
    assert await keyring.ensure("client-7") is None
    await keyring.close()


async def test_a_missing_key_is_no_tombstone(keyring: Keyring) -> None:
    with pytest.raises(MissingKey, match="client-1"):
        await key_of(keyring, "client-1")
    await keyring.destroy("client-1")
    assert await key_of(keyring, "client-1") is None


async def test_many_keys_are_made_at_once(keyring: Keyring) -> None:
    old = await keyring.ensure("client-3")
    await keyring.destroy("client-4")
    wanted = [(f"client-{n}", None) for n in range(2_000)]
    keys = await keyring.ensure_many([*wanted, *wanted[:5]])
    assert keys["client-3"] == old
    assert keys["client-4"] is None
    rest = [key for subject, key in keys.items() if subject != "client-4"]
    assert len(keys) == 2_000
    assert all(is_key(key) for key in rest)
    assert len(set(rest)) == 1_999
    assert await keys_of(keyring, keys) == keys
    assert await keyring.ensure_many([]) == {}


async def test_those_who_ask_at_once_get_the_same_key(keyring: Keyring) -> None:
    impatient = asyncio.ensure_future(keyring.ensure("client-0"))
    asked = [keyring.ensure(f"client-{n % 5}", owner=None) for n in range(100)]
    await asyncio.sleep(0)
    impatient.cancel()
    keys = await asyncio.gather(*asked)
    assert all(is_key(key) for key in keys)
    assert len(set(keys)) == 5
    assert keys == [await key_of(keyring, f"client-{n % 5}") for n in range(100)]


# ---------------------------------------------------------------- erasing


async def test_destroying_leaves_tombstones_and_nobody_elses(keyring: Keyring) -> None:
    other = await keyring.ensure("contact-9", "client-2")
    await keyring.ensure("contact-1", "client-1")
    await keyring.ensure("client-1")
    assert sorted(await keyring.destroy("client-1")) == ["client-1", "contact-1"]
    for subject in ("client-1", "contact-1"):
        assert await key_of(keyring, subject) is None
        assert await keyring.ensure(subject) is None
        assert await keyring.ensure(subject, "client-2") is None
    assert await key_of(keyring, "contact-9") == other
    assert sorted(await keyring.tombstones()) == ["client-1", "contact-1"]


async def test_destroying_again_is_answered_alike(keyring: Keyring) -> None:
    await keyring.ensure("contact-1", "client-1")
    first = await keyring.destroy("client-1")
    assert sorted(await keyring.destroy("client-1")) == sorted(first) == ["client-1", "contact-1"]


async def test_who_never_had_a_key_gets_none_after_erasing(keyring: Keyring) -> None:
    assert await keyring.destroy("client-1") == ["client-1"]
    assert await keyring.ensure("client-1") is None
    # It would outlive the erasure of its owner.
    assert await keyring.ensure("contact-1", "client-1") is None
    assert await keyring.tombstones() == ["client-1", "contact-1"]


@pytest.mark.parametrize("known", [True, False])
async def test_an_owner_may_come_later_and_may_own_owners(keyrings: KeyringCase, tmp_path: Path, known: bool) -> None:
    keyring = await keyrings.open(tmp_path)
    await keyring.ensure_many(
        [("contact-1", "client-1"), ("contact-2", None), ("lead-1", "client-9"), ("client-1", None)]
    )
    if not known:
        await keyring.close()
        keyring = await keyrings.open(tmp_path)
    await keyring.ensure("contact-2", "client-1")  # Noted with a key that is there already.
    await keyring.link("client-1", "client-2")  # Merged.
    await keyring.link("lead-1", "client-2")  # Another owner than before.
    await keyring.link("stranger", "client-2")  # Has no key, gets none.
    await keyring.link("client-2", "client-1")  # In a ring, too.
    with pytest.raises(MissingKey):
        await key_of(keyring, "stranger")
    assert await keyring.destroy("client-9") == ["client-9"]
    assert is_key(await key_of(keyring, "lead-1"))
    fallen = ["client-1", "client-2", "contact-1", "contact-2", "lead-1"]
    assert sorted(await keyring.destroy("client-2")) == fallen
    assert await keys_of(keyring, fallen) == dict.fromkeys(fallen)
    await keyring.close()


def _bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_destroyed_keys_are_in_no_file(keyrings: KeyringCase, tmp_path: Path) -> None:
    if keyrings.file is None:
        pytest.skip(f"{keyrings.name} keeps no file of ours")
    keyring = await keyrings.open(tmp_path)
    keys: dict[str, bytes | None] = {}
    for start in range(0, 3_000, 300):  # In several goes, so that pages fill and split between.
        pairs = [(f"contact-{n * 7919 % 3_000}", f"client-{n % 20}") for n in range(start, start + 300)]
        keys |= await keyring.ensure_many(pairs)
    await keyring.ensure_many(
        [(f"contact-{n * 7919 % 3_000}", f"client-of-longer-name-{n % 20}") for n in range(0, 3_000, 3)]
    )
    stored = _bytes_in(tmp_path)
    assert all(key is not None and key in stored for key in keys.values()), "the search finds what is there"
    gone = [subject for n in range(0, 20, 2) for subject in await keyring.destroy(f"client-{n}")]
    gone += [subject for n in range(10) for subject in await keyring.destroy(f"client-of-longer-name-{n}")]
    stored = _bytes_in(tmp_path)
    destroyed = [keys.pop(subject) for subject in gone if subject in keys]
    assert len(destroyed) > 1_000
    assert not [key for key in destroyed if key is not None and key in stored]
    assert all(key is not None and key in stored for key in keys.values()), "others' keys are still there"
    await keyring.close()
    stored = _bytes_in(tmp_path)
    assert not [key for key in destroyed if key is not None and key in stored]


CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from services.kit import crash
from tests.conformance.cases import KEYRINGS

async def main():
    [case] = [case for case in KEYRINGS if case.name == sys.argv[1]]
    keyring = await case.open(Path(sys.argv[2]))
    made = await keyring.ensure_many([(f"contact-{n}", "client-1") for n in range(100)])
    os.write(1, b"".join(made.values()))
    crash.install(lambda name: os.kill(os.getpid(), signal.SIGKILL))
    await keyring.destroy("client-1")

asyncio.run(main())
"""


async def test_a_kill_while_destroying_leaves_no_key_behind(keyrings: KeyringCase, tmp_path: Path) -> None:
    if keyrings.file is None:
        pytest.skip(f"{keyrings.name} keeps no file of ours")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, keyrings.name, str(tmp_path)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await child.communicate()
    assert child.returncode == -signal.SIGKILL
    keys = [said[start : start + 32] for start in range(0, len(said), 32)]
    assert len(keys) == 100
    assert keys[0] in _bytes_in(tmp_path), "it was killed in between"
    keyring = await keyrings.open(tmp_path)
    stored = _bytes_in(tmp_path)
    assert not [key for key in keys if key in stored]
    assert await key_of(keyring, "contact-1") is None
    await keyring.close()


# ---------------------------------------------------------------- faults


async def test_a_full_disk_makes_no_key_and_hurts_none(keyrings: KeyringCase, tmp_path: Path) -> None:
    if keyrings.file is None:
        pytest.skip(f"{keyrings.name} keeps no file of ours")
    keyring = await keyrings.open(tmp_path)
    key = await keyring.ensure("client-1")
    wanted = [(f"contact-{n}", "client-1") for n in range(5_000)]
    with full_disk(tmp_path):
        with pytest.raises(Unavailable):
            await keyring.ensure_many(wanted)
        with pytest.raises(MissingKey):
            await key_of(keyring, "contact-1")
        assert await key_of(keyring, "client-1") == key
    keys = await keyring.ensure_many(wanted)
    assert all(is_key(each) for each in keys.values())
    await keyring.close()
    keyring = await keyrings.open(tmp_path)
    assert await keys_of(keyring, keys) == keys
    await keyring.close()


async def test_files_of_others_are_left_alone(keyrings: KeyringCase, tmp_path: Path) -> None:
    if keyrings.file is None:
        pytest.skip(f"{keyrings.name} keeps no file of ours")
    file = tmp_path / keyrings.file
    keyring = await keyrings.open(tmp_path)
    with pytest.raises(Unusable, match="another process uses it"):
        await keyrings.open(tmp_path)
    await keyring.close()
    with sqlite3.connect(file) as other:
        other.execute("UPDATE meta SET value = '2' WHERE name = 'format'")
    other.close()
    with pytest.raises(NewerData, match="format 2"):
        await keyrings.open(tmp_path)
    file.write_bytes(os.urandom(10_000))
    with pytest.raises(Unusable, match="it is no database"):
        await keyrings.open(tmp_path)


async def test_a_closed_keyring_says_so(keyrings: KeyringCase, tmp_path: Path) -> None:
    keyring = await keyrings.open(tmp_path)
    await keyring.close()
    await keyring.close()
    with pytest.raises(Unavailable):
        await keyring.ensure("client-1")
    with pytest.raises(Unavailable):
        keyring.key("client-1")


# ---------------------------------------------------------------- moved


async def moved(source: Keyring, target: Keyring, most: int = 7) -> list[SubjectKey]:
    after, found = "", []
    while keys := await source.listed(after, most):
        await target.adopt(keys)
        found += keys
        after = keys[-1].subject
    return found


async def test_a_keyring_is_moved_with_owners_and_tombstones(keyring: Keyring, tmp_path: Path) -> None:
    source = await SqliteKeyring.open(tmp_path / "source.db")
    await source.ensure_many([(f"client-{n}", None) for n in range(20)])
    await source.ensure_many([(f"contact-{n}", f"client-{n}") for n in range(20)])
    await source.destroy("client-3")
    listed = await moved(source, keyring)
    assert [each.subject for each in listed] == sorted(each.subject for each in listed)
    assert len(listed) == 40
    assert [each.subject for each in listed if each.key is None] == ["client-3", "contact-3"]
    assert await moved(keyring, source) == await keyring.listed("", 100) == await source.listed("", 100)
    assert await moved(source, keyring) == listed, "repeatable"
    assert await keyring.destroy("client-4") == ["client-4", "contact-4"]
    await moved(source, keyring)
    assert await keyring.tombstones() == ["client-3", "client-4", "contact-3", "contact-4"], "they stay"
    await source.close()


async def test_a_tombstone_that_comes_destroys_the_key(keyring: Keyring) -> None:
    key = await keyring.ensure("contact-1", "client-1")
    await keyring.ensure("client-1")
    await keyring.adopt([SubjectKey("client-1", None, None)])
    assert await keyring.tombstones() == ["client-1", "contact-1"]
    await keyring.adopt([SubjectKey("contact-1", "client-1", key)])
    assert await keyring.ensure("contact-1") is None


async def test_a_keyring_of_another_log_is_not_mixed_in(keyring: Keyring) -> None:
    key = await keyring.ensure("client-2")
    with pytest.raises(Unusable, match="another key of client-2"):
        await keyring.adopt([SubjectKey("client-1", None, b"1" * 32), SubjectKey("client-2", None, b"2" * 32)])
    assert await keyring.listed("", 10) == [SubjectKey("client-2", None, key)]
