"""The double's one writer: takes all appends that wait, stores them by one commit, then answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.doubles.kurrent.log import Log, Outcome, Proposed

Ask = tuple[str, int, Sequence[Proposed]]


class Writer:
    """Belongs to an event loop; the file is written in a thread of its own."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._thread = ThreadPoolExecutor(1, "kurrent-double")
        self._waiting: list[tuple[Ask, asyncio.Future[Outcome]]] = []
        self.commits = 0
        """Counts what changed the log; waited for by subscriptions."""
        self._asked = asyncio.Event()
        self._grown = asyncio.Event()
        self._task = asyncio.create_task(self._work())

    async def store(self, ask: Ask) -> Outcome:
        """Return the outcome once it is on disk. An append that was asked for is stored also if the caller is gone."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, done))
        self._asked.set()
        return await done

    async def tombstone(self, stream: str, expected: int) -> Outcome:
        outcome = await self._apart(self._log.tombstone, stream, expected)
        self._wake()
        return outcome

    async def grown(self, commits: int) -> None:
        """Wait until there were more commits than this."""
        while self.commits == commits:
            await self._grown.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})
        self._thread.shutdown()

    async def _work(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            waiting, self._waiting = self._waiting, []
            if not waiting:
                continue
            try:
                outcomes = await self._apart(self._log.store, [ask for ask, _ in waiting])
            except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told
                for _, done in waiting:
                    if not done.done():
                        done.set_exception(error)
                continue
            self._wake()
            for (_, done), outcome in zip(waiting, outcomes, strict=True):
                if not done.done():
                    done.set_result(outcome)

    def _wake(self) -> None:
        self.commits += 1
        self._grown.set()
        self._grown.clear()

    async def _apart(self, work, *args):  # type: ignore[no-untyped-def]
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
