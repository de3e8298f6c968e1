"""`export metrics --as-of`: the log up to a past moment, folded into a temporary workspace (DESIGN 9)."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contracts.envelope import RecordedEvent
from contracts.registry import REFERENCE_TYPES
from services.analytics.export.tables import Table
from services.cli.metrics import tables
from services.cli.workspace import SERVICES
from services.kit.codec import Codec
from services.kit.engine import Ports
from services.kit.memory import MemoryContext
from services.kit.profiles import read_models
from services.kit.projection import Projection
from services.kit.rebuild import Folded, Progress, write_group

_SLICE = 5_000


async def tables_as_of(
    ports: Ports, codec: Codec, moment: int, progress: Progress
) -> tuple[dict[str, Table], dict[str, Any]]:
    """Return every table as of a moment (UTC ms): events that occurred up to it, under today's reference data and sales
    rules. Nothing of the workspace is touched."""
    projections = [projection for service in SERVICES for projection in service.projections]
    contexts = {projection.name: _lane(projection) for projection in projections}
    head = await ports.store.head()
    after = 0
    while after < head:
        events = await ports.store.read_all(after, min(_SLICE, head - after))
        for event in events:
            if event.occurred_at <= moment or event.type in REFERENCE_TYPES:
                _fold(projections, contexts, codec, event)
        for projection in projections:
            while projection.work is not None and projection.work(contexts[projection.name]):
                pass
        after = events[-1].position
        progress("folding", after, head)
    with TemporaryDirectory(prefix="voronka-past-") as folder:
        documents = await read_models(Path(folder))
        try:
            groups: dict[str, str] = {}
            for projection in projections:
                groups[projection.name] = f"{projection.name}.{projection.version}"
                folded = Folded([contexts[projection.name]], [{}], head)
                await write_group(projection, groups[projection.name], folded, documents, ports.store.log_id)
            async with documents.snapshot() as reader:
                return await tables(reader, groups, moment)
        finally:
            await documents.close()


def _lane(projection: Projection) -> MemoryContext:
    lanes: list[MemoryContext] = []
    lanes.append(MemoryContext(projection, 0, lanes))
    return lanes[0]


def _fold(
    projections: list[Projection], contexts: dict[str, MemoryContext], codec: Codec, event: RecordedEvent
) -> None:
    data: Any = None
    for projection in projections:
        fold = projection.folds.get(event.type)
        if fold is not None:
            data = data if data is not None else codec.decode(event)
            fold(contexts[projection.name], data, event)
