"""Which profile a verb of the command line works in: said once for all of them (DESIGN 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import standing, verbs
from services.cli.in_folder import InFolder
from services.cli.main import app
from services.cli.on_servers import OnServers
from services.cli.sheets import TableOrder
from services.cli.standing import Order
from services.importer.sheets.taking import Order as Taking

WORDS: dict[str, tuple[list[str], str, tuple[Any, ...], dict[str, Any]]] = {
    "run": (["run", "--port", "9000"], "run", ([], 9000), {"demo_if_empty": True}),
    "import": (
        ["import", "bundle", "--strict"],
        "import_",
        (Path("bundle"),),
        {"strict": True, "source": None, "errors": Path("errors.csv")},
    ),
    "import-table": (
        [
            *("import-table", "c.xlsx", "--kind", "notes", "--map", "A = b=client", "--map", "C=", "--sheet", "S"),
            *("--duplicates", "update", "--dry-run", "--refused", "r.csv", "--country", "Україна"),
        ],
        "import_table",
        (
            TableOrder(
                Taking(Path("c.xlsx"), "notes", {"A = b": "client", "C": ""}, "update", "UA", "S"), True, Path("r.csv")
            ),
        ),
        {},
    ),
    "undo-import": (["undo-import", "i-1"], "undo_import", ("i-1",), {}),
    "export metrics": (
        ["export", "metrics", "--out", "o", "--as-of", "1970-01-01T00:00:01Z"],
        "export_metrics",
        (Path("o"), 1000),
        {},
    ),
    "export events": (["export", "events", "--out", "o"], "export_events", (Path("o"),), {}),
    "verify": (["verify", "--most", "3"], "verify", (3,), {}),
    "rebuild": (["rebuild", "--projection", "clients"], "rebuild", ("clients",), {}),
    "skip": (
        ["skip", "--yes", "--projection", "clients", "--by", "ann", "--why", "not ours"],
        "skip",
        (Order("clients", True, "ann", "not ours"),),
        {},
    ),
    "demo": (["demo", "--clients", "3", "--events", "40", "--seed", "7"], "demo", (3, 40, 7), {}),
    "doctor": (["doctor"], "doctor", (), {}),
}
"""Verb → the words typed, and how it is to be called."""


class Asked:
    """Notes what is asked, and answers with an exit code of its own."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        async def verb(*args: Any, **more: Any) -> int:
            self.calls.append((name, args, more))
            return 7

        return verb


@pytest.mark.parametrize("verb", WORDS)
@pytest.mark.parametrize("how", ["nothing said", "setting", "option", "option over setting"])
def test_a_verb_is_done_by_the_profile_that_is_asked_for(verb: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words, name, args, more = WORDS[verb]
    asked = {"embedded": Asked(), "distributed": Asked()}
    monkeypatch.setattr(verbs, "_BY_PROFILE", {profile: lambda *_, a=a: a for profile, a in asked.items()})
    setting, option, wanted = {
        "nothing said": ("", [], "embedded"),
        "setting": ("distributed", [], "distributed"),
        "option": ("", ["--profile", "distributed"], "distributed"),
        "option over setting": ("distributed", ["--profile", "embedded"], "embedded"),
    }[how]
    if setting:
        monkeypatch.setenv("VORONKA_PROFILE", setting)
    else:
        monkeypatch.delenv("VORONKA_PROFILE", raising=False)
    assert CliRunner().invoke(app, [*words, *option]).exit_code == 7
    assert asked.pop(wanted).calls == [(name, args, more)]
    assert [each.calls for each in asked.values()] == [[]]


def test_each_profile_has_its_verbs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VORONKA_PROFILE", "embedded")
    folder, servers = verbs.verbs(None, tmp_path / "data"), verbs.verbs("distributed", tmp_path / "data")
    assert isinstance(folder, InFolder)
    assert folder.data == tmp_path / "data"
    assert isinstance(servers, OnServers)
    for name in {call for _, call, _, _ in WORDS.values()}:
        assert callable(getattr(folder, name))
        assert callable(getattr(servers, name))


@pytest.mark.parametrize("verb", WORDS)
def test_every_verb_on_servers_says_which_settings_are_missing(
    verb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("EVENT_STORE", "KAFKA", "DOCUMENTS", "REDIS", "SECRET"):
        monkeypatch.delenv(f"VORONKA_{name}", raising=False)
    said = CliRunner().invoke(app, [*WORDS[verb][0], "--profile", "distributed"])
    assert said.exit_code == 3
    assert "VORONKA_EVENT_STORE" in said.output
    assert list(tmp_path.iterdir()) == [], "no data folder is made"


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(standing.getpass, "getuser", nobody)
    monkeypatch.setattr(standing.os, "getuid", lambda: 1234)
    assert standing.login() == "user 1234"
