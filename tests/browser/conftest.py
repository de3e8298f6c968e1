"""A served workspace and Chromium for it. Every page is watched: a report of the policy or an error fails its test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.desk import WAIT_MS, Desk
from tests.browser.served import HOST
from tests.support.patience import PATIENCE

HERE = Path(__file__).parent
expect.set_options(timeout=WAIT_MS)
_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where a workspace is served; its own for each worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.browser.served", str(tmp_path_factory.mktemp("data")), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parents[1]) as process:
        assert process.stdout is not None
        told = next((line for line in process.stdout if line.strip() == "ready"), None)
        assert told, "the workspace did not start"
        try:
            yield number
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium: nothing is downloaded."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is missing: `.ci/browser.sh`, or `apt-get install chromium`, installs it")
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cookies() -> dict[str, list[Any]]:
    """Of whoever signed in, by address."""
    return {}


@pytest.fixture
def desk(chromium: Browser, port: int, cookies: dict[str, list[Any]]) -> Iterator[Desk]:
    """Opens pages; at the end of the test no page may have reported anything."""
    made = Desk(chromium, f"http://127.0.0.1:{port}", f"http://{HOST}:{port}", cookies=cookies)
    yield made
    made.close()
    assert made.reports == []
