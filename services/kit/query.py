"""The shape of a read: its parameters, the snapshot it is answered from, its answer (DESIGN 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contracts.base import Instant, Line
from contracts.envelope import RecordedEvent
from contracts.problem import NotFound
from services.kit.context import matches
from services.kit.decider import Decider
from services.kit.documents import Filter, Stored
from services.kit.handle import Loaded
from services.kit.ports import Reader
from services.kit.rights import Caller, Reach, reach_of
from services.kit.service import Known
from services.kit.sessions import Sessions

T = TypeVar("T")
Sorts = Mapping[str, Sequence[tuple[str, bool]]]
"""What `sort` may say → (declared column, descending)."""
SEARCHED = 1_000
"""Documents a search looks at; more of them are not sorted, and the answer says so."""
NEAREST = 200
"""The same of those that have its words nearly; the nearest."""
_COUNTED = 10_000


def _whole(value: object) -> object:
    """In an address a number is text."""
    digits = isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 18
    return int(str(value)) if digits else value


Opaque = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,4000}$")]
"""A token or cursor, as an answer gave it."""


class Params(BaseModel):
    """What every read takes. Unknown parameters are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    after: Opaque | None = Field(
        None,
        description="A command's consistency token: wait up to 2 s until its effect is seen, else `stale` is true.",
    )
    as_of: Annotated[Instant, BeforeValidator(_whole)] | None = Field(
        None, description="A past moment; not served yet (501)."
    )


class PageParams(Params):
    """What every list takes."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Opaque | None = Field(None, description="`next` of the page before.")


class ListParams(PageParams):
    """What a list with search takes."""

    q: Line | None = Field(
        None,
        description=f"Search: all words must occur. One page of at most `limit` out of {SEARCHED} found, no cursor.",
    )
    count: bool = Field(False, description="Also count how many there are (`total`).")


Match = Literal["exact", "near"]
MATCH: Any = Field(
    None,
    description="Of what `q` finds: `exact`: what has all words; `near`: what has them nearly, where a name is written"
    " a letter or two otherwise. Left out: exact ones, or near ones if there are none (`near` in the answer is true).",
)


class NamesParams(ListParams):
    """What a list takes whose search tolerates slips in names."""

    match: Match | None = MATCH


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What every read says. `as_of`: the moment (UTC ms) up to which what it read is folded: now if nothing waits to be
    folded, else when the last folded event was recorded. `stale`: it may lack what `after` asked for, or its read model
    is being built anew."""

    as_of: int
    stale: bool


class One(Answer, Generic[T], frozen=True, kw_only=True):
    """One thing."""

    item: T


class Page(Answer, Generic[T], frozen=True, kw_only=True):
    """A part of a list. `next`: the cursor of the page after it, null at the end. `total`: how many there are if
    `count` was asked for; `total_exact` false: there are more than that. `near`: nothing that is listed has all words
    of the search, but names are a letter or two otherwise; of more than `limit` it has the nearest."""

    items: list[T]
    next: str | None = None
    total: int | None = None
    total_exact: bool = True
    near: bool = False


class Whose(Enum):
    """Which column of a collection tells whose a record is (P17)."""

    OWNER = "owner_id"
    OWNER_OR_NOBODY = "owner_key"
    """The owner's id, empty for what waits for somebody to take it: that is within everybody's reach."""
    ALL = ""
    """It is nobody's: a funnel, a product."""


@dataclass(frozen=True)
class Hits:
    """What a search finds. `near`: names are a letter or two otherwise; `exact` false: there are more."""

    near: bool
    rows: list[Stored]
    exact: bool


Past = Callable[[str], Awaitable[list[tuple[RecordedEvent, Any]]]]
"""stream → its events, each with its data; personal fields of an erased subject are blank."""
Load = Callable[[Decider[Any, Any, Any], str], Awaitable[Loaded]]
"""(decider, key) → the subject's stream folded by the decider, as commands find it."""


@dataclass(frozen=True)
class Reading:
    """One snapshot that queries are answered from."""

    reader: Reader
    groups: Mapping[str, str]
    """Projection name → the versioned group that is read."""
    known: Mapping[str, Known]
    """What edges know, by service name: funnels, employees, settings."""
    as_of: int
    stale: bool
    caller: Caller
    """Who asks: what is answered is what they may see (P17)."""
    past: Past
    """Reads a stream of the log: what a document does not keep."""
    load: Load
    sessions: Sessions

    @property
    def reach(self) -> Reach | None:
        """Whose records the caller reaches; None: everybody's."""
        return reach_of(self.caller, self.known)

    def within(self, whose: Whose) -> list[Filter]:
        """Return the filters that leave the records within the caller's reach."""
        if whose is Whose.ALL or (reach := self.reach) is None:
            return []
        more = ("",) if whose is Whose.OWNER_OR_NOBODY else ()
        owners = (*reach.owners, *more)
        return [Filter(whose.value, "=", owners[0]) if len(owners) == 1 else Filter(whose.value, "in", owners)]

    def one(self, item: T) -> One[T]:
        """Answer with one thing."""
        return One(as_of=self.as_of, stale=self.stale, item=item)

    def page(self, items: list[T], next: str | None = None, total: int | None = None) -> Page[T]:
        """Answer with a part of a list."""
        exact = total is None or total <= _COUNTED
        return Page(
            as_of=self.as_of,
            stale=self.stale,
            items=items,
            next=next,
            total=total if exact or total is None else _COUNTED,
            total_exact=exact,
        )

    async def get(self, group: str, collection: str, id: str, what: str = "record", *, whose: Whose) -> Any:
        """Return a document. Raises NotFound naming what it is, also if it is out of the caller's reach."""
        found = await self.reader.get(self.groups[group], collection, id)
        if not found or not all(matches(each, newest(found)) for each in self.within(whose)):
            raise NotFound(f"there is no {what} {id}")
        return newest(found)

    async def find(
        self,
        group: str,
        collection: str,
        params: PageParams,
        where: Sequence[Filter] = (),
        sort: Sequence[tuple[str, bool]] = (),
        *,
        whose: Whose,
    ) -> Page[Any]:
        """Answer with a page of documents that match, within the caller's reach; a search (`q`) is filtered and sorted
        here, and has no next."""
        name, where = self.groups[group], [*where, *self.within(whose)]
        if isinstance(params, ListParams) and params.q:
            return await self._searched(group, collection, params, where, sort)
        counts = isinstance(params, ListParams) and params.count
        rows = await self.reader.find(name, collection, where, sort, cursor=params.cursor, limit=params.limit)
        total = await self.reader.count(name, collection, where, _COUNTED) if counts else None
        return self.page([row.document for row in rows.rows], rows.next, total)

    async def _searched(
        self,
        group: str,
        collection: str,
        params: ListParams,
        where: Sequence[Filter],
        sort: Sequence[tuple[str, bool]],
    ) -> Page[Any]:
        match = params.match if isinstance(params, NamesParams) else "exact"
        page: Page[Any] = self.page([])
        async for hits in self.search(group, collection, params.q or "", match, where):
            fitting = [each for each in hits.rows if all(matches(f, each.document) for f in where)]
            listed = nearest(fitting, sort, params.limit)
            page = self.page(listed, None, len(fitting) if params.count else None)
            page = msgspec.structs.replace(page, near=hits.near and bool(listed), total_exact=hits.exact)
            if listed:
                break
        return page

    async def search(
        self, group: str, collection: str, text: str, match: Match | None, where: Sequence[Filter]
    ) -> AsyncIterator[Hits]:
        """Yield what has all words, then what nearly has them, as far as `match` asks for them and one goes on. `where`
        leaves room among the near ones to those that match; all are to be tested still."""
        name = self.groups[group]
        if match != "near":
            found = await self.reader.search(name, collection, text, SEARCHED + 1)
            yield Hits(False, found[:SEARCHED], len(found) <= SEARCHED)
        if match != "exact":
            found = await self.reader.near(name, collection, text, where, NEAREST + 1)
            yield Hits(True, found[:NEAREST], len(found) <= NEAREST)


def newest(found: Sequence[Stored]) -> Any:
    """Return the document of a subject; of a subject on its move from lane to lane, the newer one."""
    return max((each.document for each in found), key=lambda document: getattr(document, "version", 0))


def equal(params: BaseModel, *columns: str) -> list[Filter]:
    """Return a filter for each of these parameters that is given, all named like their columns."""
    given = ((column, getattr(params, column)) for column in columns)
    return [Filter(column, "=", value) for column, value in given if value is not None]


def unless(shown: bool, column: str) -> list[Filter]:
    """Return a filter that leaves out documents with a value in the column, unless they shall be shown."""
    return [] if shown else [Filter(column, "null")]


def nearest(found: Sequence[Stored], sort: Sequence[tuple[str, bool]], most: int) -> list[Any]:
    """Return, sorted, the documents with the fewest slips, of equal ones the first; at most so many."""
    kept: list[Any] = []
    for slips in sorted({each.slips for each in found}):
        kept += ordered([each.document for each in found if each.slips == slips], sort)[: most - len(kept)]
    return ordered(kept, sort)


def ordered(documents: list[T], sort: Sequence[tuple[str, bool]]) -> list[T]:
    """Return the documents sorted, missing values last either way."""
    for column, descending in reversed(sort):
        there = [each for each in documents if getattr(each, column) is not None]
        missing = [each for each in documents if getattr(each, column) is None]
        documents = sorted(there, key=lambda each: getattr(each, column), reverse=descending) + missing
    return documents
