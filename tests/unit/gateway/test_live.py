"""The stream of changes that open pages follow: ids alone, nothing missed, nothing told twice for long (#5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.envelope import RecordedEvent
from services.gateway.live import RECENT, Changes
from services.kit.token import Token


def event(position: int, stream: str, key: str) -> RecordedEvent:
    return RecordedEvent(
        id=f"e{position}", type="clients.NoteAdded.v1", key=key, occurred_at=0, actor="a", command_id="c",
        command_hash="h", data=b'{"text": "secret"}', stream=stream, version=1, position=position, recorded_at=0,
    )  # fmt: skip


class Clock:
    at = 1_000.0

    def __call__(self) -> float:
        return self.at


def parsed(text: str) -> tuple[list[tuple[str, Any]], str]:
    """Read a piece of a stream as browsers do; return (event, data) of each message, and the last id."""
    messages, last = [], ""
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line)
        last = fields.get("id", last)
        if "event" in fields:
            messages.append((fields["event"], json.loads(fields["data"])))
    return messages, last


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def changes(clock: Clock) -> Changes:
    made = Changes("log-1", 1, clock)
    made.begin(100)
    return made


async def test_each_kind_is_told_once_with_its_clients_and_where_to_read_from(changes: Changes):
    await changes.heard(
        [event(101, "note-n1", "acme"), event(102, "note-n2", "acme"), event(103, "order-o1", "bolt"),
         event(104, "account-a1", "a1"), event(105, "import-1", "i1")]
    )  # fmt: skip
    text, position = changes.told(100)
    messages, last = parsed(text)
    assert [(name, data["ids"]) for name, data in messages] == [("note", ["acme"]), ("order", ["bolt"])]
    assert (position, last) == (103, "103"), "accounts and imports are nobody's to see"
    assert "secret" not in text
    assert {Token.parse(data["after"]).places[0][2] for _, data in messages} == {103}
    assert changes.told(103) == ("", 103)


async def test_who_comes_back_is_told_what_was_missed(changes: Changes):
    await changes.heard([event(n, f"note-n{n}", f"c{n}") for n in range(101, 111)])
    messages, last = parsed(changes.told(107)[0])
    assert messages[0][1]["ids"] == ["c108", "c109", "c110"]
    assert last == "110"


@pytest.mark.parametrize(("known", "why"), [(5, "before this process began"), (10**9, "a position of another log")])
async def test_who_knows_what_is_not_known_here_is_told_to_look_again(changes: Changes, known: int, why: str):
    await changes.heard([event(101, "note-n", "acme")])
    messages, last = parsed(changes.told(known)[0])
    assert (messages, last) == ([("reset", {})], "101"), why


async def test_many_at_once_are_one_reset(changes: Changes):
    await changes.heard([event(n, "client-c", f"c{n}") for n in range(101, 5_101)])
    for known in (100, 3_000, 4_500):
        assert parsed(changes.told(known)[0]) == ([("reset", {})], "5100")
    assert len(parsed(changes.told(5_090)[0])[0][0][1]["ids"]) == 10


async def test_a_new_page_is_told_of_the_last_seconds(changes: Changes, clock: Clock):
    assert changes.recent == 100
    await changes.heard([event(101, "note-n", "old")])
    clock.at += RECENT + 1
    assert changes.recent == 101
    await changes.heard([event(105, "note-n", "new")])
    clock.at += RECENT - 1
    assert parsed(changes.told(changes.recent)[0])[0][0][1]["ids"] == ["new"]


async def test_waiting_ends_with_the_next_change_and_not_with_what_nobody_sees(changes: Changes):
    await changes.heard([event(101, "employee-e", "e")])
    await changes.more(0.01)
    assert changes.newest == 100
    await changes.heard([event(102, "deal-d", "acme")])
    assert changes.newest == 102
