"""Files on their way in, on disk: each in a folder of its own with what is known of it, for a limited time."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from services.gateway.pages.imports.port import Job

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_DAY = 86_400_000
_KEPT = {"ready": _DAY}
_KEPT_ELSE = 7 * _DAY
"""Milliseconds that a file waits, and that an import's list of refused rows can be downloaded."""


class Shelf:
    """The folders. Names that people gave to files are never part of a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, job: Job) -> None:
        """Keep what is known of a file; a crash leaves what was known before."""
        place = self._place(job.job_id)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = place / "job.new"
        new.write_bytes(msgspec.json.encode(job))
        new.replace(place / "job.json")

    def get(self, job_id: str) -> Job | None:
        """Return what is known of a file; None if it is not here, or of another version of Voronka."""
        if not _ID(job_id):
            return None
        try:
            return msgspec.json.decode((self._place(job_id) / "job.json").read_bytes(), type=Job)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def all(self) -> Iterator[Job]:
        """Yield all that is here."""
        if self._folder.is_dir():
            for place in self._folder.iterdir():
                job = self.get(place.name)
                if job is not None:
                    yield job

    def keep(self, job_id: str, file: BinaryIO) -> None:
        """Copy the file itself."""
        place = self._place(job_id)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (place / "file").open("wb") as target:
            shutil.copyfileobj(file, target)

    def file(self, job_id: str) -> Path:
        """Return where the file is."""
        return self._place(job_id) / "file"

    def refused(self, job_id: str) -> Path:
        """Return where its list of refused rows is."""
        return self._place(job_id) / "refused.csv"

    def spend(self, job_id: str) -> None:
        """Delete the file: it was taken in."""
        self.file(job_id).unlink(missing_ok=True)

    def drop(self, job_id: str) -> None:
        """Delete all of it."""
        shutil.rmtree(self._place(job_id), ignore_errors=True)

    def sweep(self, now: int, but: str) -> None:
        """Delete what is too old, or what a crash left without a word. `now`: UTC ms; `but`: what is going on."""
        if not self._folder.is_dir():
            return
        for place in list(self._folder.iterdir()):
            job = self.get(place.name)
            since = int(place.stat().st_mtime * 1000) if job is None else job.changed_at
            kept = _DAY if job is None else _KEPT.get(job.state, _KEPT_ELSE)
            if _ID(place.name) and place.name != but and now - since > kept:
                self.drop(place.name)

    def _place(self, job_id: str) -> Path:
        assert _ID(job_id)  # noqa: S101 - all ids are ours; none is what somebody typed
        return self._folder / job_id
