"""The manual of the distributed profile says what the code says."""

import re

from services.cli import settings_table
from services.kit.settings import Settings
from tests.support.deployed import PREFIX, ROOT, SETTINGS

MANUAL = settings_table.MANUAL.read_text(encoding="utf-8")
PAGES = ["docs/distributed.md", "docs/subscribe.md", "deploy/k8s/README.md", "README.md"]
OTHERS = {"VORONKA_DATA"}
"""Options of commands, not settings."""


def test_the_table_of_settings_is_that_of_the_class():
    assert settings_table.with_table(MANUAL) == MANUAL, "run make schemas"
    for name in Settings.model_fields:
        assert f"| `{PREFIX}{name.upper()}` |" in MANUAL


def test_a_secret_shows_no_value():
    rows = {line.split("|")[1].strip(): line for line in settings_table.table().splitlines()}
    assert "a secret" in rows["`VORONKA_SECRET`"]
    assert "| `SCRAM-SHA-512` |" in rows["`VORONKA_KAFKA_MECHANISM`"]


def test_no_page_names_a_setting_that_does_not_exist():
    for page in PAGES:
        named = set(re.findall(rf"\b{PREFIX}[A-Z_]+", (ROOT / page).read_text(encoding="utf-8")))
        assert named - SETTINGS - OTHERS == set(), page


def test_links_between_pages_lead_somewhere():
    for page in [*PAGES, "examples/accounting_sync/README.md"]:
        here = (ROOT / page).parent
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8")):
            assert (here / target).exists(), f"{page}: {target}"
