"""Requests made up from the API's description, sent by every role to every operation of a workspace with data: no
server error, no answer that the description does not have (TORTURE S3)."""

import json
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.cli.openapi import PATH
from services.cli.workspace import SERVICES
from services.gateway.pages.routes import pages
from services.kit.engine import Engine
from services.kit.web import create_app
from tests.support.app import App
from tests.support.door import PASSWORD
from tests.support.staff import AS_LOCAL, STAFF, bearer
from tests.support.threaded import in_a_thread
from tests.support.world import ME, STAGES, World

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CALLERS = {
    "nobody": {},
    "token": bearer("administrator:local:all:read+tokens"),
    "warehouse": bearer("warehouse:wim"),
    "marketer": bearer("marketer:max"),
    "manager": bearer("manager:ann:own"),
    "director": bearer("director:dora"),
    "administrator": AS_LOCAL,
}
"""Who may least comes first: what one changes or erases, the next one meets."""
STAFF_IDS = {"dora": "director", "ann": "manager", "max": "marketer", "wim": "warehouse"}
WORLDS = 4
THINGS = (
    "view", "removed_view", "tagged_client", "lost_client", "archived_client", "contact", "note", "removed_note",
    "lead", "client_funnel", "deal", "priced", "order", "payment", "own_token", "own_session",
)  # fmt: skip
ENDS = ("/erase", "/leave", "/close", "/archive", "/remove")
there: dict[str, list[str]] = {}
"""Field → values that exist in the workspace."""


async def _filled(app: App) -> None:
    """Make some of everything, half of it Ann's, and note the ids."""
    await app.done("/settings", {"base_currency": "EUR", "branches": ["North"]})
    for id, role in STAFF_IDS.items():
        await app.done("/employees", {"employee_id": id, "name": id, "team": "East"})
        await app.done(f"/accounts/{id}", {"login": id, "role": role})
    found: dict[str, set[str]] = {}
    for _ in range(WORLDS):
        world = World(app)
        made = {thing: await world.make(thing) for thing in THINGS}
        for thing, id in {**world.ids, **made}.items():
            found.setdefault(thing.rpartition("_")[2] + "_id", set()).add(id)
        for client in ("client", "tagged_client"):
            await app.done(f"/clients/{world.ids[client]}/owner", {"owner_id": "ann"})
        await app.done(f"/deals/{world.ids['deal']}/owner", {"owner_id": "ann"})
        await app.done(f"/deals/{world.ids['deal']}/stage", {"stage_id": "won"})
        await app.done(f"/orders/{world.ids['order']}/ship", {"branch": "North"})
    people = {*STAFF_IDS, ME}
    found |= dict.fromkeys(("owner_id", "employee_id", "account_id"), people)
    found["subject_id"] = found["client_id"] | found["contact_id"]
    found["stage_id"] = {stage["stage_id"] for stage in STAGES}
    found |= {"currency": {"EUR"}, "branch": {"North"}, "present": {PASSWORD}, "ids": {",".join(found["client_id"])}}
    there.update({name: sorted(values) for name, values in found.items()})
    assert await app.engine.settle()


async def _made(running: Engine) -> Any:
    app = create_app(running, SERVICES, pages(running), gate=STAFF)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=AS_LOCAL) as client:
        await _filled(App(client, running))
    return app


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with in_a_thread(tmp_path_factory.mktemp("fuzz"), _made) as port:
        yield f"http://127.0.0.1:{port}/api/v1"


def _document() -> dict[str, Any]:
    """The description without `as_of`, which is answered 501 as it says: that would count as a server error."""
    described = json.loads(PATH.read_text(encoding="utf-8"))
    for methods in described["paths"].values():
        for operation in methods.values():
            operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "as_of"]
    return described


def _schema(mode: GenerationMode) -> Any:
    made = schemathesis.openapi.from_dict(_document())
    made.config.phases.update(phases=["fuzzing"])
    made.config.generation.update(modes=[mode])
    for hook in (map_path_parameters, map_query, map_headers, map_body):
        made.hook(hook)
    return made


def _real(name: str, made: Any) -> Any:
    """Return a value that exists in the workspace, three times of four; else what was made up. Which one follows from
    what was made up, so that a failure can be repeated."""
    dice = crc32(repr(made).encode())
    if name == "at" and dice % 4:
        return None
    known = there.get(name.removesuffix("s") if name.endswith("_ids") else name)
    if known is None or not dice % 4:
        return _within(made)
    chosen = known[dice // 4 % len(known)]
    return [chosen] if name.endswith("_ids") else chosen


def _within(made: Any) -> Any:
    if isinstance(made, dict):
        return {name: _real(name, value) for name, value in made.items()}
    return [_within(each) for each in made] if isinstance(made, list) else made


def map_path_parameters(context: schemathesis.HookContext, made: Any) -> Any:
    """What ends something for good meets the same few records: the others are left for the rest."""
    if context.operation is not None and context.operation.path.endswith(ENDS):
        return {name: there[name][0] if name in there else value for name, value in made.items()}
    return _within(made)


def map_query(_: schemathesis.HookContext, made: Any) -> Any:
    return _within(made)


def map_headers(_: schemathesis.HookContext, made: Any) -> Any:
    """Hardly any version that is made up is the present one."""
    dice = crc32(repr(made).encode())
    return {name: value for name, value in made.items() if name != "If-Match" or not dice % 8} if made else made


def map_body(_: schemathesis.HookContext, made: Any) -> Any:
    return _within(made)


def asked(examples: int) -> Any:
    """The same requests in every run."""
    unwell = list(HealthCheck)
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=unwell)


@_schema(GenerationMode.POSITIVE).parametrize()
@asked(2)
def test_no_request_of_any_role_breaks_the_api(case: schemathesis.Case, address: str):
    for headers in CALLERS.values():
        case.call_and_validate(base_url=address, checks=CHECKS, headers=headers)


@_schema(GenerationMode.NEGATIVE).parametrize()
@asked(1)
def test_no_broken_request_breaks_it(case: schemathesis.Case, address: str):
    case.call_and_validate(base_url=address, checks=CHECKS, headers=AS_LOCAL)


def test_the_requests_reach_what_is_there(address: str):
    """Nobody would notice if all of them were turned away at the first field."""
    assert {"client_id", "deal_id", "order_id", "token_id", "session_id", "view_id"} <= there.keys()
    for kind, path in {"client_id": "/clients", "deal_id": "/deals", "order_id": "/orders"}.items():
        answer = httpx2.get(f"{address}{path}/{there[kind][0]}", headers=AS_LOCAL)
        assert answer.status_code in (200, 410), answer.text
