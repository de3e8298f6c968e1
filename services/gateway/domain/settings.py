"""The workspace's settings, replaced as a whole (P9, P10, P14, P15); what is allowed is checked at the edge. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.base import ENVELOPE_FIELDS
from contracts.gateway.commands import ChangeWorkspaceSettings
from contracts.gateway.events import WorkspaceSettingsChanged
from services.kit.decider import Decider

_FIELDS = tuple(sorted(set(WorkspaceSettingsChanged.model_fields) - ENVELOPE_FIELDS))


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings as last saved; None: never."""

    fields: Mapping[str, Any] | None = None


def decide(command: ChangeWorkspaceSettings, settings: Settings) -> list[WorkspaceSettingsChanged]:
    """Return the change, if there is one."""
    wanted = _fields(command)
    return [] if wanted == settings.fields else [WorkspaceSettingsChanged(**wanted)]


def _fields(source: ChangeWorkspaceSettings | WorkspaceSettingsChanged) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _FIELDS}


def evolve(_: Settings, event: WorkspaceSettingsChanged) -> Settings:
    """Return the settings after the event."""
    return Settings(_fields(event))


SETTINGS: Decider[ChangeWorkspaceSettings, Settings, WorkspaceSettingsChanged] = Decider(
    "settings", Settings(), decide, evolve
)
