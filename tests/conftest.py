"""Settings for all tests."""

import gc
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import HealthCheck, settings

from tests.support.pymongo_sockets import close_when_cancelled

LEFT_BY_AIOKAFKA = (
    r"ignore:Exception ignored in. <(socket\.socket|function (_SelectorTransport|StreamWriter|AIOKafkaConnection)\.)"
    ":pytest.PytestUnraisableExceptionWarning"
)
"""A connection that is being made when its client is stopped is dropped unclosed by the library."""

_PHASES: tuple[Literal["setup", "call", "teardown"], ...] = ("setup", "call", "teardown")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("servers") is not None:
            item.add_marker(pytest.mark.filterwarnings(LEFT_BY_AIOKAFKA))


@pytest.fixture(autouse=True)
def _left_behind(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Collect what aiokafka left while its test's filter holds: later it would be blamed on another test.

    What it logged holds errors, they their frames, and those its connections; so does what fixtures returned."""
    yield
    if request.node.get_closest_marker("servers") is not None:
        for record in (record for phase in _PHASES for record in caplog.get_records(phase)):
            record.msg, record.args, record.exc_info = record.getMessage(), None, None
        request.node.funcargs.clear()
        gc.collect()


close_when_cancelled()
# Two workers share two cores: an example's time says nothing about the code.
settings.register_profile("voronka", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("voronka")
