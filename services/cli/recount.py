"""What `verify` compares beside the exported files: every counter and document of the numbers, key by key (X5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from services.analytics.oracle.difference import Difference
from services.analytics.oracle.run import Oracle
from services.analytics.projections.distribution import BITS
from services.analytics.projections.model import (
    BUCKETS,
    COUNTERS,
    FACTS,
    LANE,
    PARTS,
    PEOPLE,
    PRODUCTS,
    ROWS,
    VALUES,
)
from services.analytics.queries.numbers import Numbers
from services.cli.metrics import all_documents

Rows = dict[tuple[Any, ...], dict[str, Any]]
_MICRO = 10**6
_ROUNDED = 1_000
"""Lines are rounded to millionths one by one, the recomputed sum once: so far they may be apart, in millionths."""


async def recounted(numbers: Numbers, oracle: Oracle) -> list[Difference]:
    """Return every difference between the counters and documents of the numbers and what the log says of them."""
    found: list[Difference] = []
    wanted = oracle.counters()
    wanted[BUCKETS.name] = _buckets(wanted[VALUES.name])
    for counter in COUNTERS:
        keys = tuple(key for key in counter.keys if key != "rules")
        values = ("sales_count", "quantity", "micro") if counter is PRODUCTS else counter.values
        got = [_plain(row) for row in await numbers.sums(counter.name, by=keys) if _present(row, numbers)]
        found += _counter(counter.name, _keyed(got, keys, values), _keyed(wanted[counter.name], keys, values))
    inside = oracle.inside()
    rules = inside.pop("rules")
    stages = inside.pop("stages")
    for name, wants in inside.items():
        found += [d async for d in _documents(numbers, name, wants)]
    found += [d async for d in _lanes(numbers, stages, rules["rules"])]
    return found + [d async for d in _rows(numbers, inside[PEOPLE.name])]


# ---------------------------------------------------------------- counters


def _present(row: dict[str, Any], numbers: Numbers) -> bool:
    """Leave out cycles counted under rulesets that are no longer, or not yet, the present one."""
    dist = str(row.get("dist", ""))
    return not dist.startswith("cycle:") or dist == f"cycle:{numbers.rules.id}"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    if str(row.get("dist", "")).startswith("cycle:"):
        return row | {"dist": "cycle"}
    if "revenue_micro" in row:
        return row | {"micro": row["revenue"] * _MICRO + row["revenue_micro"]}
    return row


def _keyed(rows: list[dict[str, Any]], keys: tuple[str, ...], values: tuple[str, ...]) -> Rows:
    found: Rows = {}
    for row in rows:
        shown = {name: int(row[name]) for name in values}
        if any(shown.values()):
            found[tuple(row[key] for key in keys)] = shown
    return found


def _counter(name: str, got: Rows, want: Rows) -> Iterator[Difference]:
    for key in {**got, **want}:
        mine, right = got.get(key, {}), want.get(key, {})
        for column in {**mine, **right}:
            a, b = mine.get(column, 0), right.get(column, 0)
            if abs(a - b) > (_ROUNDED if column == "micro" else 0):
                yield Difference(name, tuple(map(str, key)), column, str(a), str(b))


def _buckets(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Group distributions by magnitude: 2^BITS steps for each power of two, small values each by itself."""
    steps = 2 ** (BITS + 1)
    sums: dict[tuple[Any, ...], int] = {}
    for row in values:
        size = abs(row["value"])
        power = max(len(f"{size:b}") - BITS - 1, 0)
        bucket = power * steps + size // 2**power
        key = (row["dist"], bucket if row["value"] >= 0 else -bucket - 1, row["part"], row["owner_id"])
        sums[key] = sums.get(key, 0) + row["count"]
    return [
        dict(zip(("dist", "bucket", "part", "owner_id"), key, strict=True)) | {"count": n} for key, n in sums.items()
    ]


# ---------------------------------------------------------------- documents


def _stays(fact: Any) -> list[list[str]]:
    return [
        [
            stay.stage_id,
            str(stay.entered_at),
            "" if stay.left_at is None else str(stay.left_at),
            str(stay.imputed).lower(),
        ]
        for stay in fact.stays
    ]


_SHOWN: dict[str, dict[str, Callable[[Any], Any]]] = {
    FACTS.name: {
        "contact_ids": lambda fact: list(fact.contact_ids),
        "cost": lambda fact: fact.cost or 0,
        "stays": _stays,
        "products": lambda fact: [p for p, _ in sorted((line.product_id, line.quantity) for line in fact.lines)],
        "quantities": lambda fact: [q for _, q in sorted((line.product_id, line.quantity) for line in fact.lines)],
    },
    PEOPLE.name: {"tags": lambda person: list(person.tags)},
}
"""Fields that a document holds in another form than the recomputation."""
_IDS: dict[str, Callable[[Any], str]] = {
    PARTS.name: lambda part: f"{part.row_id}:{part.fact_id}",
}


async def _documents(numbers: Numbers, name: str, wants: dict[str, dict[str, Any]]) -> AsyncIterator[Difference]:
    """Yield what differs in one collection; documents are found by their stored ids, as folds find them."""
    want = dict(wants)
    shown = _SHOWN.get(name, {})
    cursor = None
    while True:
        page = await numbers.reader.find(numbers.group, name, cursor=cursor, limit=2_000)
        for stored in page.rows:
            document = stored.document
            if name == PARTS.name:
                if document.rules != numbers.rules.id:
                    continue
                id = stored.id.removeprefix(f"{document.rules}:")
            else:
                id = stored.id
            if name == PEOPLE.name and not document.registered:
                continue
            row = want.pop(id, None)
            if row is None:
                yield Difference(name, (id,), "", "there", None)
                continue
            for column, value in row.items():
                got = shown[column](document) if column in shown else getattr(document, column)
                if got != value:
                    yield Difference(name, (id,), column, str(got), str(value))
        cursor = page.next
        if cursor is None:
            break
    for id in want:
        yield Difference(name, (id,), "", None, "there")


async def _lanes(
    numbers: Numbers, stages: dict[str, dict[str, Any]], rules: dict[str, Any]
) -> AsyncIterator[Difference]:
    """Yield what lanes hold otherwise than the log: classes that stages were added with, and the sales rules."""
    for stored in await numbers.reader.get(numbers.group, LANE.name, "lane"):
        lane = stored.document
        place = str(stored.lane)
        for id in {**lane.stages, **stages}:
            got, want = lane.stages.get(id), stages.get(id, {}).get("kind")
            if got != want:
                yield Difference(LANE.name, (place, *id.split("\x1f")), "kind", got, want)
        ruled = {
            "sources": sorted(lane.active.sources),
            "zone": lane.active.zone,
            "classes": sorted(f"{id}\x1f{kind}" for id, kind in lane.active.classes.items()),
        }
        for name, got in ruled.items():
            want = sorted(rules[name]) if name != "zone" else rules[name]
            if got != want:
                yield Difference(LANE.name, (place,), name, str(got), str(want))


_COPIED = ("registered", "owner_id", "country", "segment", "category", "status", "temperature", "tags")


async def _rows(numbers: Numbers, people: dict[str, dict[str, Any]]) -> AsyncIterator[Difference]:
    """Yield rows whose copies of a client's attributes, or whose derived numbers, are not right."""
    async for row in all_documents(numbers.reader, numbers.group, ROWS.name):
        if row.rules != numbers.rules.id:
            continue
        for name, want in people.get(row.subject_id, {}).items():
            got = list(row.tags) if name == "tags" else getattr(row, name, None)
            if name in _COPIED and got != want:
                yield Difference(ROWS.name, (row.subject_id,), name, str(got), str(want))
        check = (2 * abs(row.sales_sum) + row.sales_count) // (2 * row.sales_count) if row.sales_count else 0
        derived = {"avg_check": check if row.sales_sum >= 0 else -check, "balance": row.paid - row.billed}
        person = people.get(row.subject_id, {"archived": True, "erased": False, "tags": []})
        derived["listed"] = int(not person["archived"] and not person["erased"])
        for name, want in derived.items():
            if getattr(row, name) != want:
                yield Difference(ROWS.name, (row.subject_id,), name, str(getattr(row, name)), str(want))
