"""The document store's own small file: which versioned groups are complete, and which of them serves reads."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

from services.kit.adapters.sqlite_connection import remove_files, roll_back
from services.kit.adapters.sqlite_files import Kind, own
from services.kit.adapters.sqlite_schema import FORMAT

_KIND = Kind(
    "document store",
    FORMAT,
    (
        "CREATE TABLE groups(name TEXT PRIMARY KEY, shape TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE active(name TEXT PRIMARY KEY, served_by TEXT NOT NULL) STRICT, WITHOUT ROWID",
    ),
    dict,
)


class Catalogue:
    """A group exists when it stands here. A file without an entry was never finished or is dropped, and is deleted when
    the store is opened; an entry whose file somebody deleted is no group (read models are made from the log)."""

    def __init__(self, path: Path) -> None:
        """Open it or make it, for this process alone. Raises NewerData or Unusable."""
        self._file = own(path, _KIND, cache_kib=256)
        self._db = self._file.connection
        self.folder = path.with_name(f"{path.stem}.groups")
        self.folder.mkdir(exist_ok=True)
        self._sweep()

    def path(self, group: str) -> Path:
        """Return where the group's file is or would be."""
        return self.folder / f"{quote(group, safe='')}.db"

    def shapes(self) -> dict[str, str]:
        """Return the declared shape of every group."""
        return dict(self._db.execute("SELECT name, shape FROM groups ORDER BY name").fetchall())

    def add(self, group: str, shape: str) -> None:
        """Enter a group whose file is complete and on disk."""
        self._db.execute("INSERT INTO groups(name, shape) VALUES (?, ?)", (group, shape))

    def remove(self, group: str) -> None:
        """Strike a group out, also where it serves reads."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute("DELETE FROM active WHERE served_by = ?", (group,))
            self._db.execute("DELETE FROM groups WHERE name = ?", (group,))
            self._db.execute("COMMIT")
        except BaseException:
            roll_back(self._db)
            raise

    def active(self, name: str) -> str | None:
        """Return the group that serves `name`."""
        row = self._db.execute("SELECT served_by FROM active WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def activate(self, name: str, group: str) -> None:
        """Let the group serve `name`."""
        if group not in self.shapes():
            raise RuntimeError(f"{group} does not exist and cannot serve {name}")
        self._db.execute("INSERT OR REPLACE INTO active(name, served_by) VALUES (?, ?)", (name, group))

    def close(self) -> None:
        """Let go of the file."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._file.close()

    def _sweep(self) -> None:
        known = self.shapes()
        for group in known:
            if not self.path(group).exists():
                self.remove(group)
        for path in self.folder.glob("*.db"):
            if unquote(path.stem) not in known:
                remove_files(path)
