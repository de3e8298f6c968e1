"""The committed description of the JSON API is that of the code, it is valid, and it leaves nothing out."""

import json

import pytest

from services.cli.openapi import PATH
from services.cli.workspace import SERVICES
from services.kit.web.openapi import document, encoded

DOCUMENT = json.loads(PATH.read_text(encoding="utf-8"))
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
NAMES = [f"{method} {path}" for path, method, _ in OPERATIONS]


def test_what_is_committed_is_what_the_services_take_and_answer():
    assert encoded(document(SERVICES)) == PATH.read_bytes(), "run make schemas"


def test_every_command_and_query_is_described():
    posts = {handles.path for service in SERVICES for handles in service.handles if handles.path}
    gets = {query.path for service in SERVICES for query in service.queries} | {"/status"}
    assert {path for path, method, _ in OPERATIONS if method == "post"} == posts
    assert {path for path, method, _ in OPERATIONS if method == "get"} == gets


def test_operations_have_names_of_their_own():
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere():
    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for value in node for found in references(value)] if isinstance(node, list) else []

    for reference in set(references(DOCUMENT)):
        node = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_an_operation_says_what_it_takes_and_answers(path: str, method: str, operation: dict):
    in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
    assert in_path == {part[1:-1] for part in path.split("/") if part.startswith("{")}
    assert operation["summary"]
    done = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    assert done["content"]["application/json"]["schema"]
    if method == "post":
        assert {"Idempotency-Key", "If-Match"} <= {each["name"] for each in operation["parameters"]}
        body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        request = DOCUMENT["components"]["schemas"][body]
        assert request["additionalProperties"] is False
        assert not in_path & set(request["properties"])
