"""Requests made up from the API's description: no server error, no answer it does not describe (TORTURE S3)."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from granian.constants import Interfaces
from granian.server.embed import Server
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.cli.openapi import PATH
from services.cli.workspace import SERVICES, engine
from services.gateway.pages.routes import pages
from services.kit.web import create_app
from tests.support.patience import PATIENCE
from tests.support.staff import AS_LOCAL, STAFF, bearer

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _served(folder: Path, port: int, ready: threading.Event, stopped: list[Any]) -> None:
    async def serve() -> None:
        async with engine(folder) as running:
            app = create_app(running, SERVICES, pages(running), gate=STAFF)
            server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
            serving = asyncio.create_task(server.serve())
            stopped.append((asyncio.get_running_loop(), server))
            ready.set()
            await serving

    asyncio.run(serve())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a socket in a thread of its own: schemathesis asks from this one."""
    port, ready, stopped = _free_port(), threading.Event(), []
    thread = threading.Thread(target=_served, args=(tmp_path_factory.mktemp("fuzz"), port, ready, stopped))
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield f"http://127.0.0.1:{port}/api/v1"
    finally:
        for loop, server in stopped:
            loop.call_soon_threadsafe(server.stop)
        thread.join(20)


def _document() -> dict[str, Any]:
    """The description without `as_of`, which is answered 501 as it says: that would count as a server error."""
    described = json.loads(PATH.read_text(encoding="utf-8"))
    for methods in described["paths"].values():
        for operation in methods.values():
            operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "as_of"]
    return described


schema = schemathesis.openapi.from_dict(_document())
schema.config.phases.update(phases=["fuzzing"])


@schema.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_api(case: schemathesis.Case, address: str):
    case.call_and_validate(base_url=address, checks=CHECKS, headers=AS_LOCAL)


@pytest.mark.parametrize("role", ["director:dora", "manager:ann", "manager:ann:team", "marketer:max", "warehouse:wim"])
@schema.parametrize()
@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
def test_nor_does_one_of_any_role(case: schemathesis.Case, address: str, role: str):
    case.call_and_validate(base_url=address, checks=CHECKS, headers=bearer(role))
