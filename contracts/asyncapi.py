"""The AsyncAPI 3 document: the topics as other systems meet them (DESIGN 10, docs/subscribe.md)."""

from __future__ import annotations

from typing import Any, get_args

from contracts.base import Event
from contracts.envelope import Origin
from contracts.registry import EVENTS, TOPICS

PARTITIONS = 12
"""Of every topic, for ever: the lanes of the distributed profile."""
_BINDING = {"bindingVersion": "0.5.0"}
_WHOLE = r"^[0-9]+$"
_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}
_KEY = _TEXT | {"description": "Client id, else the subject's own id; the partition follows from it."}


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document: a channel per topic, its messages by reference to the schemas."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Voronka events",
            "version": "1",
            "description": "Facts of the CRM Voronka as CloudEvents 1.0, on Kafka in binary mode. Messages marked "
            "`x-reference` are in every partition of their topic: drop repeats by `ce_id`. How to follow without "
            "losing anything is told in docs/subscribe.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"cluster": _server()},
        "channels": {topic: _channel(topic) for topic in TOPICS},
        "operations": {
            topic.split(".", 1)[0] + "Facts": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{topic}"},
                "summary": f"Voronka's relay sends what happened in {topic.removesuffix('.events')}.",
            }
            for topic in TOPICS
        },
        "components": {
            "messages": {name: _message(event) for name, event in EVENTS.items()},
            "schemas": {"headers": headers()},
            "securitySchemes": {
                "scramSha512": {"type": "scramSha512", "description": "SASL; with TLS outside a trusted network."},
                "scramSha256": {"type": "scramSha256"},
                "plain": {"type": "plain", "description": "Only with TLS."},
            },
        },
    }


def headers() -> dict[str, Any]:
    """Return the schema of the Kafka headers: an attribute of the CloudEvent each, as text in UTF-8."""
    topics = "|".join(topic.removesuffix(".events") for topic in TOPICS)
    properties: dict[str, dict[str, Any]] = {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": _TEXT | {"description": "UUID; the same for the same event, for ever."},
        "ce_source": _TEXT | {"pattern": f"^/voronka/({topics})$"},
        "ce_type": _TEXT | {"pattern": rf"^({topics})\.[A-Z][A-Za-z]+\.v[0-9]+$"},
        "ce_subject": _TEXT | {"description": "The stream: `<category>-<id>`."},
        "ce_time": _TIME | {"description": "Business time, UTC; never decreasing inside a stream."},
        "ce_partitionkey": _TEXT | {"description": "The client's id, else the subject's own; also the message's key."},
        "ce_position": _TEXT | {"pattern": _WHOLE, "description": "In the log; grows, with holes, in a partition."},
        "ce_streamversion": _TEXT | {"pattern": _WHOLE, "description": "In the stream: 1, 2, 3 ... without holes."},
        "ce_recordedat": _TIME | {"description": "When it was stored; also the message's timestamp."},
        "ce_actor": _TEXT,
        "ce_commandid": _TEXT,
        "ce_commandhash": _TEXT,
        "ce_correlation": _TEXT | {"description": "Trace id, or empty."},
        "ce_origin": {"enum": list(get_args(Origin))},
        "ce_imputed": {"enum": ["true", "false"], "description": "`true`: the source had no time for it."},
        "ce_prev": _TEXT
        | {
            "pattern": _WHOLE,
            "description": "Position of the event before it in this topic and partition; `0`: none. Another position "
            "than that of the last one you have means that something is missing.",
        },
        "ce_logid": _TEXT | {"description": "Id of the log that positions belong to."},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _server() -> dict[str, Any]:
    return {
        "host": "{brokers}",
        "protocol": "kafka",
        "description": "The Kafka cluster of the installation; `kafka-secure` where it wants TLS.",
        "variables": {"brokers": {"default": "localhost:9092", "description": "HOST:PORT of a broker."}},
        "security": [
            {"$ref": f"#/components/securitySchemes/{name}"} for name in ("scramSha512", "scramSha256", "plain")
        ],
    }


def _channel(topic: str) -> dict[str, Any]:
    return {
        "address": topic,
        "description": f"All facts of the service {topic.removesuffix('.events')}, kept for ever. An installation may "
        "put a prefix before the name.",
        "messages": {name: _reference(name) for name in sorted(EVENTS) if EVENTS[name].topic() == topic},
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": PARTITIONS,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1, "retention.bytes": -1},
            }
            | _BINDING
        },
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}


def _message(event: type[Event]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": event.type,
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./events/{event.type}.schema.json"},
        },
        "bindings": {"kafka": {"key": _KEY} | _BINDING},
    }
    if event.reference:
        message["x-reference"] = True
    return message | {"summary": " ".join(event.__doc__.split())} if event.__doc__ else message
