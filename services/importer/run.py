"""Imports a bundle: reads and checks all of it, compares it with what is stored, then appends what is missing."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

from contracts.envelope import RecordedEvent
from contracts.gateway.events import NumberKind
from services.analytics.domain.sales_rules import SALES_RULES
from services.gateway.domain.settings import SETTINGS
from services.importer import workspace
from services.importer.bundle import Bundle
from services.importer.deals import ImportedDeal
from services.importer.errors import BundleError, RowError
from services.importer.history import Plan, Rejected, actor, begun, continued
from services.importer.meta import read_meta
from services.importer.offers import Item
from services.importer.orders import ImportedOrder, ImportedPayment
from services.importer.people import Client, ClientNote, Employee
from services.importer.reading import read_bundle
from services.importer.sink import Sink
from services.importer.subject import Subject
from services.importer.tables import Progress
from services.kit.codec import Codec
from services.kit.ports import EventStore, Keyring
from services.pipeline.domain.rate import RATE

_NOTHING, _NEW, _MORE = 0, 1, 2
_PAUSE = 50
"""Subjects between two breaths of the event loop: live commands go on meanwhile."""


@dataclass(slots=True)
class Report:
    """What an import did: events stored, subjects that got some by table, and what is wrong with the bundle."""

    source: str
    events: int = 0
    subjects: dict[str, int] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """The subjects of one table in the order they are stored in, made anew each time they are asked for."""

    name: str
    count: int
    subjects: Callable[[], Iterator[Subject]]
    numbered: NumberKind | None = None
    todo: bytearray | None = None
    """For each subject what is to be done, once it was compared; None: all are new."""


async def import_bundle(
    folder: Path,
    store: EventStore,
    keyring: Keyring,
    codec: Codec,
    *,
    source: str | None = None,
    strict: bool = False,
    now: int,
    progress: Progress = lambda _label, _done, _total: None,
) -> Report:
    """Import the canonical bundle in `folder`; safe to repeat, also after a crash.

    `source`: name of where the data is from, default is that of the bundle. `strict`: store nothing if any row is bad.
    `now`: UTC ms. `progress` is called with (what, done, total or 0), also from another thread. Raises Unavailable."""
    report = Report(source or "")
    try:
        report.source = report.source or await asyncio.to_thread(_name, folder, now)
        settings = await workspace.folded(store, codec, SETTINGS, workspace.SETTINGS_KEY)
        base = (settings.fields or {}).get("base_currency")
        bundle = await asyncio.to_thread(read_bundle, folder, now, base, report.errors, progress)
    except BundleError as refusal:
        report.errors.append(refusal.error)
        return report
    if strict and report.errors:
        return report
    work = _Import(bundle, report, store, codec, await keyring.tombstones(), progress)
    # The collector would walk over all rows again and again.
    gc.freeze()
    try:
        await work.run(strict=strict, now=now)
    finally:
        gc.unfreeze()
        await work.sink.abandon()
    return report


def _name(folder: Path, now: int) -> str:
    """Return what the bundle calls itself, else the folder's name."""
    return read_meta(folder, now).dataset or folder.resolve().name


class _Import:
    """One import on its way into the log."""

    def __init__(
        self,
        bundle: Bundle,
        report: Report,
        store: EventStore,
        codec: Codec,
        erased: Sequence[str],
        progress: Progress,
    ) -> None:
        self.bundle = bundle
        self.report = report
        self.source = report.source
        self.store = store
        self.codec = codec
        self.erased = frozenset(erased)
        self.progress = progress
        self.sink = Sink(store, codec, actor(report.source))

    async def run(self, *, strict: bool, now: int) -> None:
        """Compare, then store: references first, then all that refers to them."""
        fresh = await self.store.head() == 0
        groups = self._groups()
        if strict or not fresh:
            for group in groups:
                await self._compare(group, fresh=fresh)
            if strict and self.report.errors:
                return
        await self._workspace()
        for group in groups:
            await self._store(group, now)
        await self.sink.flush()
        self.report.events += self.sink.events
        self.report.subjects = dict(self.sink.subjects)

    def _groups(self) -> list[Group]:
        b, source = self.bundle, self.source
        as_of = b.meta.as_of
        made = workspace.funnels(b, source)
        deals = sorted(b.deals.good(), key=lambda deal: (deal.first < 0, deal.first))
        orders = list(b.orders.good())
        users, products, customers = list(b.users.good()), list(b.products.good()), list(b.customers.good())
        payments, notes = list(b.payments.good()), list(b.notes.good())
        return [
            Group("users", len(users), lambda: (Employee(source, row) for row in users)),
            Group("products", len(products), lambda: (Item(source, row, as_of) for row in products)),
            Group("funnels", len(made), lambda: iter(made)),
            Group("customers", len(customers), lambda: (Client(source, row, as_of) for row in customers), "client"),
            Group("deals", len(deals), lambda: (ImportedDeal(source, row, b) for row in deals), "deal"),
            Group("orders", len(orders), lambda: (ImportedOrder(source, row, b) for row in orders), "order"),
            Group("payments", len(payments), lambda: (ImportedPayment(source, row, b) for row in payments)),
            Group("notes", len(notes), lambda: (ClientNote(source, row, as_of) for row in notes)),
        ]

    async def _compare(self, group: Group, *, fresh: bool) -> None:
        """Find out what is to be done for each subject, and what cannot be done."""
        todo = group.todo = bytearray(group.count)
        for place, subject in enumerate(group.subjects()):
            if place % _PAUSE == 0:
                self.progress(f"comparing {group.name}", place, group.count)
                await asyncio.sleep(0)
            stored = [] if fresh else await self.store.read(subject.stream)
            try:
                async with self.codec.holding(stored):
                    plan = self._plan(subject, stored)
            except Rejected as rejected:
                self._reject(subject, str(rejected), rejected.column)
                continue
            if plan is not None:
                todo[place] = _MORE if stored else _NEW
        self.progress(f"comparing {group.name}", group.count, group.count)

    def _plan(self, subject: Subject, stored: Sequence[RecordedEvent]) -> Plan | None:
        plan = continued(subject, stored, self.codec, self.bundle.meta.as_of) if stored else begun(subject)
        if plan is None or not plan.drafts:
            return None
        if subject.owner() in self.erased:
            raise Rejected("the personal data of this customer was erased; nothing can be added to it")
        return plan

    def _reject(self, subject: Subject, reason: str, column: str = "") -> None:
        self.report.errors.append(RowError(subject.file, subject.line, column, reason))

    async def _workspace(self) -> None:
        """Store rules and settings before all else: whoever looks meanwhile sees numbers by the right rules."""
        b, source, codec = self.bundle, self.source, self.codec
        read = self.store.read
        rules = await read(SALES_RULES.stream(workspace.RULES_KEY))
        settings = await read(SETTINGS.stream(workspace.SETTINGS_KEY))
        made, factless = workspace.funnels(b, source), await workspace.factless(self.store)
        plans = [
            ("rules", workspace.rules_plan(rules, b, made, source, codec, factless=factless)),
            ("settings", workspace.settings_plan(settings, b, source, codec)),
        ]
        rates = sorted(b.rates.good(), key=lambda rate: rate.currency)
        for currency, rows in groupby(rates, key=lambda rate: rate.currency):
            stored = await read(RATE.stream(currency))
            plans.append(("rates", workspace.rate_plan(stored, currency, list(rows), b, source, codec)))
        for name, plan in plans:
            if plan is not None:
                await self.sink.add(name, plan, self._workspace_reject)
        await self.sink.flush()

    def _workspace_reject(self, reason: str) -> None:
        self.report.errors.append(RowError("meta.json", 0, "", reason))

    async def _store(self, group: Group, now: int) -> None:
        todo = group.todo
        new = group.count if todo is None else Counter(todo)[_NEW]
        number = 0
        if group.numbered and group.name == "deals" and todo is None:
            new = sum(deal.first >= 0 for deal in self.bundle.deals.good())
        if group.numbered and new:
            number = await workspace.reserved(self.store, self.codec, group.numbered, new, self.source, now)
            self.report.events += 1
        for place, subject in enumerate(group.subjects()):
            if place % _PAUSE == 0:
                self.progress(f"storing {group.name}", place, group.count)
                await asyncio.sleep(0)
            what = _NEW if todo is None else todo[place]
            if what == _NOTHING:
                continue
            subject.number = number
            stored = await self.store.read(subject.stream) if what == _MORE else []
            try:
                async with self.codec.holding(stored):
                    plan = self._plan(subject, stored)
            except Rejected as rejected:
                self._reject(subject, str(rejected), rejected.column)
                continue
            if plan is not None:
                number += what == _NEW
                await self.sink.add(group.name, plan, partial(self._reject, subject))
        self.progress(f"storing {group.name}", group.count, group.count)
