"""Alerts and dashboards name metrics and labels that the product has (DESIGN 11)."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.kit.telemetry import METRICS, REGISTRY
from tests.support.deployed import DEPLOY, compose

RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
BOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
KNOWN = {family.name + suffix for family in REGISTRY.collect() for suffix in SUFFIXES[family.type]}
LABELS = {metric._name: set(metric._labelnames) for metric in vars(METRICS).values()}
GIVEN = {"le", "job", "instance", "process"}
"""Labels that Prometheus and its configuration add."""
FOREIGN = {"up"}


def read(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    return found


def expressions(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (query, text that names its labels) of alerts or panels."""
    document = read(path)
    for group in document.get("groups", []):
        for rule in group["rules"]:
            yield rule["expr"], " ".join(rule["annotations"].values())
    for panel in document.get("panels", []):
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]


def names(query: str) -> set[str]:
    """Return the metrics in a query."""
    return set(re.findall(r"\bvoronka_\w+|\bup\b", query))


def labels(query: str, text: str) -> set[str]:
    """Return the labels that a query or the text beside it names."""
    grouped = {label.strip() for inside in re.findall(r"by \(([^)]*)\)", query) for label in inside.split(",")}
    matched = set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", query))
    shown = set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", text))
    return grouped | matched | shown


def base(name: str) -> str:
    return re.sub(r"_(total|bucket|sum|count)$", "", name)


@pytest.mark.parametrize("path", [*RULES, *BOARDS], ids=lambda path: path.name)
def test_every_metric_exists(path: Path):
    found = list(expressions(path))
    assert found
    for query, text in found:
        used = names(query)
        assert used, query
        assert used - KNOWN - FOREIGN == set(), query
        has = set().union(*(LABELS.get(base(name), GIVEN) for name in used)) | GIVEN
        assert labels(query, text) - has == set(), query


def test_what_an_operator_must_see_has_an_alert_and_a_panel():
    asked = {name for path in RULES for query, _ in expressions(path) for name in names(query)}
    shown = {name for path in BOARDS for query, _ in expressions(path) for name in names(query)}
    needed = {"voronka_lane_stopped", "voronka_gaps_total", "voronka_lag_events", "voronka_dead_letters_total"}
    needed |= {"voronka_refusals_total", "voronka_relay_lag", "voronka_command_seconds_bucket"}
    assert needed <= asked
    assert needed | {"voronka_folded_events_total", "voronka_commands_total", "voronka_relay_position"} <= shown


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_an_alert_says_what_to_do(path: Path):
    for group in read(path)["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"critical", "warning"}
            assert rule["annotations"]["summary"]
            assert rule["annotations"]["remedy"]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.name)
def test_a_dashboard_is_whole(path: Path):
    board = read(path)
    sources = read(DEPLOY / "grafana/provisioning/datasources/voronka.yaml")["datasources"]
    assert board["uid"] == path.stem
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel["datasource"]["uid"] in {source["uid"] for source in sources}
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies over another panel"
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_addresses_are_those_of_the_compose_file():
    services = compose()["services"]
    config = read(DEPLOY / "prometheus/prometheus.yml")
    ours = {name for name, one in services.items() if "build" in one}
    (job,) = [each for each in config["scrape_configs"] if each["job_name"] == "voronka"]
    assert set(job["dns_sd_configs"][0]["names"]) == ours
    assert job["dns_sd_configs"][0]["port"] == int(services["gateway"]["environment"]["VORONKA_PORT"])
    sources = read(DEPLOY / "grafana/provisioning/datasources/voronka.yaml")["datasources"]
    collector = read(DEPLOY / "otel/collector.yaml")
    for url in [*(source["url"] for source in sources), collector["exporters"]["otlp"]["endpoint"]]:
        assert url.removeprefix("http://").split(":")[0] in services
    otlp = services["gateway"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    port = collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"].split(":")[1]
    assert otlp == f"http://otel-collector:{port}"
    for pipeline in collector["service"]["pipelines"].values():
        for part in ("receivers", "processors", "exporters"):
            assert set(pipeline[part]) <= set(collector[part])


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("needs `promtool`: install Prometheus (Debian: prometheus)")
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.servers
def test_prometheus_itself_understands_its_configuration():
    done = promtool("check", "config", str(DEPLOY / "prometheus/prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    rules = promtool("check", "rules", *map(str, RULES))
    assert rules.returncode == 0, rules.stdout + rules.stderr


@pytest.mark.servers
@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.name)
def test_prometheus_itself_understands_the_queries_of_a_dashboard(path: Path, tmp_path: Path):
    rules = [{"record": f"query:{number}", "expr": query} for number, (query, _) in enumerate(expressions(path))]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    done = promtool("check", "rules", "--lint=none", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


SERIES = {
    'voronka_lane_stopped{group="analytics", lane="3"}': "0x3 1x60",
    'voronka_lag_events{group="analytics"}': "500x60",
    'voronka_lag_events{group="clients"}': "0x20 500x3 0x60",  # an import: it passes by itself
    'voronka_gaps_total{group="clients"}': "0x10 1x60",
    'voronka_dead_letters_total{reaction="first_sale"}': "0x10 2x60",
    'voronka_refusals_total{code="unavailable"}': "0+20x60",
    'voronka_commands_total{command="PlaceOrder", outcome="refused"}': "0+40x60",
    'voronka_command_seconds_bucket{command="PlaceOrder", le="0.05"}': "0+40x60",
    'voronka_command_seconds_bucket{command="PlaceOrder", le="+Inf"}': "0+40x60",
    'up{job="voronka", process="clients", instance="clients:8080"}': "1x5 0x60",
    'up{job="voronka", process="relay", instance="relay:8080"}': "1x5 0x60",
    'voronka_relay_position{process="gateway"}': "0x60",
    "voronka_relay_lag": "0x5 9x60",
    "voronka_relay_failures_total": "0+1x60",
    'voronka_limits_away_total{limit="commands"}': "0+1x60",
    'voronka_foreign_messages_total{topic="pipeline.events"}': "0x10 1x60",
}
"""What Prometheus sees, every 10 s."""
FIRES: dict[str, tuple[str, list[dict[str, str]]]] = {
    "VoronkaLaneStopped": ("1m", [{"group": "analytics", "lane": "3", "severity": "critical"}]),
    "VoronkaLagStays": ("8m", [{"group": "analytics", "severity": "warning"}]),
    "VoronkaGaps": ("4m", [{"group": "clients", "severity": "warning"}]),
    "VoronkaDeadLetters": ("4m", [{"reaction": "first_sale", "severity": "warning"}]),
    "VoronkaRefusals": ("10m", [{"severity": "warning"}]),
    "VoronkaCommandsSlow": ("10m", []),
    "VoronkaCommitsSlow": ("10m", []),
    "VoronkaRedisAway": ("10m", [{"severity": "warning"}]),
    "VoronkaTargetDown": (
        "4m",
        [
            {"job": "voronka", "process": process, "instance": f"{process}:8080", "severity": "critical"}
            for process in ("clients", "relay")
        ],
    ),
    "VoronkaRelayLag": ("6m", [{"severity": "critical"}]),
    "VoronkaRelayGone": ("4m", [{"severity": "critical"}]),
    "VoronkaRelayInterrupted": ("10m", [{"severity": "warning"}]),
    "VoronkaTopicsRefilled": ("10m", []),
    "VoronkaForeignMessages": ("4m", [{"topic": "pipeline.events", "severity": "critical"}]),
    "VoronkaReadersRestart": ("10m", []),
}
"""Alert → when it is looked at, and what it says then."""


def test_every_alert_is_tried():
    assert {rule["alert"] for path in RULES for group in read(path)["groups"] for rule in group["rules"]} == set(FIRES)


@pytest.mark.servers
def test_alerts_fire_when_they_should_and_not_before(tmp_path: Path):
    groups = [group for path in RULES for group in read(path)["groups"]]
    for group in groups:
        for rule in group["rules"]:
            del rule["annotations"]  # they hold measured numbers
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    looks = [
        {"eval_time": at, "alertname": alert, "exp_alerts": [{"exp_labels": one} for one in expected]}
        for alert, (at, expected) in FIRES.items()
    ]
    # Before anything happened nothing is said (that no relay runs is said at once, as it never did).
    looks += [{"eval_time": "10s", "alertname": alert, "exp_alerts": []} for alert in FIRES]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    case = {"interval": "10s", "input_series": series, "alert_rule_test": looks}
    suite = {"rule_files": ["rules.yml"], "evaluation_interval": "10s", "tests": [case]}
    (tmp_path / "suite.yml").write_text(yaml.safe_dump(suite), encoding="utf-8")
    done = promtool("test", "rules", str(tmp_path / "suite.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
