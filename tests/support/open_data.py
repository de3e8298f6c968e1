"""Where the open data sets are, beside the project; tests skip where they are not."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3] / "shared" / "data"
SETS = ("helpdesk_it", "maven_crm", "northwind/classic_1996_1998", "northwind/traders_2006")


def canonical(name: str) -> Path:
    """Return the canonical bundle of a set; skip the test if it is not there."""
    folder = ROOT / name / "canonical"
    if not folder.is_dir():
        pytest.skip(f"no open data at {folder}: put the set there (data/README.md) and run this test again")
    return folder


def expected(name: str) -> Path:
    """Return the expected metrics of a set; skip the test if they are not there."""
    return canonical(name).parent / "expected"
