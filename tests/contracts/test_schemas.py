"""The committed schemas are those that the contracts generate now, and they are true."""

import json

import jsonschema_rs
import pytest

from contracts import generate
from contracts.base import EDGE, marked, sealed_fields
from contracts.registry import EVENTS, TOPICS

FILES = generate.files()


def test_every_generated_file_is_committed():
    present = {path.relative_to(generate.FOLDER).as_posix() for path in generate.FOLDER.rglob("*.json")}
    assert set(FILES) <= present, "run make schemas"
    assert generate.stale() == [], "run make schemas"


@pytest.mark.parametrize("name", FILES)
def test_what_is_committed_is_what_is_generated(name: str):
    assert (generate.FOLDER / name).read_text(encoding="utf-8") == FILES[name], "run make schemas"


def test_generating_writes_all_and_removes_what_no_longer_belongs(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "clients.Gone.v1.schema.json").write_text("{}")
    (tmp_path / "openapi.json").write_text("not ours")
    (tmp_path / "asyncapi.json").write_text("old")
    generate.main()
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.json")}
    assert found == {*FILES, "openapi.json"}
    assert (tmp_path / "asyncapi.json").read_text(encoding="utf-8") == FILES["asyncapi.json"]


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".schema.json")])
def test_a_schema_is_valid_json_schema(name: str):
    assert jsonschema_rs.meta.is_valid(json.loads(FILES[name]))


@pytest.mark.parametrize("name", EVENTS)
def test_a_stored_event_shows_no_personal_field(name: str):
    event, schema = EVENTS[name], json.loads(FILES[f"events/{name}.schema.json"])
    personal = {field for field, tells in schema["properties"].items() if tells.get("x-personal")}
    assert personal == sealed_fields(event)
    assert not personal & set(schema.get("required", []))
    assert ("sealed" in schema.get("required", [])) == bool(personal)
    assert schema.get("x-reference", False) is event.reference
    assert not {"occurred_at", "imputed"} & set(schema["properties"])  # they are in the envelope


@pytest.mark.parametrize("name", generate.commands())
def test_a_request_cannot_name_what_the_edge_fills(name: str):
    command, schema = generate.commands()[name], json.loads(FILES[f"commands/{name}.schema.json"])
    assert set(schema["properties"]) == set(command.model_fields) - marked(command, EDGE)
    assert schema["additionalProperties"] is False


def test_every_event_is_a_message_of_its_topic():
    document = json.loads(FILES["asyncapi.json"])
    assert set(document["channels"]) == set(TOPICS)
    for name, event in EVENTS.items():
        assert name in document["channels"][event.topic()]["messages"]
        reference = document["components"]["messages"][name]["payload"]["schema"]["$ref"]
        assert reference.removeprefix("./") in FILES
