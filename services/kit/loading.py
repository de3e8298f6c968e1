"""Loads what folds need of the stored documents: before a batch what its events name, in it what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from contracts.envelope import RecordedEvent
from services.kit.context import BatchContext, Miss
from services.kit.ports import Documents, Reader
from services.kit.projection import Projection

T = TypeVar("T")


class Loader:
    """Loads documents of one versioned group into the contexts of its batches."""

    def __init__(self, projection: Projection, group: str, documents: Documents) -> None:
        self._projection = projection
        self._group = group
        self._documents = documents

    async def prefetch(self, context: BatchContext, decoded: list[tuple[RecordedEvent, Any]]) -> None:
        """Load all documents that the events name, at once."""

        def keys() -> Iterator[tuple[str, str]]:
            for event, data in decoded:
                wanted = self._projection.keys.get(event.type)
                if wanted is not None:
                    yield from wanted(data, event)

        def more() -> Iterator[tuple[str, str]]:
            for event, data in decoded:
                if data is not None and self._projection.prefetch is not None:
                    yield from self._projection.prefetch(context, data, event)

        await self._load_all(context, context.unknown(keys()))
        if self._projection.prefetch is not None:
            await self._load_all(context, context.unknown(more()))

    async def _load_all(self, context: BatchContext, missing: dict[str, list[str]]) -> None:
        if missing:
            async with self._documents.current() as reader:
                for collection, ids in missing.items():
                    await self._load(context, reader, collection, ids)

    async def _load(self, context: BatchContext, reader: Reader, collection: str, ids: list[str]) -> None:
        context.loaded(collection, ids, await reader.get_many(self._group, collection, ids, context.lane))

    async def through(self, context: BatchContext, step: Callable[[], T]) -> T:
        """Take a step that works with the context, again from its beginning for each document it lacks; return what it
        returns. Raises what it raises, with nothing kept."""
        while True:
            try:
                taken = step()
            except Miss as miss:
                context.discard()
                await self.satisfy(context, miss)
            else:
                context.keep()
                return taken

    async def satisfy(self, context: BatchContext, miss: Miss) -> None:
        """Load what a fold asked for and did not find."""
        async with self._documents.current() as reader:
            if miss.key is not None:
                await self._load(context, reader, miss.key[0], [miss.key[1]])
            elif miss.query is not None:
                name, where, sort = miss.query
                page = await reader.find(self._group, name, where, sort, limit=miss.limit, lane=context.lane)
                context.fetched(miss.query, page.rows, page.next is None)
            elif miss.across is not None:
                context.seen_across(*miss.across, await reader.get(self._group, *miss.across))
