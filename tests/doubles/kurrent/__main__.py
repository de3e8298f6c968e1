"""The double as a process that tests may kill.

    python -m tests.doubles.kurrent --data DIR [--port N] [--delay SECONDS] [--cut-after N] [--max-append BYTES]

Says `listening on URI` when it serves; ends on SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from tests.doubles.kurrent.server import MAX_APPEND, Double


async def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.doubles.kurrent", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of its file")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each call is begun")
    parser.add_argument("--cut-after", type=int, default=0, help="appends that are stored and not answered")
    parser.add_argument("--max-append", type=int, default=MAX_APPEND, help="bytes of one append at most")
    options = parser.parse_args()
    double = Double(options.data, options.port, max_append=options.max_append)
    double.faults.delay = options.delay
    double.faults.cut_after = options.cut_after
    await double.start()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    print(f"listening on {double.uri}", flush=True)
    await ended.wait()
    await double.stop()


if __name__ == "__main__":
    asyncio.run(main())
