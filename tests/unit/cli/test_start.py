"""What a start does not wait for (BENCH: start <= 2 s): libraries and descriptions that are seldom wanted."""

from __future__ import annotations

import subprocess
import sys
from typing import cast

import pytest
from starlette.testclient import TestClient

from services.kit.engine import Engine
from services.kit.web import app as web
from tests.support.staff import STAFF

SELDOM = ("duckdb", "openpyxl", "rapidfuzz")


def test_a_start_does_not_load_what_is_seldom_wanted() -> None:
    """B, start: verify wants duckdb, a workbook openpyxl; the server loads neither before somebody asks."""
    modules = "services.cli.main, services.cli.in_folder, services.cli.on_servers, services.cli.serve"
    program = f"import sys, {modules}; print([name for name in {SELDOM} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_api_is_described_when_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """P19: the description costs more than all else of making the application."""
    described: list[object] = []
    monkeypatch.setattr(web, "document", lambda services: described.append(services) or {})
    made = web.create_app(cast(Engine, None), (), gate=STAFF)
    assert not described
    answers = [TestClient(made, base_url="http://127.0.0.1").get("/api/v1/openapi.json") for _ in range(2)]
    assert [(each.status_code, each.json()) for each in answers] == [(200, {})] * 2
    assert len(described) == 1
