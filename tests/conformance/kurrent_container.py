"""A real KurrentDB for the suites, one container for each folder; where there is no container engine they are skipped.

.venv/bin/python -m pip install testcontainers && .venv/bin/pytest tests/conformance -m containers"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contracts.problem import Unavailable
from services.kit.adapters.kurrent_store import KurrentEventStore

IMAGE = "kurrentplatform/kurrentdb:26.1.1"
PORT = 2113
_START = 120.0
"""Seconds for an image that is to be fetched first."""
_ENVIRONMENT = {
    "KURRENTDB_INSECURE": "true",
    "KURRENTDB_MEM_DB": "true",
    "KURRENTDB_RUN_PROJECTIONS": "None",
    # The suite appends 5,000 events at once.
    "KURRENTDB_MAX_APPEND_SIZE": str(15 << 20),
}
_containers: dict[Path, Any] = {}


@cache
def missing() -> str:
    """Return why no container can be started here; empty if it can."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        return "needs a container engine that runs (`docker info`)"
    try:
        import testcontainers.core.container  # noqa: F401
    except ImportError:
        return "needs testcontainers: .venv/bin/python -m pip install testcontainers"
    return ""


async def open_container(folder: Path) -> KurrentEventStore:
    """Open a store on the server of the folder, starting it."""
    if why := missing():
        pytest.skip(why)
    from testcontainers.core.container import DockerContainer

    if folder not in _containers:
        container = DockerContainer(IMAGE).with_exposed_ports(PORT)
        for name, value in _ENVIRONMENT.items():
            container = container.with_env(name, value)
        _containers[folder] = await asyncio.to_thread(container.start)
    container = _containers[folder]
    uri = f"kurrentdb://{container.get_container_host_ip()}:{container.get_exposed_port(PORT)}?tls=false"
    async with asyncio.timeout(_START):
        while True:
            try:
                return await KurrentEventStore.open(uri)
            except Unavailable:
                await asyncio.sleep(0.2)


async def stop_containers() -> None:
    """Stop all servers started here."""
    while _containers:
        await asyncio.to_thread(_containers.popitem()[1].stop)
