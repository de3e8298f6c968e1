"""docker-compose.yml says what the product understands, and gives nobody more than they need."""

import re
import shutil
import subprocess
from typing import Any

import pytest

from services.cli.workspace import SERVICES
from services.kit.errors import Unusable
from services.kit.settings import Settings
from tests.support.deployed import DEPLOY, PLACEHOLDER, PREFIX, ROOT, SECRETS, SETTINGS, VERSION, compose

COMPOSE = compose()
ALL: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in ALL.items() if "build" in one}
NO_SHELL = {"otel-collector"}
"""Images that cannot check themselves; Prometheus watches them."""
FILLED = {"VORONKA_SECRET": "s" * 32, "REDIS_PASSWORD": "p", "GRAFANA_PASSWORD": "g"}


def settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, filled: dict[str, str]) -> Settings:
    """Return the settings that a container with this environment has."""
    for name, text in environment.items():
        monkeypatch.setenv(name, re.sub(r"\$\{(\w+)[^}]*\}", lambda match: filled[match[1]], text))
    return Settings(_env_file=None)


def test_all_services_of_the_product_run_and_two_workers_share_the_numbers():
    run = {one["command"][-1] for one in OURS.values() if "run" in one["command"]}
    assert run == {service.name for service in SERVICES}
    assert [name for name, one in OURS.items() if "relay" in one["command"]] == ["relay"]
    assert ALL["analytics"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_of_the_product(name: str):
    ours = {each for each in OURS[name]["environment"] if each.startswith(PREFIX)}
    assert ours - SETTINGS == set()


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_enough_for_the_distributed_profile(name: str, monkeypatch: pytest.MonkeyPatch):
    found = settings(OURS[name]["environment"], monkeypatch, FILLED)
    found.check_distributed()
    assert (found.profile, found.host) == ("distributed", "0.0.0.0")
    for service in SERVICES:
        assert getattr(found, f"{service.name}_url") == f"http://{service.name}:{found.port}"
    assert found.kafka == "kafka:9092"
    assert "redis://:p@redis" in found.redis.get_secret_value()


def test_the_placeholders_do_not_start(monkeypatch: pytest.MonkeyPatch):
    lines = [line for line in (DEPLOY / "env.example").read_text().splitlines() if line and not line.startswith("#")]
    example = dict(line.split("=", 1) for line in lines)
    assert set(example) == set(FILLED)
    assert set(example.values()) == {PLACEHOLDER}
    with pytest.raises(Unusable, match="VORONKA_SECRET"):
        settings(OURS["gateway"]["environment"], monkeypatch, example).check_distributed()


@pytest.mark.parametrize("name", ALL)
def test_an_image_is_pinned(name: str):
    image = ALL[name]["image"]
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?", image), image
    if name in OURS:
        assert image == f"voronka:{VERSION}"


@pytest.mark.parametrize("name", ALL)
def test_nobody_is_root_or_can_become_it(name: str):
    user = ALL[name]["user"].split(":")[0]
    assert int(user) > 0
    assert ALL[name]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in ALL[name]["security_opt"]
    assert not {"privileged", "network_mode", "pid", "cap_add"} & set(ALL[name])


@pytest.mark.parametrize("name", OURS)
def test_our_processes_write_nothing_but_temporary_files(name: str):
    assert OURS[name]["read_only"] is True
    assert "volumes" not in OURS[name]


@pytest.mark.parametrize("name", sorted(ALL.keys() - NO_SHELL))
def test_there_is_a_health_check(name: str):
    check = ALL[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert check["interval"]
    assert check["timeout"]


@pytest.mark.parametrize("name", ALL)
def test_only_this_machine_can_reach_it(name: str):
    assert all(port.startswith("127.0.0.1:") for port in ALL[name].get("ports", []))


@pytest.mark.parametrize("name", ALL)
def test_a_secret_comes_from_outside_and_must_be_set(name: str):
    for variable, value in ALL[name].get("environment", {}).items():
        if SECRETS.search(variable):
            assert re.fullmatch(r"\$\{\w+:\?.+\}", value), variable


@pytest.mark.parametrize("name", ALL)
def test_what_is_mounted_is_there(name: str):
    for volume in ALL[name].get("volumes", []):
        source, _, rest = volume.partition(":")
        if source.startswith("./"):
            assert (ROOT / source).exists(), volume
            assert rest.endswith(":ro"), volume
        else:
            assert source in COMPOSE["volumes"]


@pytest.mark.servers
def test_compose_itself_understands_it():
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("needs `docker-compose` (no engine): install it (Debian: docker-compose)")
    command = [program, "--env-file", str(DEPLOY / "env.example"), "-f", str(ROOT / "docker-compose.yml"), "config"]
    done = subprocess.run([*command, "--services"], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == set(ALL)
    without = [part for part in command if part not in {"--env-file", str(DEPLOY / "env.example")}]
    refused = subprocess.run(without, check=False, capture_output=True, text=True, timeout=60, cwd=DEPLOY)
    assert refused.returncode != 0
    assert "copy deploy/env.example" in refused.stderr
