"""The recomputation reads every event there is: no field of one is taken for another's of the same name (X5)."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from contracts.registry import EVENTS
from services.analytics.oracle.load import load

GOLDEN = Path(__file__).parent / "golden"


def test_every_event_can_be_read(tmp_path: Path) -> None:
    events = [json.loads(file.read_text("utf-8"))["event"] for file in sorted(GOLDEN.glob("*.json"))]
    log = tmp_path / "events.jsonl"
    log.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    with duckdb.connect(":memory:") as base:
        load(base, [log], as_of=None, now=None)
        read = {type for (type,) in base.execute("SELECT DISTINCT type FROM event").fetchall()}
    assert read == set(EVENTS)
