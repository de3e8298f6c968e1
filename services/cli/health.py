"""What `voronka doctor` looks at; every finding names its remedy."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.cli import standing
from services.cli.workspace import engine
from services.kit import clock
from services.kit.errors import NewerData, Unusable

_FREE = 500 << 20
_SLOW_MS = 50


async def findings(data: Path, where: str) -> list[str]:
    """Return what is wrong with the machine and the data folder, in plain words. `where`: the words by which a command
    finds this folder."""
    found: list[str] = []
    if sqlite3.sqlite_version_info < (3, 38):
        found.append(f"SQLite {sqlite3.sqlite_version} is too old: install a Python with 3.38 or newer")
    try:
        ZoneInfo("Europe/Kyiv")
    except ZoneInfoNotFoundError:
        found.append("the time zone database is missing: install the package tzdata")
    if clock.now() < 1_700_000_000_000:
        found.append("the clock of this machine is wrong: set it, or new events get past dates")
    free = shutil.disk_usage(data).free if os.access(data, os.F_OK) else None
    if free is None:
        return found
    if free < _FREE:
        found.append(f"only {free >> 20} MB are free where the data folder is: make room")
    return found + await _folder(data, where)


async def _folder(data: Path, where: str) -> list[str]:
    if not os.access(data, os.W_OK):
        return [f"the data folder {data} cannot be written: change its owner or rights"]
    try:
        found = _disk(data)
        async with engine(data) as running:
            await running.settle(60.0)
            found += await standing.findings(running.ports, where)
            if running.failure is not None:
                found.append(f"a worker ended: {running.failure}; run `voronka rebuild`")
    except (Unusable, NewerData) as error:
        return [str(error)]
    return found


def _disk(data: Path) -> list[str]:
    """Time one durable write: every command waits for one."""
    probe = data / "doctor.probe"
    begun = clock.now()
    try:
        with probe.open("wb") as file:
            for _ in range(5):
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        return [f"the data folder cannot be written: {error.strerror}"]
    finally:
        probe.unlink(missing_ok=True)
    took = (clock.now() - begun) / 5
    return [f"a durable write takes {took:.0f} ms: use a faster disk"] if took > _SLOW_MS else []
