"""`export metrics --as-of`: the log up to a past moment, folded into a temporary workspace (DESIGN 9)."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from services.analytics.export.tables import Table
from services.cli.metrics import tables
from services.cli.workspace import SERVICES
from services.kit.codec import Codec
from services.kit.engine import Ports
from services.kit.profiles import read_models
from services.kit.rebuild import Progress, fold_log, write_group


async def tables_as_of(
    ports: Ports, codec: Codec, moment: int, progress: Progress
) -> tuple[dict[str, Table], dict[str, Any]]:
    """Return every table as of a moment (UTC ms): events that occurred up to it, under today's reference data and sales
    rules. Nothing of the workspace is touched."""
    with TemporaryDirectory(prefix="voronka-past-") as folder:
        documents = await read_models(Path(folder))
        try:
            groups: dict[str, str] = {}
            for projection in (each for service in SERVICES for each in service.projections):
                folded = await fold_log(
                    projection, ports.store, codec, 1, progress, keep=lambda event: event.occurred_at <= moment
                )
                groups[projection.name] = f"{projection.name}.{projection.version}"
                await write_group(projection, groups[projection.name], folded, documents, ports.store.log_id)
            async with documents.snapshot() as reader:
                return await tables(reader, groups, moment)
        finally:
            await documents.close()
