"""Fixtures of the tests on real servers."""

from tests.servers.native.fixtures import kafka, redis  # noqa: F401 - fixtures
from tests.support.otlp import collected  # noqa: F401 - a fixture
