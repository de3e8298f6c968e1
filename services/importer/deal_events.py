"""The events of deals, read into columns of numbers (a million rows are some 40 MB) and chained deal by deal."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from services.importer import cells
from services.importer.csvfile import Column, Row
from services.importer.rows import Deal, Stage, User
from services.importer.tables import Folder, Table

CREATED, MOVED, TOUCHED = 0, 1, 2
_TYPES = {"DealCreated": CREATED, "DealStageChanged": MOVED, "DealTouched": TOUCHED}
_NONE = -1
_NO_SEQ = -(10**9)
"""Less than any number of nine digits."""
_FILE = "deal_events.csv"


@dataclass(frozen=True, slots=True)
class DealEvent:
    """One event of a deal. `amount` in minor units of the deal's currency, None if it sets no new one."""

    line: int
    type: int
    at: int
    stage: int
    """Index in `Bundle.stages`."""
    amount: int | None
    imputed: bool


class DealEvents:
    """All events of all deals, in file order; `of` gives those of one deal."""

    def __init__(self) -> None:
        self.line = array("i")
        self.seq = array("i")
        self.type = array("b")
        self.at = array("q")
        self.stage = array("i")
        self.amount = array("q")
        self.imputed = array("b")
        self.next = array("i")
        """Index of the same deal's next event."""

    def add(self, event: DealEvent, seq: int) -> int:
        """Keep an event and its seq; return its index."""
        self.line.append(event.line)
        self.seq.append(seq)
        self.type.append(event.type)
        self.at.append(event.at)
        self.stage.append(event.stage)
        self.amount.append(_NONE if event.amount is None else event.amount)
        self.imputed.append(event.imputed)
        self.next.append(_NONE)
        return len(self.next) - 1

    def of(self, deal: Deal) -> Iterator[DealEvent]:
        """Yield the deal's events in order."""
        i = deal.first
        while i != _NONE:
            amount = self.amount[i]
            yield DealEvent(
                self.line[i],
                self.type[i],
                self.at[i],
                self.stage[i],
                None if amount == _NONE else amount,
                bool(self.imputed[i]),
            )
            i = self.next[i]


def columns(now: int) -> list[Column]:
    """Return the file's columns; times up to now (UTC ms)."""
    return [
        Column("deal_id", cells.word, required=True),
        Column("seq", cells.whole),
        Column("occurred_at", cells.past(now), required=True),
        Column("type", cells.one_of(*_TYPES), required=True),
        Column("from_stage", cells.word),
        Column("to_stage", cells.word, required=True),
        Column("amount", cells.price),
        Column("actor_id", cells.word),
        Column("imputed", cells.flag),
    ]


class Chains:
    """Checks that the events of each deal follow one another, and chains them."""

    def __init__(
        self, folder: Folder, deals: Table[Deal], stages: Table[Stage], users: Table[User], base: str | None
    ) -> None:
        self.folder = folder
        self.deals = deals
        self.stages = stages
        self.users = users
        self.base = base
        self.events = DealEvents()

    def take(self, row: Row) -> None:
        """Take in one row of the file. A deal with an error takes no more: what follows is not told again."""
        deal_id = row.values[0]
        if deal_id is None or deal_id in self.deals.bad:
            return
        if not self.folder.refers(_FILE, row.line, "deal_id", self.deals, deal_id):
            return
        if row.bad or not self._follows(row, self.deals.rows[deal_id]):
            self.deals.bad.add(deal_id)

    def _follows(self, row: Row, deal: Deal) -> bool:
        _, told, at, type_, from_stage, to_stage, amount, actor, imputed = row.values
        seq = _NO_SEQ if told is None else told
        refers, line = self.folder.refers, row.line
        key = f"{deal.pipeline}\x1f{to_stage}"
        if not refers(_FILE, line, "to_stage", self.stages, key):
            return False
        if actor is not None and not refers(_FILE, line, "actor_id", self.users, actor):
            return False
        kind, stage = _TYPES[type_], self.stages.rows[key].place
        if deal.first == _NONE:
            wrong = _no_beginning(kind, from_stage)
        else:
            before = None if from_stage is None else self.stages.rows.get(f"{deal.pipeline}\x1f{from_stage}")
            left = None if from_stage is None else (before.place if before else _NONE)
            wrong = self._no_sequel(deal, kind, at, seq, left, stage)
        if wrong is not None:
            self.folder.error(_FILE, line, *wrong)
            return False
        value = None if amount is None else cells.minor(amount, deal.currency or self.base)
        index = self.events.add(DealEvent(line, kind, at, stage, value, bool(imputed)), seq)
        if deal.first == _NONE:
            deal.first = index
        else:
            self.events.next[deal.last] = index
        deal.last = index
        return True

    def _no_sequel(
        self, deal: Deal, kind: int, at: int, seq: int, left: int | None, stage: int
    ) -> tuple[str, str] | None:
        """Return (column, reason) if the event cannot follow the deal's last one. `left`: place of from_stage."""
        last = deal.last
        last_seq = self.events.seq[last]
        here = self.events.stage[last]
        if kind == CREATED:
            return "type", "wrong order: the deal was created before"
        if at < self.events.at[last]:
            return "occurred_at", "wrong order: lies before the deal's event above it"
        if at == self.events.at[last] and _NO_SEQ < seq <= last_seq:
            return "seq", "wrong order: must be greater than that of the deal's event above it at the same time"
        if left is not None and left != here:
            return "from_stage", "wrong order: the deal is in another stage then"
        if kind == TOUCHED and stage != here:
            return "to_stage", "wrong order: DealTouched must name the stage that the deal is in"
        if kind == MOVED and stage == here:
            return "to_stage", "the deal is in this stage already: that is a DealTouched"
        return None


def _no_beginning(kind: int, from_stage: str | None) -> tuple[str, str] | None:
    """Return (column, reason) if a deal cannot begin with this event."""
    if kind != CREATED:
        return "type", "wrong order: the first event of a deal must be DealCreated"
    return ("from_stage", "must be empty: the deal begins here") if from_stage else None
