"""Writes events as `voronka export events` does: one CloudEvent a line. For tests of what reads exported events."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from contracts.base import Event, to_millis
from contracts.envelope import RecordedEvent, cloud_event


def at(text: str) -> int:
    """UTC milliseconds of an ISO 8601 text; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return to_millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


class EventLog:
    """A log in memory; versions are counted per stream."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._versions: Counter[str] = Counter()

    def add(self, stream: str, event: Event, when: int | str, *, imputed: bool = False) -> None:
        self._versions[stream] += 1
        occurred = at(when) if isinstance(when, str) else when
        recorded = RecordedEvent(
            id=f"{stream}/{self._versions[stream]}",
            type=event.type,
            key=event.key(),
            occurred_at=occurred,
            actor="test",
            command_id="c",
            command_hash="h",
            origin="import",
            imputed=imputed,
            data=event.model_dump_json().encode(),
            stream=stream,
            version=self._versions[stream],
            position=len(self.lines) + 1,
            recorded_at=occurred,
        )
        self.lines.append(json.dumps(cloud_event(recorded), ensure_ascii=False))

    def write(self, path: Path) -> Path:
        path.write_text("".join(line + "\n" for line in self.lines), "utf-8")
        return path
