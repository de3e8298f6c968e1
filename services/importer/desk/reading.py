"""Tables of files on their way in, as read: kept in memory while somebody matches their columns."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from contracts.problem import NotFound
from services.gateway.pages.imports.port import Job
from services.importer.desk.shelf import Shelf
from services.importer.desk.sight import by_hand
from services.importer.sheets.matching import known
from services.importer.sheets.reading import read
from services.importer.sheets.table import Table
from services.importer.sheets.taking import Order

_MOST = 2
"""Tables in memory: each may be as large as a file may."""
_Way = tuple[str, str, str]


class Tables:
    """Reads one file at a time, for a file may take much memory."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._read: OrderedDict[_Way, Table] = OrderedDict()
        self._turn = asyncio.Lock()

    async def read(self, job: Job) -> Table:
        """Return the table of a file. Raises Invalid for what is none; of the field `sheet` for a sheet that is."""
        way = (job.job_id, job.choices.kind, job.choices.sheet)
        async with self._turn:
            found = self._read.get(way)
            if found is None:
                data = await self._bytes(job)
                sheet = job.choices.sheet or None
                found = await asyncio.to_thread(read, job.file, data, known(job.choices.kind), sheet)
                self._read[way] = found
                while len(self._read) > _MOST:
                    self._read.popitem(last=False)
            self._read.move_to_end(way)
            return found

    async def _bytes(self, job: Job) -> bytes:
        try:
            return await asyncio.to_thread(self._shelf.file(job.job_id).read_bytes)
        except FileNotFoundError:
            raise NotFound("the file is not kept any more; choose it again") from None

    def forget(self, job: Job) -> None:
        """Let go of the tables of a file."""
        for way in [way for way in self._read if way[0] == job.job_id]:
            del self._read[way]


def order_of(job: Job, table: Table, shelf: Shelf) -> Order:
    """Return what the choices ask for."""
    choices = job.choices
    return Order(
        shelf.file(job.job_id),
        choices.kind,
        by_hand(choices, table.columns),
        choices.duplicates,
        choices.country or None,
        choices.sheet or None,
    )
