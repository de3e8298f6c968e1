"""Who may import whom (DESIGN 3), proven both ways: the rules hold here, and each of them finds a planted breach."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("contracts", "services")
MODULES = sorted(path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PURE = ("domain", "projections")
RULES = {
    rule["id"]: rule
    for rule in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        Path(sys.executable).with_name("lint-imports"),
        "--no-logo",
        "--no-cache",
        "--config",
        ROOT / "pyproject.toml",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A tiny project that keeps every rule."""
    for name in [
        "contracts/__init__", "contracts/ids", "services/__init__", "services/cli/__init__", "services/kit/__init__",
        "services/kit/adapters/__init__", "services/kit/clock", "services/kit/decider", "services/clients/__init__",
        "services/clients/domain/__init__", "services/clients/projections/__init__", "services/pipeline/__init__",
    ]:  # fmt: skip
        plant(tmp_path, f"{name}.py", "")
    plant(tmp_path, "contracts/ids.py", "import uuid")
    plant(tmp_path, "services/clients/domain/client.py", "import contracts.ids, datetime, services.kit.decider")
    plant(tmp_path, "services/cli/main.py", "import services.clients, services.pipeline, services.kit.clock")
    return tmp_path


def plant(project: Path, path: str, code: str) -> None:
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).write_text(code)


def test_the_rules_hold():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_rules_allow_what_the_design_allows(project: Path):
    result = lint_imports(project)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("services/clients/api.py", "import services.pipeline"),
        ("services/kit/web.py", "import services.clients"),
        ("services/clients/api.py", "import services.cli.main"),
        ("contracts/events.py", "import services.kit.decider"),
        ("services/clients/domain/note.py", "import sqlite3"),
        ("services/clients/projections/note.py", "from time import time"),
        ("services/clients/projections/note.py", "from services.kit.clock import now"),
        ("services/clients/domain/note.py", "import services.kit.adapters"),
        ("services/kit/decider.py", "import asyncio"),  # the domain imports it: a breach by a detour
        ("services/billing/__init__.py", ""),  # a service that no rule knows
    ],
)
def test_a_planted_breach_is_found(project: Path, path: str, code: str):
    plant(project, path, code)
    result = lint_imports(project)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout


def test_every_pure_folder_is_seen_by_the_rule(graph: grimp.ImportGraph):
    """import-linter passes silently over a pattern that matches nothing and over a folder without __init__.py."""
    folders = {Path(path).parent.as_posix() for path in MODULES if path.split("/")[2:3] and path.split("/")[2] in PURE}
    matched = {name for pattern in RULES["pure"]["source_modules"] for name in graph.find_matching_modules(pattern)}
    assert {folder.replace("/", ".") for folder in folders} == matched


@pytest.mark.parametrize("pattern", RULES["pure"]["source_modules"])
def test_every_pattern_matches_a_folder(graph: grimp.ImportGraph, pattern: str):
    if not any(path.endswith("/service.py") for path in MODULES):
        pytest.skip("no service is there yet: it begins with its service.py")
    assert graph.find_matching_modules(pattern)


def test_every_module_is_seen_by_the_rules(graph: grimp.ImportGraph):
    names = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in MODULES}
    assert names == {name for name in graph.modules if name.split(".")[0] in PACKAGES}


@pytest.mark.parametrize("path", MODULES)
def test_a_module_is_short(path: str):
    limit = 60 if path.endswith("/service.py") and "/kit/" not in path else 300
    assert len((ROOT / path).read_text().splitlines()) <= limit


@pytest.mark.parametrize("path", [path for path in MODULES if path.startswith("contracts/")])
def test_contracts_import_pydantic_only(path: str):
    allowed = {*sys.stdlib_module_names, "contracts", "pydantic", "pydantic_core"} | (
        {"msgspec"} if path == "contracts/fast.py" else set()
    )
    assert imported(ROOT / path) <= allowed


def test_no_package_is_named_platform():
    """It would hide the standard library's module."""
    assert "platform" not in {part for path in MODULES for part in Path(path).parts}


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    absolute = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in plain | absolute}
