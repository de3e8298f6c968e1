"""Commands on servers wait for workers that others run (P18, X5, R4)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from services.cli import watching
from services.kit import clock


class Workers:
    """Stands in for servers on which reactions go on while a command waits; has folded all at the third look."""

    def __init__(self) -> None:
        self.looks = 0
        self.ports = SimpleNamespace(store=self)
        self.horizon = self

    async def head(self) -> int:
        return 7

    async def as_of(self, _: Any) -> int:
        """What waits was recorded after the command began to wait."""
        return clock.now() + 60_000

    async def caught_up(self, _: Any) -> bool:
        self.looks += 1
        return self.looks == 3


async def test_what_is_appended_while_one_waits_is_waited_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def derived(_: Any) -> bool:
        return True

    monkeypatch.setattr(watching, "_derived", derived)
    workers: Any = Workers()
    assert await watching.settled(workers, lambda *_: None, "") == 7
    assert workers.looks == 3
