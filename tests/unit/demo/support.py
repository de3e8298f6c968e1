"""A generated bundle, read back."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

Rows = list[dict[str, str]]


class Bundle:
    """A generated bundle, read back by file name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        self.tables: dict[str, Rows] = {}
        for path in folder.glob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                self.tables[path.stem] = list(csv.DictReader(file))

    def __getitem__(self, table: str) -> Rows:
        return self.tables[table]

    def ids(self, table: str) -> set[str]:
        column = next(iter(self[table][0]))
        found = [row[column] for row in self[table]]
        assert len(set(found)) == len(found)
        return set(found)

    def stories(self) -> dict[str, Rows]:
        """Return the events of each deal in order."""
        stories: dict[str, Rows] = defaultdict(list)
        for event in self["deal_events"]:
            stories[event["deal_id"]].append(event)
        return stories
