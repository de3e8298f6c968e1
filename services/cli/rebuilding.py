"""`voronka rebuild`, the same in both profiles: built anew, compared with what serves, switched."""

from __future__ import annotations

from services.cli.telling import told_rebuilt
from services.kit.codec import Codec
from services.kit.compared import Compared, compared
from services.kit.ports import Ports
from services.kit.projection import Projection
from services.kit.rebuild import Folded, Progress, rebuild


async def rebuilt(projection: Projection, ports: Ports, codec: Codec, shown: Progress, grace: float = 0.0) -> None:
    """Build the group anew and say what came of it. Raises what kit.rebuild raises."""
    found: list[Compared] = []

    async def look(folded: Folded, serving: str | None) -> None:
        found.append(await compared(projection, folded, ports.documents, serving))

    documents, lanes = ports.documents, ports.bus.lanes
    group = await rebuild(projection, ports.store, codec, documents, lanes, shown, grace, look)
    told_rebuilt(projection.name, group, found[0])
