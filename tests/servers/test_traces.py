"""One trace through all processes and Kafka, as a collector gets it from them (DESIGN 11; X11, #4)."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

import pytest

from tests.servers.cluster import Cluster
from tests.support.otlp import Collector, Seen, Trail
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("whole cluster")]
CALLER = "b7ad6b7169203331"
NAME, TEXT = "Zinaida Personalenko", "she prefers evenings"


def ask(cluster: Cluster, path: str, body: dict[str, object] | None = None, trace: str = "") -> dict[str, Any]:
    """Ask the gateway: a command if there is a body. A service that is not known yet may take a moment."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": path.replace("/", "-")}
    if trace:
        headers["traceparent"] = f"00-{trace}-{CALLER}-01"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(
        urllib.request.Request(f"{cluster.url('gateway')}/api/v1{path}", data, headers | cluster.headers()),
        timeout=PATIENCE,
    ) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_one_trace_leads_through_all_processes_and_kafka(collected: Collector, cluster: Cluster) -> None:  # X11
    cluster.start_all()
    ask(cluster, "/settings", {"base_currency": "EUR"})
    stages = [{"stage_id": id, "name": id, "kind": kind} for id, kind in (("new", "in_work"), ("won", "bought"))]
    ask(cluster, "/funnels", {"funnel_id": "f", "name": "Sales", "subject": "deal", "stages": stages})
    client = ask(cluster, "/clients", {"client_id": "c", "name": NAME})
    ask(cluster, "/notes", {"note_id": "n", "client_id": "c", "text": TEXT})
    deadline = time.monotonic() + PATIENCE
    while ask(cluster, f"/metrics/clients?after={client['token']}")["stale"]:
        assert time.monotonic() < deadline, "what is stored is folded"
    trace = "0af7651916cd43dd8448eb211c80319c"
    done = ask(cluster, "/deals", {"deal_id": "d", "client_id": "c", "funnel_id": "f", "value": 100}, trace)
    ask(cluster, f"/metrics/clients?after={done['token']}")
    wanted = {
        "POST /api/v1/deals",
        "send pipeline.events",
        "fold analytics",
        "commit analytics",
        "append pipeline.events",
    }

    def reads(trail: Trail) -> list[Seen]:
        """Return the reads that are linked to the append and whose request is there too."""
        appended = trail.of(trace).one("append pipeline.events").id
        waits = [span for span in trail.named("wait for read models") if (trace, appended) in span.links]
        return [span for span in waits if trail.way(span)[0] == "GET /api/v1/metrics/clients"]

    def arrived(trail: Trail) -> bool:
        own = trail.of(trace)
        there = {span.name for span in own.spans} >= wanted
        return there and bool(reads(trail)) and all(way[0] == CALLER for way in own.ways())

    everything = collected.until(arrived)
    trail = everything.of(trace)
    commit = trail.one("commit analytics")
    asked = ["POST /api/v1/deals", "OpenDeal", "POST", "POST /internal/commands/{name}", "OpenDeal"]
    assert trail.way(commit) == [CALLER, *asked, "append pipeline.events", "fold analytics", "commit analytics"]
    assert trail.way(trail.one("send pipeline.events")) == [
        CALLER, *asked, "append pipeline.events", "send pipeline.events"
    ]  # fmt: skip
    by_service = {(span.service, span.name) for span in trail.spans}
    assert by_service >= {
        ("voronka-gateway", "POST /api/v1/deals"),
        ("voronka-gateway", "POST"),
        ("voronka-pipeline", "POST /internal/commands/{name}"),
        ("voronka-pipeline", "append pipeline.events"),
        ("voronka-relay", "send pipeline.events"),
        ("voronka-analytics", "fold analytics"),
        ("voronka-analytics", "commit analytics"),
    }
    told = {
        name: (span.attributes.get("messaging.system"), span.attributes.get("db.system.name"))
        for name in sorted(wanted - {"POST /api/v1/deals"})
        for span in [trail.one(name)]
    }
    assert told == {
        "append pipeline.events": ("kurrentdb", "kurrentdb"),
        "commit analytics": (None, "mongodb"),
        "fold analytics": ("kafka", None),
        "send pipeline.events": ("kafka", None),
    }
    assert not any(span.failed for span in trail.spans)
    assert {read.service for read in reads(everything)} == {"voronka-analytics"}
    secrets = (*NAME.split(), TEXT, cluster.env["VORONKA_SECRET"], "Bearer", cluster.env["VORONKA_DOCUMENTS"])
    for secret in secrets:
        assert secret.encode() not in b"".join(collected.raw), secret
    took = cluster.stop()
    assert {name: cluster.running[name].returncode for name in took if name not in ("mongo", "kurrent")} == {
        name: 0 for name in took if name not in ("mongo", "kurrent")
    }
    names = {told["service.name"] for told in collected.resources()}
    assert names == {"voronka-gateway", "voronka-clients", "voronka-pipeline", "voronka-analytics", "voronka-relay"}
    instances = {told["service.instance.id"] for told in collected.resources()}
    assert len(instances) >= 5
