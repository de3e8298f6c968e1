"""Runs a module as a program whose web server begins to listen late (`-m tests.support.listening_late MODULE ...`).

Whoever is told too early that it is ready is refused then, every time."""

from __future__ import annotations

import asyncio
import runpy
import sys
from typing import Any

from granian.server.embed import Server

usual = Server.serve


async def late(self: Server, *given: Any) -> None:
    """Serve after a while, in which everything else may go on."""
    await asyncio.sleep(2)
    await usual(self, *given)


del sys.argv[0]
Server.serve = late  # type: ignore[method-assign, assignment]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
