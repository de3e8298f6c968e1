"""What was stored once is read for ever: a file per released event type, never rewritten (tests/contracts/golden)."""

import json
from datetime import datetime
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from contracts.base import to_millis
from contracts.envelope import RecordedEvent, cloud_event
from contracts.generate import files
from contracts.registry import EVENTS
from services.kit.codec import Codec
from tests.contracts import make_golden
from tests.contracts.keyring import FakeKeyring
from tests.contracts.newer import GOLDEN, envelope, kept, newer

SCHEMAS = {name: json.loads(text) for name, text in files().items() if name.endswith(".schema.json")}
RELEASED = sorted(GOLDEN)


def stored(event: dict[str, Any]) -> RecordedEvent:
    """Return the CloudEvent as it was recorded."""
    return RecordedEvent(
        id=event["id"],
        stream=event["subject"],
        version=event["streamversion"],
        position=event["position"],
        recorded_at=to_millis(datetime.fromisoformat(event["recordedat"])),
        **envelope(event),
    )


def codec(event: dict[str, Any]) -> Codec:
    sealed = event["data"].get("sealed")
    return Codec(FakeKeyring(sealed["by"]) if sealed else FakeKeyring())


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_type_is_frozen(name: str):
    assert name in GOLDEN, "run python -m tests.contracts.make_golden"


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_event_type_is_still_known(name: str):
    assert name in EVENTS, "a released type can never be removed: somebody's log holds it"
    assert GOLDEN[name]["event"]["type"] == name


@pytest.mark.parametrize("name", RELEASED)
def test_a_golden_event_is_read_by_model_and_fast_decoder(name: str):
    event, plain = GOLDEN[name]["event"], GOLDEN[name]["plain"]
    model = codec(event).model(stored(event))
    fast = msgspec.to_builtins(codec(event).decode(stored(event)))
    assert kept(model.model_dump(mode="json"), plain) == plain
    assert kept(fast, plain) == plain
    assert (model.occurred_at, model.imputed) == (stored(event).occurred_at, event["imputed"])
    assert model.key() == event["partitionkey"]


@pytest.mark.parametrize("name", RELEASED)
def test_a_newer_event_that_only_adds_is_read(name: str):
    event, plain = newer(GOLDEN[name]["event"]), GOLDEN[name]["plain"]
    assert kept(codec(event).model(stored(event)).model_dump(mode="json"), plain) == plain
    assert kept(msgspec.to_builtins(codec(event).decode(stored(event))), plain) == plain


@pytest.mark.parametrize("name", RELEASED)
def test_the_envelope_is_kept(name: str):
    event = GOLDEN[name]["event"]
    assert kept(cloud_event(stored(event)), event) == event


@pytest.mark.parametrize("name", RELEASED)
def test_a_golden_event_is_what_the_schemas_promise(name: str):
    event = GOLDEN[name]["event"]
    for path, value in (("envelope", event), (f"events/{name}", event["data"])):
        jsonschema_rs.validator_for(SCHEMAS[f"{path}.schema.json"], validate_formats=True).validate(value)


@pytest.mark.parametrize("name", RELEASED)
def test_a_golden_event_shows_nothing_personal(name: str):
    event, plain = GOLDEN[name]["event"], GOLDEN[name]["plain"]
    personal = EVENTS[name].personal_fields() & set(plain)
    assert ("sealed" in event["data"]) == bool(personal)
    for field in personal:
        for value in plain[field] if isinstance(plain[field], list) else [plain[field]]:
            assert value not in json.dumps(event, ensure_ascii=False)


@pytest.mark.parametrize("name", make_golden.ADDED)
def test_what_a_type_got_later_is_frozen_too(name: str):
    frozen = json.loads((make_golden.FOLDER / "added" / f"{name}.json").read_text(encoding="utf-8"))
    event, plain = frozen["event"], frozen["plain"]
    assert codec(event).model(stored(event)).model_dump(mode="json") == plain
    assert kept(msgspec.to_builtins(codec(event).decode(stored(event))), plain) == plain
    added = make_golden.ADDED[name]
    assert {field: kept(plain[field], value) for field, value in added.items()} == added


@pytest.mark.parametrize("name", [name for name in make_golden.ADDED if name.startswith("clients.Note")])
def test_older_notes_mention_nobody_and_newer_ones_in_secret(name: str):  # the mentions of notes (#5)
    event = json.loads((make_golden.FOLDER / "added" / f"{name}.json").read_text(encoding="utf-8"))["event"]
    (mention,) = make_golden.ADDED[name]["mentions"]
    assert mention["employee_id"] not in json.dumps(event["data"]), "sealed with the text"
    older = GOLDEN[name]
    assert "mentions" not in older["plain"]
    assert codec(older["event"]).model(stored(older["event"])).mentions == []
    assert codec(older["event"]).decode(stored(older["event"])).mentions == []


def test_older_acts_on_many_are_on_clients():  # ADR 0036
    older = GOLDEN["gateway.BulkBegun.v1"]["event"]
    assert "subject" not in older["data"]
    assert codec(older).decode(stored(older)).subject == "client"
    for name in ("gateway.BulkFinished.v1", "gateway.BulkUndone.v1"):
        older = GOLDEN[name]["event"]
        (left,) = codec(older).decode(stored(older)).not_done
        assert (left.client_id, left.contact_id) == (older["data"]["not_done"][0]["client_id"], None)


def test_making_goldens_only_adds(tmp_path, monkeypatch):
    monkeypatch.setattr(make_golden, "FOLDER", tmp_path)
    (tmp_path / "pipeline.RateSet.v1.json").write_text("frozen")
    make_golden.main()
    assert {path.stem for path in tmp_path.glob("*.json")} == set(EVENTS)
    assert {path.stem for path in (tmp_path / "added").iterdir()} == set(make_golden.ADDED)
    assert (tmp_path / "pipeline.RateSet.v1.json").read_text() == "frozen"
