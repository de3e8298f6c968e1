"""The verbs on servers, with the stores and the bus of an installation in this process in place of servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.cli import on_servers, watching
from services.cli.on_servers import OnServers
from services.kit.ports import Ports
from services.kit.settings import Settings
from tests.support.processes import SECRET, Installation


class Kept(Ports):
    """Ports that stay open: others use the same."""

    async def close(self) -> None:
        """Close nothing."""


class Borrowed:
    """A store that stays open."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def close(self) -> None:
        """Close nothing."""


class Topics:
    """Topics that are as they must be."""

    async def check(self) -> list[str]:
        return []


def verbs_on(installed: Installation, patch: pytest.MonkeyPatch) -> OnServers:
    """Return the verbs, which find this installation wherever the settings say that servers are."""
    ports = installed.ports

    async def opened(*_: Any) -> Ports:
        return Kept(ports.store, ports.bus, ports.documents, ports.keyring, ports.limits)

    async def store(*_: Any) -> Any:
        return Borrowed(ports.store)

    async def keys(*_: Any) -> Any:
        return Borrowed(ports.keyring)

    async def answers(*_: Any) -> bool:
        return True

    patch.setattr(watching, "distributed", opened)
    for module in (watching, on_servers):
        patch.setattr(module, "event_store", store)
        patch.setattr(module, "keyring", keys)
    patch.setattr(on_servers, "topics", lambda _: Topics())
    patch.setattr(on_servers, "redis_answers", answers)
    return OnServers(servers_settings())


def servers_settings() -> Settings:
    """Return settings of the distributed profile that name no real server."""
    given: dict[str, Any] = {
        "profile": "distributed",
        "event_store": "kurrentdb://nowhere:2113?tls=false",
        "kafka": "nowhere:9092",
        "documents": "mongodb://nowhere/?replicaSet=rs0",
        "redis": "redis://nowhere/0",
        "secret": SECRET,
    }
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


def files_of(folder: Path) -> dict[str, str]:
    """Return the text of every file in a folder."""
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}
