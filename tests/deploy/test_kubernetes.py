"""The Kubernetes manifests: valid by the schemas, safe by default, with names that the product knows."""

import os
from typing import Any

import kubernetes_validate
import pytest

from services.cli.workspace import SERVICES
from services.kit.settings import Settings
from tests.support.deployed import DEPLOY, PLACEHOLDER, PREFIX, SETTINGS, VERSION, manifests

ALL = list(manifests())
PROCESSES = {service.name for service in SERVICES} | {"relay"}


def of(kind: str) -> dict[str, dict[str, Any]]:
    """Return the manifests of a kind by name."""
    return {one["metadata"]["name"]: one for _, one in ALL if one["kind"] == kind}


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = of("Deployment")[name]["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("version", ["1.31", kubernetes_validate.latest_version().rsplit(".", 1)[0]])
@pytest.mark.parametrize("number", range(len(ALL)), ids=lambda n: f"{ALL[n][0]}-{ALL[n][1]['kind']}")
def test_the_schema_is_kept(number: int, version: str):
    file, manifest = ALL[number]
    assert file
    kubernetes_validate.validate(manifest, version, strict=True)


def test_the_schema_check_can_fail():
    broken = {**of("Service")["relay"], "spec": {"ports": [{"port": "no number"}]}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.31", strict=True)


def test_every_process_has_a_deployment_a_service_and_a_disruption_budget():
    assert set(of("Deployment")) == set(of("Service")) == set(of("PodDisruptionBudget")) == PROCESSES
    for name, budget in of("PodDisruptionBudget").items():
        labels = of("Deployment")[name]["spec"]["template"]["metadata"]["labels"]
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert of("Service")[name]["spec"]["selector"].items() <= labels.items()
        if budget["spec"].get("minAvailable"):  # else no node could ever be emptied
            replicas = of("Deployment")[name]["spec"].get("replicas")
            autoscaled = of("HorizontalPodAutoscaler").get(name, {"spec": {"minReplicas": replicas}})
            assert autoscaled["spec"]["minReplicas"] > budget["spec"]["minAvailable"]


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_a_pod_can_do_nothing_but_its_work(name: str):
    spec = pod(name)
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False  # a Service called voronka would set VORONKA_PORT
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["memory"]
    assert container["image"].endswith(f":{VERSION}")
    assert container["args"][-1] == name


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_probes_ask_for_what_the_product_answers(name: str):
    (container,) = pod(name)["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


def test_every_setting_is_one_of_the_product():
    data = of("ConfigMap")["voronka"]["data"]
    secret = of("Secret")["voronka"]["stringData"]
    names = {name for name in (*data, *secret) if name.startswith(PREFIX)}
    assert names - SETTINGS == set()
    assert all(PLACEHOLDER in value for value in secret.values())
    assert not data.keys() & secret.keys()
    assert {"VORONKA_SECRET", "VORONKA_EVENT_STORE", "VORONKA_DOCUMENTS", "VORONKA_REDIS"} <= secret.keys()


def test_the_settings_are_enough_for_the_distributed_profile(monkeypatch: pytest.MonkeyPatch):
    for name in os.environ.keys() & SETTINGS:
        monkeypatch.delenv(name)
    values = of("ConfigMap")["voronka"]["data"] | of("Secret")["voronka"]["stringData"]
    for name, value in values.items():
        monkeypatch.setenv(name, value if name != "VORONKA_SECRET" else "s" * 32)
    found = Settings(_env_file=None)
    found.check_distributed()
    for service in SERVICES:
        assert getattr(found, f"{service.name}_url") == f"http://{service.name}:8080"
        assert of("Service")[service.name]["spec"]["ports"][0]["port"] == 8080


def test_the_autoscaler_has_a_metric_that_exists_and_no_more_workers_than_lanes():
    from services.kit.lanes import LANES
    from services.kit.telemetry import REGISTRY

    spec = of("HorizontalPodAutoscaler")["analytics"]["spec"]
    assert spec["scaleTargetRef"]["name"] in of("Deployment")
    assert spec["metrics"][0]["external"]["metric"]["name"] in {family.name for family in REGISTRY.collect()}
    assert spec["maxReplicas"] == LANES


def test_no_secret_is_among_what_is_applied():
    assert {file for file, one in ALL if one["kind"] == "Secret"} == {"secret.yaml.example"}
    assert (DEPLOY / "k8s" / "README.md").exists()
