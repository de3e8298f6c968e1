"""The context of a batch: pending writes over stored rows (DESIGN 4)."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.fast import DECODERS
from services.analytics.projections.group import ANALYTICS
from services.kit.context import BatchContext, Cache, Miss, matches, ordered
from services.kit.documents import Add, Collection, Counter, Delete, Filter, Purge, Put, Stored
from services.kit.projection import Projection
from tests.support.memory import MemoryContext
from tests.unit.analytics.chance import Chance
from tests.unit.analytics.support import Story


class Thing(msgspec.Struct, frozen=True):
    id: str
    name: str | None = None
    size: int | None = None


THINGS = Collection("things", Thing, {"name": "text", "size": "int"})
TALLY = Counter("tally", {"of": "text"}, ("a", "b"))
SHELF = Projection("shelf", 1, (THINGS,), (TALLY,))


class Store:
    """A lane in memory behind the runner's side of a context: loads what is missed, stores what is written."""

    def __init__(self, projection: Projection) -> None:
        self.cache = Cache()
        self.projection = projection
        self.rows: dict[str, dict[str, Any]] = {c.name: {} for c in projection.collections}
        self.counted = MemoryContext(projection)
        self.loads = 0

    def context(self) -> BatchContext:
        return BatchContext(self.projection, 0, 1, self.cache)

    def satisfy(self, context: BatchContext, miss: Miss) -> None:
        self.loads += 1
        if miss.key is not None:
            name, id = miss.key
            found = [Stored(id, 0, self.rows[name][id])] if id in self.rows[name] else []
            context.loaded(name, [id], found)
        elif miss.query is not None:
            name, where, sort = miss.query
            rows = ordered([(i, d) for i, d in self.rows[name].items() if all(matches(f, d) for f in where)], sort)
            page = [Stored(id, 0, document) for id, document in rows[: miss.limit]]
            context.fetched(miss.query, page, len(rows) <= miss.limit)
        elif miss.across is not None:
            name, id = miss.across
            context.seen_across(name, id, [Stored(id, 0, self.rows[name][id])] if id in self.rows[name] else [])

    def do(self, context: BatchContext, ask: Any) -> Any:
        while True:
            try:
                answer = ask(context)
            except Miss as miss:
                context.discard()
                self.satisfy(context, miss)
            else:
                context.keep()
                return answer

    def commit(self, context: BatchContext) -> None:
        for write in context.writes():
            match write:
                case Put(name, id, document, changed):
                    old = self.rows[name].get(id)
                    if changed is not None:
                        columns = next(c.columns for c in self.projection.collections if c.name == name)
                        assert changed == {c for c in columns if getattr(old, c) != getattr(document, c)}
                    self.rows[name][id] = document
                case Delete(name, id):
                    self.rows[name].pop(id, None)
                case Add(counter, key, deltas):
                    assert any(deltas)
                    self.counted.add(counter, key, deltas)
                case Purge(name, column, value, most):
                    self.counted.documents = self.rows
                    self.counted.purge(name, column, value, most)
        context.committed()


# ------------------------------------------------------------ find

names, sizes = st.sampled_from(["a", "b", "ba", None]), st.one_of(st.none(), st.integers(0, 4))
writes = st.lists(
    st.tuples(st.sampled_from("ijklmn"), st.one_of(st.none(), st.tuples(names, sizes)), st.booleans()), max_size=12
)
conditions = st.lists(
    st.one_of(
        st.builds(Filter, st.just("name"), st.sampled_from(["=", "<", "<=", ">", ">="]), st.sampled_from(["a", "b"])),
        st.builds(Filter, st.just("size"), st.sampled_from(["=", "<", "<=", ">", ">="]), st.integers(0, 4)),
        st.just(Filter("name", "prefix", "b")),
        st.just(Filter("size", "in", (1, 3))),
        st.builds(Filter, st.sampled_from(["name", "size"]), st.sampled_from(["null", "not_null"])),
        st.builds(Filter, st.just("id"), st.just(">"), st.sampled_from("ijkl")),
    ),
    max_size=2,
)
sorts = st.lists(st.tuples(st.sampled_from(["name", "size"]), st.booleans()), max_size=2, unique_by=lambda s: s[0])


@given(writes, writes, conditions, sorts, st.integers(1, 7))
@settings(max_examples=300, derandomize=True)
def test_find_is_what_a_plain_list_gives(stored, pending, where, sort, limit):
    """Stored rows with changes over them: those kept before in this batch, and those of the event being folded."""
    store = Store(SHELF)
    plain: dict[str, Thing] = {}
    for id, of, _ in stored:
        if of is not None:
            store.rows["things"][id] = plain[id] = Thing(id, *of)
    context = store.context()

    def ask(of: BatchContext) -> list[Thing]:
        for id, change, _ in staged:
            of.put("things", id, Thing(id, *change)) if change is not None else of.delete("things", id)
        return of.find("things", where, sort, limit)

    staged: list[Any] = []
    kept = [step for step in pending if step[2]]
    for id, change, _ in kept:
        store.do(context, lambda of, i=id, c=change: of.put("things", i, Thing(i, *c)) if c else of.delete("things", i))
    staged = [step for step in pending if not step[2]]
    for id, change, _ in [*kept, *staged]:
        plain.pop(id, None)
        if change is not None:
            plain[id] = Thing(id, *change)
    wanted = [d for _, d in ordered([(i, d) for i, d in plain.items() if all(matches(f, d) for f in where)], sort)]
    assert store.do(context, ask) == wanted[:limit]
    assert store.do(context, lambda of: of.find("things", where, sort, 100)) == wanted
    store.commit(context)
    assert store.rows["things"] == plain


def test_documents_without_a_value_come_last_either_way_then_by_id():
    rows = [("b", Thing("b", None, 1)), ("a", Thing("a", None, 2)), ("c", Thing("c", "x", 3)), ("d", Thing("d", "x"))]
    assert [id for id, _ in ordered(rows, [("name", False)])] == ["c", "d", "a", "b"]
    assert [id for id, _ in ordered(rows, [("size", True)])] == ["c", "a", "b", "d"]


# ------------------------------------------------------------ get, put, keep, discard


def test_what_is_not_loaded_is_missed_and_what_is_missing_is_none():
    context = Store(SHELF).context()
    with pytest.raises(Miss) as miss:
        context.get("things", "i")
    assert miss.value.key == ("things", "i")
    context.loaded("things", ["i"], [])
    assert context.get("things", "i") is None
    assert context.unknown(iter([("things", "i"), ("things", "j"), ("things", "j")])) == {"things": ["j"]}


def test_an_event_that_failed_leaves_nothing():
    store = Store(SHELF)
    context = store.context()
    context.put("things", "i", Thing("i"))
    context.add("tally", ("x",), (1, 0))
    context.discard()
    assert context.writes() == []
    context.put("things", "i", Thing("i"))
    assert context.get("things", "i") == Thing("i")
    context.keep()
    context.delete("things", "i")
    assert context.get("things", "i") is None
    context.discard()
    assert context.get("things", "i") == Thing("i")


def test_a_document_that_did_not_change_is_not_written():
    store = Store(SHELF)
    store.rows["things"]["i"] = Thing("i", "a", 1)
    context = store.context()
    store.do(context, lambda of: of.get("things", "i"))
    store.do(context, lambda of: of.put("things", "i", Thing("i", "a", 1)))
    assert context.writes() == []
    store.do(context, lambda of: of.put("things", "i", Thing("i", "a", 2)))
    assert context.writes() == [Put("things", "i", Thing("i", "a", 2), frozenset({"size"}))]


def test_what_came_and_went_in_one_batch_is_not_written():
    store = Store(SHELF)
    context = store.context()
    context.loaded("things", ["i"], [])
    store.do(context, lambda of: of.put("things", "i", Thing("i")))
    store.do(context, lambda of: of.delete("things", "i"))
    assert context.writes() == []


def test_counters_are_added_up_and_zeros_left_out():
    store = Store(SHELF)
    context = store.context()
    for deltas in ((1, 2), (2, -2)):
        store.do(context, lambda of, d=deltas: of.add("tally", ("x",), d))
    store.do(context, lambda of: of.add("tally", ("y",), (0, 0)))
    assert context.writes() == [Add("tally", ("x",), (3, 0))]


def test_a_purge_forgets_what_the_cache_knows():
    store = Store(SHELF)
    store.rows["things"] = {"i": Thing("i", "a"), "j": Thing("j", "b")}
    context = store.context()
    store.do(context, lambda of: [of.get("things", id) for id in "ij"])
    store.do(context, lambda of: of.purge("things", "name", "a", 5))
    store.commit(context)
    assert store.do(store.context(), lambda of: [of.get("things", id) for id in "ij"]) == [None, Thing("j", "b")]


def test_other_lanes_are_read_as_committed():
    store = Store(SHELF)
    store.rows["things"]["i"] = Thing("i", "a")
    context = store.context()
    context.put("things", "i", Thing("i", "b"))
    context.keep()
    assert store.do(context, lambda of: of.across("things", "i")) == [Thing("i", "a")]


def test_the_cache_forgets_the_oldest():
    cache = Cache(most=9)
    cache.documents = {("things", str(n)): None for n in range(10)}
    cache.trim()
    assert list(cache.documents) == [("things", str(n)) for n in range(3, 10)]
    cache.trim()
    assert len(cache.documents) == 7


# ------------------------------------------------------------ batches of any size


@given(st.integers(0, 2**32), st.lists(st.sampled_from([1, 2, 7, 1_000]), min_size=1, max_size=4), st.booleans())
@settings(max_examples=25, derandomize=True)
def test_batches_of_any_size_give_what_single_events_give(seed, batch_sizes, forgetful):
    """The numbers, folded through batch contexts over a store, with background work between."""
    rng = Random(seed)
    story = Chance(rng, Story()).steps(50)
    events = story.recorded()
    store = Store(ANALYTICS)
    left = list(events)
    while left:
        size = rng.choice(batch_sizes)
        batch, left = left[:size], left[size:]
        context = store.context()
        for event in batch:
            data = DECODERS[event.type].decode(event.data)
            fold = ANALYTICS.folds.get(event.type)
            if fold is not None:
                store.do(context, lambda of, f=fold, d=data, e=event: f(of, d, e))
        store.commit(context)
        if forgetful:
            store.cache = Cache()
        if rng.random() < 0.3:
            work_once(store)
    while work_once(store):
        pass
    wanted = story.fold()
    assert store.rows == wanted.documents
    assert store.counted.counters == wanted.counters


def work_once(store: Store) -> bool:
    context = store.context()
    more: bool = store.do(context, ANALYTICS.work)
    store.commit(context)
    return more
