"""A workspace on this machine: the data folder, held and opened, with all services on it. The composition root."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from services.analytics.service import SERVICE as ANALYTICS
from services.clients.service import SERVICE as CLIENTS
from services.gateway.domain.numbers import NUMBERS
from services.gateway.service import SERVICE as GATEWAY
from services.kit.engine import Engine, Ports
from services.kit.eraser import reapply_erasures
from services.kit.profiles import Folder, embedded
from services.kit.projection import Projection
from services.pipeline.service import SERVICE as PIPELINE

_SWITCH = 0.0005
"""Seconds after which Python lets another thread run: the log's writer must not wait behind a busy fold."""
SERVICES = (GATEWAY, PIPELINE, CLIENTS, ANALYTICS)


def chosen(name: str | None) -> list[Projection]:
    """Return the projection of this name, or all (None). Raises BadParameter naming those there are."""
    known = [projection for service in SERVICES for projection in service.projections]
    found = [projection for projection in known if name in (None, projection.name)]
    if not found:
        names = ", ".join(projection.name for projection in known)
        raise typer.BadParameter(f"there is no group {name!r}; choose one of {names}", param_hint="--projection")
    return found


@asynccontextmanager
async def ports(data: Path, *, lanes: int = 1, shuffle_seed: int | None = None) -> AsyncIterator[Ports]:
    """Hold the folder and open its stores, without folding. Raises Locked, NewerData, Unusable."""
    folder = Folder.hold(data)
    try:
        opened = await embedded(data, lanes=lanes, shuffle_seed=shuffle_seed)
        try:
            await reapply_erasures(opened.store, opened.keyring)
            yield opened
        finally:
            await opened.close()
    finally:
        folder.release()


@asynccontextmanager
async def engine(data: Path, *, lanes: int = 1, shuffle_seed: int | None = None) -> AsyncIterator[Engine]:
    """Hold the folder and run all services on it. Raises Locked, NewerData, Unusable."""
    sys.setswitchinterval(_SWITCH)
    folder = Folder.hold(data)
    try:
        running = Engine(SERVICES, await embedded(data, lanes=lanes, shuffle_seed=shuffle_seed), NUMBERS)
        try:
            await running.start()
            yield running
        finally:
            await running.stop()
    finally:
        folder.release()
