"""What libraries log is passed on in our form, each saying once in a while (X11, #4)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from services.kit import library_logs, telemetry


@pytest.fixture(autouse=True)
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [100.0]
    monkeypatch.setattr(library_logs, "monotonic", lambda: now[0])
    before = logging.getLogger().handlers[:]
    telemetry.configure(json_logs=True, level="WARNING")
    telemetry.configure(json_logs=True, level="WARNING")
    yield now
    logging.getLogger().handlers[:] = before


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_a_saying_comes_once_with_its_values_and_later_with_how_often(
    taken: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    library = logging.getLogger("aiokafka.conn")
    for number in range(50):
        library.warning("Topic %s not found in cluster metadata", f"t{number}")
    library.error("something else")
    first, other = lines(capsys)
    assert (first["event"], first["library"], first["level"]) == (
        "Topic t0 not found in cluster metadata", "aiokafka.conn", "warning",
    )  # fmt: skip
    assert (other["event"], other["level"]) == ("something else", "error")
    taken[0] += 31
    library.warning("Topic %s not found in cluster metadata", "late")
    [again] = lines(capsys)
    assert (again["event"], again["held_back"]) == ("Topic late not found in cluster metadata", 49)


def test_an_exception_comes_with_its_trace_and_lower_levels_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    library = logging.getLogger("asyncio")
    try:
        raise ValueError("spilt milk")
    except ValueError:
        library.exception("Task exception was never retrieved")
    library.info("chatter")
    [line] = lines(capsys)
    assert "ValueError: spilt milk" in str(line["exception"])


def test_sayings_without_end_are_not_remembered_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    handler = library_logs.Sparing()
    for number in range(3 * library_logs._KEPT):
        handler.emit(logging.LogRecord("x", logging.WARNING, "", 0, f"odd {number}", None, None))
    assert len(handler._said) <= library_logs._KEPT
    assert len(lines(capsys)) == 3 * library_logs._KEPT
