"""What the AsyncAPI document says of the topics is what is on the wire (DESIGN 10)."""

import json

import jsonschema_rs
import pytest

from contracts.asyncapi import PARTITIONS, asyncapi, headers
from contracts.registry import EVENTS, REFERENCE_TYPES, TOPICS
from services.kit.adapters.kafka_wire import write
from services.kit.lanes import LANES
from tests.contracts.test_golden import GOLDEN, RELEASED, stored

DOCUMENT = asyncapi()


def test_a_topic_has_a_partition_a_lane_and_is_kept_for_ever():
    assert PARTITIONS == LANES
    for name, channel in DOCUMENT["channels"].items():
        binding = channel["bindings"]["kafka"]
        assert (binding["topic"], binding["partitions"]) == (name, LANES)
        assert binding["topicConfiguration"]["retention.ms"] == -1


def test_each_topic_is_sent_to():
    sent = {operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()}
    assert sent == {f"#/channels/{topic}" for topic in TOPICS}


@pytest.mark.parametrize("name", EVENTS)
def test_a_message_says_whether_it_is_in_every_partition(name: str):
    message = DOCUMENT["components"]["messages"][name]
    assert message.get("x-reference", False) is (name in REFERENCE_TYPES)
    assert message["bindings"]["kafka"]["key"]["type"] == "string"


def test_every_reference_inside_the_document_leads_somewhere():
    found = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            found.append(value.get("$ref"))
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(DOCUMENT)
    inside = {one for one in found if isinstance(one, str) and one.startswith("#/")}
    assert inside
    for reference in inside:
        at = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]


@pytest.mark.parametrize("name", RELEASED)
def test_a_sent_message_has_the_headers_of_the_document(name: str):
    event = GOLDEN[name]["event"]
    message = write(stored(event), event["position"] - 1, "a-log")
    sent = {header: value.decode() for header, value in message.headers}
    assert set(sent) == set(headers()["properties"])
    jsonschema_rs.Draft202012Validator(headers()).validate(sent)
    assert message.key.decode() == sent["ce_partitionkey"]
    assert json.loads(message.value) == event["data"]
