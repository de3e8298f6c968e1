"""What was taken out of the workspace as a file: each is written down once (#5). Pure."""

from __future__ import annotations

from contracts.gateway.commands import RecordExport
from contracts.gateway.events import DataExported
from services.kit.decider import Decider


def decide(command: RecordExport, recorded: bool) -> list[DataExported]:
    """Return the record, unless it is there."""
    return [] if recorded else [DataExported(**command.model_dump(exclude={"at"}))]


def evolve(_recorded: bool, _event: DataExported) -> bool:
    """Return that it was recorded."""
    return True


EXPORT: Decider[RecordExport, bool, DataExported] = Decider("export", False, decide, evolve)
