"""A group's version is raised with every change of its folds (DESIGN 5): so stored rows are of the code they claim.

`python -m tests.architecture.test_group_versions` writes what is true now; raise the version first if folds changed.
"""

import hashlib
import json
from pathlib import Path

import pytest

from services.cli.workspace import SERVICES

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("group_versions.json")
PROJECTIONS = [(service.name, each) for service in SERVICES for each in service.projections]


def fingerprint(service: str) -> str:
    """Hash of all that a service's folds are written in, without comments' layout: the source text itself."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "services" / service / "projections").glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def present() -> dict[str, dict[str, object]]:
    """What is true now, by group."""
    return {each.name: {"version": each.version, "folds": fingerprint(service)} for service, each in PROJECTIONS}


@pytest.mark.parametrize(("service", "projection"), PROJECTIONS, ids=lambda value: getattr(value, "name", value))
def test_a_changed_fold_has_a_new_version(service, projection):  # DESIGN 5
    kept = json.loads(KEPT.read_text("utf-8"))[projection.name]
    now = {"version": projection.version, "folds": fingerprint(service)}
    assert now == kept, (
        "the folds changed: raise the Projection's version (stored read models are then built anew), "
        "and run `python -m tests.architecture.test_group_versions`"
    )


if __name__ == "__main__":
    KEPT.write_text(json.dumps(present(), indent=1, sort_keys=True) + "\n", "utf-8")
