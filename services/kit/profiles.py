"""The only place that picks adapters (DESIGN 5). `embedded`: one process, one folder of files."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from services.kit.adapters.local_limits import LocalLimits
from services.kit.adapters.log_bus import LogBus
from services.kit.adapters.sqlite_documents import SqliteDocuments
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.engine import Ports
from services.kit.errors import Unusable
from services.kit.ports import Documents


class Locked(Unusable):
    """Another process works on this data folder."""


@dataclass
class Folder:
    """A data folder held by this process until `release`."""

    path: Path
    _file: IO[str]

    @staticmethod
    def hold(path: Path) -> Folder:
        """Take the folder for this process, making it if it is not there.

        Raises Locked naming the process that has it, Unusable if it cannot be used."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            file = (path / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise Unusable(
                f"cannot use the data folder {path}: {error.strerror}. Choose another with --data."
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise Locked(
                f"the data folder {path} is in use by {holder}. Stop it first (Ctrl+C or `kill PID`), or choose "
                "another with --data."
            ) from error
        try:
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid()}))
            file.flush()
        except OSError as error:
            raise Unusable(f"cannot write to the data folder {path}: {error.strerror}.") from error
        return Folder(path, file)

    def release(self) -> None:
        """Let other processes use the folder."""
        self._file.close()


async def embedded(path: Path, *, lanes: int = 1, shuffle_seed: int | None = None) -> Ports:
    """Open the stores in the folder (held by the caller). Raises NewerData or Unusable."""
    async with AsyncExitStack() as undo:
        store = await SqliteEventStore.open(path / "log.sqlite")
        undo.push_async_callback(store.close)
        keyring = await SqliteKeyring.open(path / "keys.sqlite")
        undo.push_async_callback(keyring.close)
        documents = await SqliteDocuments.open(path / "documents.sqlite")
        undo.pop_all()
    return Ports(store, LogBus(store, lanes, shuffle_seed), documents, keyring, LocalLimits())


async def read_models(path: Path) -> Documents:
    """Open read models alone, in a folder of their own: for a past moment or a simulation."""
    return await SqliteDocuments.open(path / "documents.sqlite")
