"""The way into the analytics read models: one snapshot, the ruleset that all lanes have, sums of counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.problem import NotYet
from services.analytics.projections.model import LANE, ROWS, RULED, SEEN
from services.analytics.projections.rows import together
from services.analytics.projections.sale import kind_of
from services.analytics.projections.shapes import LaneRules, Row, Ruleset
from services.kit.documents import Filter
from services.kit.documents import Row as Sums
from services.kit.ports import Reader

_DEFAULT = LaneRules()


@dataclass(frozen=True)
class Numbers:
    """What every query starts from. `now`: the moment the numbers are folded up to, UTC ms. `owners`: whose records
    count (None: all; P17)."""

    reader: Reader
    group: str
    rules: Ruleset
    lane: LaneRules
    """Any lane's copy of the reference data: the classes stages were added with."""
    now: int
    owners: tuple[str, ...] | None = None

    @staticmethod
    async def open(
        reader: Reader, group: str, now: int, *, as_of: int | None = None, owners: tuple[str, ...] | None = None
    ) -> Numbers:
        """Find the ruleset that every lane can answer under: the newest they share (P2).

        Raises NotYet for a past `as_of` (`voronka export metrics --as-of` can do it)."""
        if as_of is not None:
            raise NotYet("past moments are not served here yet; use `voronka export metrics --as-of`", field="as_of")
        opened = await reader.lanes(group)
        found = {row.lane: row.document for row in await reader.get(group, LANE.name, "lane")}
        lanes: list[LaneRules] = [found.get(state.lane, _DEFAULT) for state in opened] or [_DEFAULT]
        kept = [{rules.id for rules in (lane.active, *lane.previous)} for lane in lanes]
        newest_first = (lanes[0].active, *reversed(lanes[0].previous))
        rules = next(rules for rules in newest_first if all(rules.id in ids for ids in kept))
        return Numbers(reader, group, rules, lanes[0], now, owners)

    async def sums(
        self, counter: str, where: Sequence[Filter] = (), by: Sequence[str] = (), *, sort: Sequence[str] = ()
    ) -> list[Sums]:
        """Return a counter's sums by these keys, of the present ruleset and of the owners that may be seen."""
        filters = list(where)
        if counter in RULED:
            filters.insert(0, Filter("rules", "=", self.rules.id))
        if self.owners is not None and counter not in ("client_shipments", "seen"):
            filters.append(Filter("owner_id", "in", self.owners))
        return await self.reader.counters(self.group, counter, filters, by, sort=sort)

    async def total(self, counter: str, where: Sequence[Filter] = ()) -> Sums:
        """Return one counter's sums over all its keys; empty when nothing was counted."""
        rows = await self.sums(counter, where)
        return rows[0] if rows else {}

    async def seen(self) -> frozenset[str]:
        """Return what was ever stored: cost, payment, money, touched (DEFINITIONS: empty instead of 0 where not)."""
        return frozenset(row["what"] for row in await self.sums(SEEN.name, by=("what",)))

    async def row(self, subject_id: str) -> Row | None:
        """Return the row of a client or contact person."""
        rows = await self.reader.get(self.group, ROWS.name, f"{self.rules.id}:{subject_id}")
        return together([stored.document for stored in rows])

    def hides(self, row: Row) -> bool:
        """Tell whether the row is of a client out of reach. A contact person's is the client's, not known here."""
        return self.owners is not None and row.subject == "client" and row.owner_id not in self.owners

    async def rows(self, subject_ids: Sequence[str]) -> list[Row]:
        """Return the rows of these clients or contact persons, as far as there are any."""
        wanted = [f"{self.rules.id}:{id}" for id in subject_ids]
        found: dict[str, list[Row]] = {}
        for stored in await self.reader.get_many(self.group, ROWS.name, wanted):
            found.setdefault(stored.id, []).append(stored.document)
        rows = (together(each) for each in found.values())
        return [row for row in rows if row is not None]

    def kind(self, funnel_id: str, stage_id: str) -> str:
        """Return the class of a stage: in_work, bought, refused or none."""
        return kind_of(self.lane, self.rules, funnel_id, stage_id)
