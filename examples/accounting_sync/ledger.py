"""The ledger in SQLite: entries and the places they were read at change in one transaction, or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from examples.accounting_sync.fold import BILLED, DEFAULT, PAID, Change, Document, Rules, Stage, fold, is_sale
from examples.accounting_sync.message import Message

_SCHEMA = Path(__file__).with_name("schema.sql")
Key = tuple[str, str, str]
"""(account, client, currency)."""


class OtherLog(Exception):
    """The topics hold another log than the one this ledger was made from."""


@dataclass(frozen=True, slots=True)
class Gap:
    """`after`: position of the last event booked; `found`: the position of the next message that could be read."""

    after: int
    found: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a batch of one partition."""

    booked: int
    """Events that were new."""
    repeated: int
    gap: Gap | None
    """Something is missing; nothing behind it is booked before it has come."""
    again: int | None
    """What was missing has come: read from this offset again, where messages were passed over."""


class Ledger:
    """Safe to be opened twice: each batch looks up, in its own transaction, how far the partition is."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA.read_text(encoding="utf-8"))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def offset(self, topic: str, lane: int) -> int:
        """Return where to read a partition on: an offset."""
        row = self._db.execute("SELECT next_offset FROM place WHERE topic = ? AND lane = ?", (topic, lane)).fetchone()
        return int(row[0]) if row is not None else 0

    def booked(self) -> int:
        """Return a number that grows with everything that is booked."""
        return int(self._db.execute("SELECT coalesce(sum(position), 0) FROM place").fetchone()[0])

    def totals(self) -> dict[Key, tuple[int, int, int]]:
        """Return documents, amount and amount in the base currency of each account, client and currency."""
        rows = self._db.execute("SELECT account, client_id, currency, documents, amount, base_amount FROM total")
        return {(account, client, currency): (n, amount, base) for account, client, currency, n, amount, base in rows}

    def book(self, topic: str, lane: int, messages: Sequence[Message]) -> Outcome:
        """Book what is new in the next messages of a partition, in one transaction; repeats change nothing.

        Raises OtherLog, and Unknown; then nothing of the batch is booked."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            outcome = self._book(topic, lane, messages)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return outcome

    def _book(self, topic: str, lane: int, messages: Sequence[Message]) -> Outcome:
        row = self._db.execute(
            "SELECT log_id, position, next_offset FROM place WHERE topic = ? AND lane = ?", (topic, lane)
        ).fetchone()
        known, position, next_offset = row if row is not None else ("", 0, 0)
        # What lies before these messages and is not read yet was passed over: a gap is open.
        passed = next_offset if row is not None and messages and messages[0].offset > next_offset else None
        booked = repeated = 0
        gap: Gap | None = None
        again: int | None = None
        for message in messages:
            if known and message.log_id != known:
                raise OtherLog(f"{topic}[{lane}] holds the log {message.log_id}, this ledger is of {known}")
            known = message.log_id
            if message.position <= position:
                repeated += 1
            elif message.prev == position:
                self._apply(message)
                position, booked = message.position, booked + 1
                gap, again = None, passed
            else:
                gap = gap or Gap(position, message.position)
                passed = message.offset if passed is None else passed
        if messages:
            read_to = messages[-1].offset + 1 if passed is None else passed
            self._db.execute(
                "INSERT INTO place VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
                "SET log_id = excluded.log_id, position = excluded.position, next_offset = excluded.next_offset",
                (topic, lane, known, position, read_to),
            )
        return Outcome(booked, repeated, gap, again)

    def _apply(self, message: Message) -> None:
        change = fold(message)
        match change:
            case Document():
                if self._store(change):
                    self._settle([change], message)
            case Stage() | Rules():
                if self._first_copy(message):
                    self._settle(self._regard(change), message)
            case None:
                pass

    def _first_copy(self, message: Message) -> bool:
        """Reference events are in every partition: only one copy counts."""
        return self._db.execute("INSERT OR IGNORE INTO reference VALUES (?)", (message.id,)).rowcount == 1

    def _store(self, new: Document) -> bool:
        """Keep the document; False if a newer one is here already (it came through another partition)."""
        values = (new.id, new.kind, new.version, new.client_id, new.currency, new.amount, new.base_amount)
        stored = self._db.execute(
            "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "version = excluded.version, client_id = excluded.client_id, currency = excluded.currency, "
            "amount = excluded.amount, base_amount = excluded.base_amount, funnel_id = excluded.funnel_id, "
            "stage_id = excluded.stage_id, from_deal = excluded.from_deal WHERE excluded.version > version",
            (*values, new.funnel_id, new.stage_id, new.from_deal),
        )
        return stored.rowcount == 1

    def _regard(self, change: Change) -> list[Document]:
        """Keep a stage or rules; return the documents that may count otherwise now."""
        if isinstance(change, Stage):
            where = (change.funnel_id, change.stage_id)
            self._db.execute("INSERT OR REPLACE INTO stage VALUES (?, ?, ?)", (*where, change.kind))
            return self._documents("WHERE funnel_id = ? AND stage_id = ?", where)
        if isinstance(change, Rules) and change.version > self._rules().version:
            classes = [[*stage, kind] for stage, kind in change.classes.items()]
            body = json.dumps({"sources": sorted(change.sources), "classes": classes})
            self._db.execute("INSERT OR REPLACE INTO rules VALUES (1, ?, ?)", (change.version, body))
            return self._documents("WHERE kind <> 'payments'")
        return []

    def _documents(self, where: str, values: tuple[str, ...] = ()) -> list[Document]:
        rows = self._db.execute(f"SELECT * FROM document {where}", values)  # noqa: S608 - two texts of ours
        return [replace(Document(*row), from_deal=bool(row[9])) for row in rows]

    def _rules(self) -> Rules:
        row = self._db.execute("SELECT version, body FROM rules").fetchone()
        if row is None:
            return DEFAULT
        body = json.loads(row[1])
        return Rules(row[0], frozenset(body["sources"]), {(f, s): kind for f, s, kind in body["classes"]})

    def _settle(self, documents: Sequence[Document], cause: Message) -> None:
        """Add the entries that make the journal say of these documents what is true now."""
        rules = self._rules()
        kinds = {(f, s): kind for f, s, kind in self._db.execute("SELECT * FROM stage")} if documents else {}
        for document in documents:
            wanted = _wanted(document, is_sale(document, kinds, rules))
            with closing(
                self._db.execute(
                    "SELECT account, client_id, currency, sum(documents), sum(amount), sum(base_amount) FROM entry "
                    "WHERE document = ? GROUP BY account, client_id, currency",
                    (document.id,),
                )
            ) as rows:
                now = {(row[0], row[1], row[2]): (row[3], row[4], row[5]) for row in rows}
            for key in sorted(now.keys() | wanted.keys()):
                to, have = wanted.get(key, (0, 0, 0)), now.get(key, (0, 0, 0))
                if to != have:
                    moved = tuple(a - b for a, b in zip(to, have, strict=True))
                    self._db.execute(
                        "INSERT INTO entry (event_id, time, document, account, client_id, currency, documents, amount, "
                        "base_amount) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (cause.id, cause.time, document.id, *key, *moved),
                    )


def _wanted(document: Document, sale: bool) -> dict[Key, tuple[int, int, int]]:
    """Return what the journal must say of the document: a reversed payment stays a document of amount 0."""
    if document.kind == "payments":
        account = PAID
    elif sale:
        account = BILLED
    else:
        return {}
    return {(account, document.client_id, document.currency): (1, document.amount, document.base_amount)}
