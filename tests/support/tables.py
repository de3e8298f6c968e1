"""Spreadsheets made by tests, taken into a workspace in this process."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl

from contracts.base import Command
from contracts.gateway.commands import ChangeWorkspaceSettings
from services.importer.sheets import taking
from services.importer.sheets.plan import Plan
from services.importer.sheets.run import Report
from services.importer.sheets.undo import Undone
from services.kit import clock
from services.kit.engine import Engine
from services.kit.handle import Meta
from tests.support.workspaces import settled

_numbers = count()


class Desk:
    """A workspace of Kyiv, and a folder for files."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder

    async def say(self, *commands: Command) -> None:
        """Do what a person would."""
        for command in commands:
            await self.engine.send(command, Meta("ann", f"say-{next(_numbers)}"))
        await settled(self.engine)

    async def open(self) -> Desk:
        """Set the workspace up."""
        await self.say(ChangeWorkspaceSettings(zone="Europe/Kyiv", base_currency="UAH"))
        return self

    def file(self, content: str | bytes | list[list[Any]], name: str = "list.csv", encoding: str = "utf-8") -> Path:
        """Write a file: text of a CSV, bytes, or rows of a workbook."""
        if isinstance(content, list):
            book, out = openpyxl.Workbook(), BytesIO()
            for row in content:
                book.active.append(row)
            book.save(out)
            content, name = out.getvalue(), "list.xlsx"
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    async def plan(self, content: Any, **how: Any) -> Plan:
        """What an import would do."""
        path = content if isinstance(content, Path) else self.file(content)
        return (await taking.plan(self.engine, taking.Order(path, **how), clock.now()))[0]

    async def take(self, content: Any, **how: Any) -> Report:
        """Import, and wait until it is folded."""
        path = content if isinstance(content, Path) else self.file(content)
        plan, record = await taking.plan(self.engine, taking.Order(path, **how), clock.now())
        report = await taking.take(self.engine, plan, record, actor="ann", now=clock.now(), progress=quiet)
        await settled(self.engine)
        return report

    async def undo(self, import_id: str) -> Undone:
        """Undo an import, and wait until that is folded."""
        done = await taking.undo(self.engine, import_id, actor="ann", now=clock.now(), progress=quiet)
        await settled(self.engine)
        return done

    async def all(self, collection: str) -> list[Any]:
        """All documents of the clients service's collection, in the order of short numbers or texts."""
        group = await self.engine.serving("clients")
        async with self.engine.reading() as reader:
            page = await reader.find(group, collection, limit=1000)
        return sorted(
            (row.document for row in page.rows),
            key=lambda each: getattr(each, "number", None) or getattr(each, "text", ""),
        )

    async def clients(self) -> list[Any]:
        """The clients that are not archived."""
        return [client for client in await self.all("clients") if client.archived_at is None]


def quiet(_what: str, _done: int, _total: int) -> None:
    """Show no progress."""
