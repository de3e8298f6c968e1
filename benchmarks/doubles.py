"""The doubles of servers as processes of their own, so that they do not share the measured one's interpreter."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def double(name: str, folder: Path) -> AsyncIterator[str]:
    """Run a double (`kurrent`, `mongo`) with its data in the folder; yield its address."""
    command = [sys.executable, "-m", f"tests.doubles.{name}", "--data", str(folder)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().removeprefix("listening on ").strip()
    finally:
        process.kill()
        await process.wait()
