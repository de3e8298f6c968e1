"""Settings for all tests."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.pymongo_sockets import close_when_cancelled

LEFT_BY_AIOKAFKA = (
    r"ignore:Exception ignored in. <(socket\.socket|function (_SelectorTransport|StreamWriter|AIOKafkaConnection)\.)"
    ":pytest.PytestUnraisableExceptionWarning"
)
"""A connection that is being made when its client is stopped is dropped unclosed by the library."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("servers") is not None:
            item.add_marker(pytest.mark.filterwarnings(LEFT_BY_AIOKAFKA))


@pytest.fixture(autouse=True)
def _left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect what aiokafka left while its test's filter holds: later it would be blamed on another test."""
    yield
    if request.node.get_closest_marker("servers") is not None:
        gc.collect()


close_when_cancelled()
# Two workers share two cores: an example's time says nothing about the code.
settings.register_profile("voronka", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("voronka")
