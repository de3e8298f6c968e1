"""Python's collector in a process that serves."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from services.cli import attend, serve
from services.cli.collector import seldom
from services.cli.workspace import engine
from services.kit.settings import Settings


def test_what_is_there_is_not_walked_over_and_what_comes_is_collected():
    usual = gc.get_threshold()
    with seldom():
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold()[0] > usual[0]
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle
        assert gc.collect() >= 1
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == usual


class Serving:
    """A web server that notes what is frozen while it serves, and ends when told to."""

    frozen: list[int]

    def __init__(self, *_: Any, **__: Any) -> None:
        self._told = asyncio.Event()

    async def serve(self) -> None:
        self.frozen.append(gc.get_freeze_count())

    def stop(self) -> None:
        self._told.set()


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    noted: list[int] = []
    Serving.frozen = noted
    for module in (attend, serve):
        monkeypatch.setattr(module, "Server", Serving)
    return noted


async def test_one_process_for_all_serves_so(tmp_path: Path, frozen: list[int]):
    async with engine(tmp_path / "data") as running:
        await serve._serve(running, tmp_path / "data", Settings(_env_file=None))
    assert frozen[0] > 10_000


async def test_a_process_of_the_distributed_profile_serves_so(frozen: list[int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attend, "check_port", lambda *_: None)

    async def work(*_: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(serve.Unusable, match="ended by itself"):
        await attend.attend(Settings(_env_file=None), "all", work)
    assert frozen[0] > 10_000
