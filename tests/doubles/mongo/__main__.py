"""Runs the double as a process: `python -m tests.doubles.mongo --data DIR --port N`; prints its address."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from tests.doubles.mongo.server import MongoDouble


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.mongo")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--lifetime", type=float, default=60.0, help="seconds a transaction may be open")
    given = parser.parse_args()
    double = await MongoDouble(given.data, given.port, lifetime=given.lifetime).start()
    print(double.uri, flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
