"""What a bundle sets for the whole workspace: sales rules, base currency, exchange rates, blocks of short numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from contracts.analytics.commands import SetSalesRules
from contracts.analytics.events import SalesRulesSet, Source, StageClass
from contracts.base import Event
from contracts.envelope import RecordedEvent
from contracts.gateway.commands import ChangeWorkspaceSettings, ReserveNumbers
from contracts.gateway.events import NumberKind, NumbersReserved
from contracts.ids import derived_id, imported_event_id
from contracts.pipeline.commands import SetRate, StageSpec
from contracts.pipeline.events import StageKind
from contracts.problem import VersionConflict
from contracts.registry import KNOWN_TYPES
from services.analytics.domain.sales_rules import SALES_RULES
from services.gateway.domain.numbers import NUMBERS
from services.gateway.domain.settings import SETTINGS
from services.importer.bundle import Bundle
from services.importer.history import Draft, Plan, actor
from services.importer.offers import KINDS, Funnel, order_funnel, stage_id, status_id
from services.importer.rows import Rate, digest
from services.kit.codec import Codec
from services.kit.decider import Decider, stamped
from services.kit.ports import EventStore
from services.pipeline.domain.rate import RATE, Rates

SETTINGS_KEY, RULES_KEY = "workspace", "sales"
_ALL: tuple[Source, ...] = ("deals", "orders", "clients")
_NO_FACT = "0" * 16
_SET_UP = 1_000
"""Events of a workspace that was only set up: fewer than these."""
_REFERENCES = KNOWN_TYPES | {NumbersReserved.type}


async def factless(store: EventStore) -> bool:
    """Tell whether the log holds no more than what was set up: nothing yet that sales rules could count."""
    events = await store.read_all(0, _SET_UP)
    return len(events) < _SET_UP and all(event.type in _REFERENCES for event in events)


async def folded(store: EventStore, codec: Codec, decider: Decider[Any, Any, Any], key: str) -> Any:
    """Return the state of a stream."""
    events = await store.read(decider.stream(key))
    async with codec.holding(events):
        return decider.fold(codec.model(event) for event in events)


def funnels(bundle: Bundle, source: str) -> list[Funnel]:
    """Return the deal funnels, and one of the source's order statuses if there are orders."""
    made: list[Funnel] = []
    stages = sorted(bundle.stages.good(), key=lambda stage: stage.pipeline)
    for pipeline, group in groupby(stages, key=lambda stage: stage.pipeline):
        rows = sorted(group, key=lambda stage: stage.position)
        specs = [
            StageSpec(
                stage_id=stage_id(source, pipeline, row.id),
                name=row.id,
                kind=KINDS[row.kind],
                probability=row.probability,
                external_id=row.id,
            )
            for row in rows
        ]
        made.append(Funnel(source, pipeline, rows[0].line, pipeline, "deal", specs))
    statuses = dict.fromkeys((order.kind, order.status) for order in bundle.orders.good())
    ranked = sorted(statuses, key=lambda known: list(KINDS).index(known[0]))
    specs = [
        StageSpec(stage_id=status_id(source, status, kind), name=status, kind=KINDS[kind], external_id=status)
        for kind, status in ranked
    ]
    if specs:
        made.append(Funnel(source, order_funnel(source), 0, f"Orders ({source})"[:300], "order", specs))
    return made


def rules_plan(
    stored: Sequence[RecordedEvent],
    bundle: Bundle,
    made: Sequence[Funnel],
    source: str,
    codec: Codec,
    *,
    factless: bool,
) -> Plan | None:
    """Return the sales rules that follow: those present, united with the bundle's source and the classes of its stages.

    What the bundle said before and somebody changed here stays changed."""
    wanted: dict[tuple[str, str], StageKind] = {
        (funnel.id, stage.stage_id): stage.kind for funnel in made for stage in funnel.stages
    }
    row = digest(bundle.meta.sales_source, sorted(wanted.items()))
    mine = _mine(stored, source)
    if mine and mine[-1].command_hash[:16] == row:
        return None
    models = {event.id: codec.model(event) for event in stored}
    told = models[mine[-1].id] if mine else None
    before = {(c.funnel_id, c.stage_id): c.kind for c in told.classes} if isinstance(told, SalesRulesSet) else {}
    rules = SALES_RULES.fold(event for event in models.values() if isinstance(event, SalesRulesSet))
    present = rules.present
    classes: dict[tuple[str, str], StageKind] = {}
    if present:
        classes |= {(c.funnel_id, c.stage_id): c.kind for c in present.classes}
    classes |= {stage: kind for stage, kind in wanted.items() if before.get(stage) != kind}
    own: Source = "deals" if bundle.meta.sales_source == "deals" else "orders"
    sources = set(present.sources if present else () if factless else _ALL)
    if not (isinstance(told, SalesRulesSet) and own in told.sources):
        sources.add(own)
    command = SetSalesRules(
        rules_id=RULES_KEY,
        sources=sorted(sources),
        classes=[StageClass(funnel_id=f, stage_id=s, kind=kind) for (f, s), kind in classes.items()],
        promote_on_first_sale=present.promote_on_first_sale if present else True,
    )
    return _plan(SALES_RULES, RULES_KEY, stored, SALES_RULES.decide(command, rules), source, bundle, row)


def settings_plan(stored: Sequence[RecordedEvent], bundle: Bundle, source: str, codec: Codec) -> Plan | None:
    """Return the base currency as a change of settings, if there is none yet."""
    settings = SETTINGS.fold(codec.model(event) for event in stored)  # type: ignore[misc]
    fields = dict(settings.fields or {})
    if bundle.base is None or fields.get("base_currency"):
        return None
    command = ChangeWorkspaceSettings(**{**fields, "base_currency": bundle.base})
    return _plan(
        SETTINGS, SETTINGS_KEY, stored, SETTINGS.decide(command, settings), source, bundle, digest(bundle.base)
    )


def _mine(stored: Sequence[RecordedEvent], source: str) -> list[RecordedEvent]:
    return [event for event in stored if event.origin == "import" and event.actor == actor(source)]


def _moment(stored: Sequence[RecordedEvent], bundle: Bundle) -> tuple[int, bool]:
    """Return when reference events happen and whether that is imputed: since ever (0) if they are the first."""
    return (max(bundle.meta.as_of, stored[-1].occurred_at), False) if stored else (0, True)


def _plan(
    decider: Decider[Any, Any, Any],
    key: str,
    stored: Sequence[RecordedEvent],
    events: Sequence[Event],
    source: str,
    bundle: Bundle,
    row: str,
) -> Plan | None:
    at, imputed = _moment(stored, bundle)
    table, nth = decider.category, len(stored)
    drafts = [
        Draft(
            stamped(event, at, imputed),
            imported_event_id(source, table, key, event.type, None if imputed else at, "", nth + place),
            derived_id("import", source, table, key, str(nth)),
            row + _NO_FACT,
        )
        for place, event in enumerate(events)
    ]
    return Plan(decider.stream(key), len(stored), drafts) if drafts else None


def rate_plan(
    stored: Sequence[RecordedEvent], currency: str, rows: Sequence[Rate], bundle: Bundle, source: str, codec: Codec
) -> Plan | None:
    """Return the rates of one currency that are new or other than what this source said before."""
    present: dict[str, tuple[str, str]] = {}
    told: dict[str, str] = {}
    times: dict[str, int] = {}
    for event in stored:
        data = codec.decode(event)
        present[data.day] = (data.base, data.rate)
        if event.origin == "import" and event.actor == actor(source):
            told[data.day] = data.rate
            times[data.day] = times.get(data.day, 0) + 1
    at, imputed = _moment(stored, bundle)
    drafts: list[Draft] = []
    for row in rows:
        if row.day in told and Decimal(told[row.day]) == Decimal(row.rate):
            continue
        command = SetRate(currency=currency, day=row.day, rate=row.rate, base=bundle.base)
        external = f"{row.day}/{currency}"
        for new in RATE.decide(command, Rates(present)):
            event_id = imported_event_id(
                source, "fx_rates", external, new.type, None if imputed else at, "", times.get(row.day, 0)
            )
            command_id = derived_id("import", source, "fx_rates", external)
            drafts.append(Draft(stamped(new, at, imputed), event_id, command_id, digest(row.rate) + _NO_FACT))
    return Plan(RATE.stream(currency), len(stored), drafts) if drafts else None


async def reserved(store: EventStore, codec: Codec, kind: NumberKind, count: int, source: str, now: int) -> int:
    """Reserve a block of short numbers and return the first one. Raises VersionConflict if others are too quick."""
    for attempt in range(20):
        stored = await store.read(NUMBERS.stream(kind))
        last = NUMBERS.fold(codec.model(event) for event in stored)  # type: ignore[misc]
        at = max(now, stored[-1].occurred_at) if stored else now
        events, _ = NUMBERS.run(ReserveNumbers(kind=kind, count=count), last, at=at)
        event = events[0]
        event_id = imported_event_id(source, "numbers", kind, event.type, None, "", event.first)
        draft = Draft(event, event_id, derived_id("import", source, "numbers", kind, str(event.first)), _NO_FACT * 2)
        try:
            await store.append(
                NUMBERS.stream(kind), [draft.sealed(actor(source), await codec.encode(event))], len(stored)
            )
        except VersionConflict:
            if attempt == 19:
                raise
            continue
        return event.first
    raise AssertionError("unreachable")
