"""Fixtures of the tests on real servers."""

from tests.servers.native.fixtures import kafka, redis  # noqa: F401 - fixtures
