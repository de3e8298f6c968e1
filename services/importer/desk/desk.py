"""Takes spreadsheets in for the pages: keeps the file, looks at it, carries the import out as a task of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from msgspec.structs import replace

from contracts.clients.import_events import TableKind
from contracts.problem import IllegalMove, Invalid, NotFound, Refusal, Unavailable
from services.gateway.pages.imports.port import Choices, Job, Left, Sight
from services.importer.desk import sight as sights
from services.importer.desk.known import imports
from services.importer.desk.reading import Tables, order_of
from services.importer.desk.shelf import Shelf
from services.importer.sheets import matching, refused, taking
from services.importer.sheets.book import surroundings
from services.kit import clock
from services.kit.engine import Engine

log = structlog.get_logger(__name__)
IMPORTS = "imports"
"""The folder of files on their way in, within the data folder."""
_TOLD = 200
"""What could not be undone is kept one by one up to here; the rest is counted."""
_PATIENCE = 120.0
_LOOK = 0.02
"""Seconds between two looks whether the read models show what was stored, and for how long."""
_NAME = 200
"""Signs of a file's name."""
_SWEEP = 3600.0
"""Seconds between two looks for what is too old."""
_FAILED = "something went wrong here; the log of the server has the details"


class Desk:
    """See services.gateway.pages.imports.port.Imports. One per process; the process holds the data folder."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._shelf = Shelf(folder)
        self._tables = Tables(self._shelf)
        self._going = ""
        self._progress = (0, 0)
        engine.workers.spawn(self._sweeping(), IMPORTS)

    # ------------------------------------------------------------ files

    async def receive(self, actor: str, name: str, file: BinaryIO, kind: TableKind) -> Job:
        """See Imports."""
        now = clock.now()
        job = Job(
            job_id=clock.new_id(), at=now, changed_at=now, actor=actor, file=_plain(name), choices=Choices(kind=kind)
        )
        try:
            await asyncio.to_thread(self._shelf.keep, job.job_id, file)
            table = await self._tables.read(job)
            job = replace(job, sheets=table.sheets)
        except BaseException:
            self._shelf.drop(job.job_id)
            raise
        self._shelf.put(job)
        return job

    async def find(self, job_id: str) -> Job:
        """See Imports."""
        job = self._shelf.get(job_id)
        if job is not None and (job.state == "ready" or job.job_id == self._going):
            return job
        known = await self._known()
        if job is None:
            job = known.get(job_id)
        if job is None:
            raise NotFound("there is no such import; a file that is not imported is kept for a day")
        return _told(job, known)

    async def past(self) -> Sequence[Job]:
        """See Imports."""
        known = await self._known()
        kept = [_told(job, known) for job in self._shelf.all()]
        here = {job.import_id for job in kept}
        found = [*kept, *(job for id, job in known.items() if id not in here)]
        return sorted(found, key=lambda each: each.at, reverse=True)

    def choose(self, job: Job, choices: Choices) -> Job:
        """See Imports."""
        self._check_ready(job)
        return self._put(job, choices=choices)

    def drop(self, job: Job) -> None:
        """See Imports."""
        self._check_ready(job)
        self._tables.forget(job)
        self._shelf.drop(job.job_id)

    def refused(self, job: Job) -> Path | None:
        """See Imports."""
        path = self._shelf.refused(job.job_id) if job.listed else None
        return path if path is not None and path.is_file() else None

    async def sight(self, job: Job) -> Sight:
        """See Imports."""
        self._check_started()
        table = await self._tables.read(job)
        order = order_of(job, table, self._shelf)
        try:
            plan, _ = await taking.plan_of(self._engine, table, order, clock.now())
        except Invalid as error:
            gateway: Any = self._engine.known["gateway"]
            region = surroundings(gateway, clock.now(), order.country).region
            return sights.unmatched(table, job.choices, region, error.detail)
        return sights.sight(plan, job.choices)

    # ------------------------------------------------------------ what goes on

    def going(self) -> str:
        """See Imports."""
        return self._going

    def progress(self) -> tuple[int, int]:
        """See Imports."""
        return self._progress

    async def take(self, job: Job, actor: str) -> None:
        """See Imports."""
        self._check_free()
        if job.state not in ("ready", "taking") or not job.kept:
            raise IllegalMove("this file was imported already, or is not kept any more; choose it again")
        table = await self._tables.read(job)
        order = order_of(job, table, self._shelf)
        matching.matched(order.kind, table.columns, order.by_hand)
        self._check_free()  # somebody else may have begun meanwhile
        self._begin(self._put(job, state="taking", error=""), partial(self._take, actor=actor))

    async def undo(self, job: Job, actor: str) -> None:
        """See Imports."""
        self._check_free()
        if not job.import_id or job.state in ("ready", "undone"):
            raise IllegalMove("there is nothing to undo: this import was undone, or never began")
        self._shelf.spend(job.job_id)
        self._begin(self._put(job, state="undoing", error="", kept=False), partial(self._undo, actor=actor))

    def _begin(self, job: Job, work: Callable[[Job], Awaitable[None]]) -> None:
        self._going, self._progress = job.job_id, (0, 0)
        self._engine.workers.spawn(self._run(job, work), f"import-{job.job_id}")

    async def _run(self, job: Job, work: Callable[[Job], Awaitable[None]]) -> None:
        """Do the work, and keep why it ended if it did not come to its end. Stopped with the process, it can go on."""
        try:
            await work(job)
        except Invalid as refusal:  # of the file or its columns: nothing was stored yet
            self._put(job, state="ready", error=refusal.detail)
        except Refusal as refusal:
            self._put(self._shelf.get(job.job_id) or job, error=refusal.detail)
        except Exception:
            log.exception("an import failed", job=job.job_id)
            self._put(self._shelf.get(job.job_id) or job, error=_FAILED)
        finally:
            self._going = ""

    async def _take(self, job: Job, *, actor: str) -> None:
        engine = self._engine
        await self._shown("clients")
        table = await self._tables.read(job)
        plan, record = await taking.plan_of(engine, table, order_of(job, table, self._shelf), clock.now())
        job = self._put(job, import_id=record.import_id)
        try:
            report = await taking.take(engine, plan, record, actor=actor, now=clock.now(), progress=self._tell)
        finally:
            await engine.learn()
        listed = 0
        if report.problems:
            listed = await asyncio.to_thread(refused.write, plan, self._shelf.refused(job.job_id))
        await self._shown("clients")
        counts = sights.counts_of(report.counts)
        self._put(job, state="taken", counts=counts, before=report.before, listed=listed, kept=False)
        self._shelf.spend(job.job_id)
        self._tables.forget(job)

    async def _undo(self, job: Job, *, actor: str) -> None:
        engine = self._engine
        await self._shown("clients", "pipeline")
        try:
            done = await taking.undo(engine, job.import_id, actor=actor, now=clock.now(), progress=self._tell)
        finally:
            await engine.learn()
        await self._shown("clients")
        left: list[Any] = done.left
        told = tuple(Left(thing=each.thing, id=each.id, row=each.row, reason=each.reason) for each in left[:_TOLD])
        self._put(job, state="undone", undone=done.undone, left=told, left_count=len(left))

    def _tell(self, _: str, done: int, of: int) -> None:
        self._progress = (done, of)

    async def _shown(self, *groups: str) -> None:
        """Wait until these read models show all that is stored now. Raises Unavailable."""
        head = await self._engine.ports.store.head()
        try:
            async with asyncio.timeout(_PATIENCE):
                while not all(self._engine.caught_up(name, head) for name in groups):
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            raise Unavailable("the lists are still being counted; try again in a moment") from None

    # ------------------------------------------------------------ within

    async def _sweeping(self) -> None:
        """Delete what is too old, for as long as the process runs."""
        while True:
            try:
                await asyncio.to_thread(self._shelf.sweep, clock.now(), self._going)
            except OSError as error:
                log.warning("old files of imports cannot be deleted", why=str(error))
            await asyncio.sleep(_SWEEP)

    async def _known(self) -> dict[str, Job]:
        self._check_started()
        return await imports(self._engine.ports.store, self._engine.codec)

    def _put(self, job: Job, **fields: Any) -> Job:
        job = replace(job, changed_at=clock.now(), **fields)
        self._shelf.put(job)
        return job

    def _check_started(self) -> None:
        if not self._engine.started:
            raise Unavailable("the workspace is being loaded; try again in a moment")

    def _check_free(self) -> None:
        self._check_started()
        if self._going:
            raise IllegalMove("another import is going on; wait until it is done")

    @staticmethod
    def _check_ready(job: Job) -> None:
        if job.state != "ready":
            raise IllegalMove("this file is imported already; choose it again to import it in another way")


def _told(job: Job, known: Mapping[str, Job]) -> Job:
    """Return what is kept of an import with what the log says of it: it may have been undone from elsewhere."""
    logged = known.get(job.import_id)
    if logged is None or logged.state != "undone" or job.state == "undone":
        return job
    return replace(job, state="undone", error="", undone=logged.undone, left_count=logged.left_count)


def _plain(name: str) -> str:
    """Return a file's name as it is shown: without the folders that some browsers send, or what cannot be printed."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[-_NAME:] or "file"
