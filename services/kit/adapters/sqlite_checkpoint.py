"""Copies a WAL into its database beside the writer, so that no commit waits for it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Event, Thread

from services.kit.adapters.sqlite_files import connect

EVERY = 2_000
"""Rows written between two checkpoints: the WAL stays at some 10 to 20 MB."""


class Checkpointer(Thread):
    """Checkpoints when the writer has written enough. The writer's connection must not checkpoint by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="checkpoints", daemon=True)
        self._path = path
        self._rows = 0
        self._wanted = Event()
        self._copied = False
        self._stopping = False

    def wrote(self, connection: sqlite3.Connection, rows: int) -> None:
        """Called by the writer after each commit."""
        self._rows += rows
        if self._copied:
            # Only the few pages written meanwhile are left; with those copied too the next commit starts the WAL anew.
            self._copied = False
            checkpoint(connection)
        elif self._rows >= EVERY:
            self._rows = 0
            self._wanted.set()

    def run(self) -> None:
        """Wait for work until stopped."""
        connection = connect(self._path, cache_kib=256)
        try:
            while True:
                self._wanted.wait()
                self._wanted.clear()
                if self._stopping:
                    return
                self._copied = checkpoint(connection)
        finally:
            connection.close()

    def stop(self) -> None:
        """End the thread."""
        self._stopping = True
        self._wanted.set()


def checkpoint(connection: sqlite3.Connection) -> bool:
    """Copy what can be copied without waiting for anybody; False: not now (the disk is full, say)."""
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.Error:
        return False  # Everything is in the WAL still; a later checkpoint copies it.
    return True
