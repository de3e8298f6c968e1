"""What the files for running Voronka in containers say, as the tests of them read it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from services.kit.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PREFIX = "VORONKA_"
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}
PLACEHOLDER = "CHANGE-ME"
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
SECRETS = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY\b")


def compose() -> dict[str, Any]:
    """Return docker-compose.yml, anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (file, manifest) for all of deploy/k8s, the example of the secret too."""
    for path in sorted([*(DEPLOY / "k8s").glob("*.yaml"), *(DEPLOY / "k8s").glob("*.example")]):
        for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield path.name, manifest
