"""What several worker processes share: lanes with a revision and what was folded, in one SQLite file.

Fenced as DESIGN 5 says (opening raises the revision, a commit with an old one is refused), in a way of its own: it
shares no code with the document stores."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from services.kit.documents import LaneMoved, LaneState, Positions
from services.kit.ports import Batch

_SCHEMA = """
CREATE TABLE IF NOT EXISTS lanes (lane INTEGER PRIMARY KEY, rev INTEGER NOT NULL, positions TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS folded (n INTEGER PRIMARY KEY, lane INTEGER, topic TEXT, id TEXT, worker TEXT);
CREATE TABLE IF NOT EXISTS told (worker TEXT, what TEXT);
"""


class Ledger:
    """One process's view. Every call is one transaction."""

    def __init__(self, path: Path, worker: str) -> None:
        self._path = path
        self._worker = worker
        with closing(self._connect()) as db:
            db.executescript(_SCHEMA)

    def open_lane(self, lane: int, log_id: str) -> LaneState:
        """Take the lane over."""
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO lanes VALUES (?, 1, '{}') ON CONFLICT DO UPDATE SET rev = rev + 1", (lane,))
            rev, positions = db.execute("SELECT rev, positions FROM lanes WHERE lane = ?", (lane,)).fetchone()
            db.execute("COMMIT")
        return LaneState(lane, rev, log_id, {topic: (at, id) for topic, (at, id) in json.loads(positions).items()})

    def commit(self, state: LaneState, batch: Batch) -> bool:
        """Fold a batch by the rules of a lane; False: there was a gap. Raises LaneMoved."""
        positions: Positions = dict(state.positions)
        rows = []
        whole = True
        for delivered in batch.events:
            event = delivered.event
            at = positions.get(event.topic, (0, ""))[0]
            if event.position <= at:
                continue
            if delivered.prev != at:
                whole = False
                break
            positions[event.topic] = (event.position, event.id)
            rows.append((batch.lane, event.topic, event.id, self._worker))
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            changed = db.execute(
                "UPDATE lanes SET positions = ? WHERE lane = ? AND rev = ?",
                (json.dumps(positions), state.lane, state.rev),
            ).rowcount
            if changed == 0:
                db.execute("ROLLBACK")
                raise LaneMoved(f"lane {state.lane}")
            db.executemany("INSERT INTO folded (lane, topic, id, worker) VALUES (?, ?, ?, ?)", rows)
            db.execute("COMMIT")
        state.positions = positions
        return whole

    def tell(self, what: str) -> None:
        """Leave a word for the test."""
        with closing(self._connect()) as db:
            db.execute("INSERT INTO told VALUES (?, ?)", (self._worker, what))
            db.commit()

    def told(self) -> set[tuple[str, str]]:
        """Return all words left by (worker, what)."""
        with closing(self._connect()) as db:
            return set(db.execute("SELECT worker, what FROM told"))

    def folded(self) -> list[tuple[int, str, str, str]]:
        """Return (lane, topic, event id, worker) of all that took effect, in that order."""
        with closing(self._connect()) as db:
            return list(db.execute("SELECT lane, topic, id, worker FROM folded ORDER BY n"))

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=20.0, isolation_level=None)
