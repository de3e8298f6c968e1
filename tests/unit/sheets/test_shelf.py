"""Files on their way in are kept under ids of ours, and for a limited time (ADR 0026)."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest

from services.gateway.pages.imports.port import Job, State
from services.importer.desk.shelf import Shelf

ID = "01234567-89ab-cdef-0123-456789abcdef"
DAY = 86_400_000
NOW = 100 * DAY


def job(state: State = "ready", at: int = NOW) -> Job:
    return Job(job_id=ID, at=at, changed_at=at, actor="ann", file="<list>.csv", state=state)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "imports")


def test_what_is_put_is_there(shelf: Shelf):
    assert (shelf.get(ID), list(shelf.all())) == (None, [])
    shelf.put(job())
    shelf.keep(ID, BytesIO(b"x"))
    assert (shelf.get(ID), list(shelf.all())) == (job(), [job()])
    assert shelf.file(ID).read_bytes() == b"x"
    shelf.spend(ID)
    assert not shelf.file(ID).exists()
    shelf.drop(ID)
    assert shelf.get(ID) is None


@pytest.mark.parametrize("id", ["", "..", "../log.sqlite", f"{ID}/..", ID.upper(), f"{ID}\n"])
def test_what_somebody_typed_is_no_path(shelf: Shelf, id: str):
    shelf.put(job())
    assert shelf.get(id) is None


@pytest.mark.parametrize(
    ("state", "days", "kept"),
    [("ready", 0.9, True), ("ready", 1.1, False), ("taking", 6.9, True), ("taken", 6.9, True), ("taken", 7.1, False),
     ("undone", 7.1, False)],
)  # fmt: skip
def test_what_is_old_is_swept_away(shelf: Shelf, state: State, days: float, kept: bool):
    shelf.put(job(state, NOW - int(days * DAY)))
    shelf.sweep(NOW, "")
    assert (shelf.get(ID) is not None) == kept
    shelf.put(job(state, NOW - int(days * DAY)))
    shelf.sweep(NOW, ID)
    assert shelf.get(ID) is not None, "what goes on is never swept"


def test_what_a_crash_left_is_swept_and_what_is_not_ours_stays(shelf: Shelf, tmp_path: Path):
    shelf.keep(ID, BytesIO(b"x"))
    other = tmp_path / "imports" / "notes of somebody"
    other.mkdir()
    for path in (shelf.file(ID).parent, other):
        os.utime(path, (1, 1))
    shelf.sweep(NOW, "")
    assert not shelf.file(ID).exists()
    assert other.is_dir()


def test_what_another_version_wrote_is_not_read(shelf: Shelf):
    shelf.put(job())
    (shelf.file(ID).parent / "job.json").write_text('{"job_id": 7}')
    assert shelf.get(ID) is None
