"""The image: pinned, without root, without secrets, made of the lock file alone."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from tests.support.deployed import DEPLOY, PREFIX, ROOT, SECRETS, SETTINGS

TEXT = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
LAST = LINES[max(number for number, (word, _) in enumerate(LINES) if word == "FROM") :]


def rest(word: str, lines: list[list[str]] = LINES) -> list[str]:
    """Return what stands behind this word, line by line."""
    return [text for first, text in lines if first == word]


def test_the_base_is_pinned_and_the_same_in_all_stages():
    bases = {text.split()[0] for text in rest("FROM")}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-[\w-]+", bases.pop())
    assert len(rest("FROM")) == 2


def test_it_runs_as_nobody_special():
    assert rest("USER", LAST) == ["10001:10001"]
    after = [word for word, _ in LAST][[word for word, _ in LAST].index("USER") :]
    assert not {"RUN", "COPY", "ADD"} & set(after)


def test_what_is_installed_is_what_the_lock_file_says():
    assert "uv.lock" in rest("COPY")[0]
    syncs = [text for text in rest("RUN") if "uv sync" in text]
    assert len(syncs) == 2
    assert all("--frozen" in text and "--no-dev" in text and "--extra distributed" in text for text in syncs)
    (pinned,) = re.findall(r"uv==([\d.]+)", TEXT)
    (made,) = re.findall(r"^UV_VERSION := ([\d.]+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned == made


def test_the_files_of_pages_are_built_before_the_package_is_installed():
    (both,) = [text.split("&&") for text in rest("RUN") if "assets/ship.py" in text]
    assert [("--only-group assets" in part, "--no-editable" in part) for part in both] == [(True, False), (False, True)]
    assert "artifacts" in (ROOT / "pyproject.toml").read_text(
        encoding="utf-8"
    )  # git ignores them, the package must not


def test_no_secret_is_in_it():
    for text in [*rest("ENV"), *rest("ARG")]:
        assert not SECRETS.search(text), text
    assert not rest("ADD")


def test_its_settings_are_those_of_the_product():
    names = set(re.findall(rf"\b({PREFIX}\w+)=", " ".join(rest("ENV"))))
    assert names
    assert names <= SETTINGS


def test_everything_that_is_copied_is_there_and_let_through():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    allowed = [line[1:] for line in lines if line.startswith("!")]
    assert "*" in lines
    for text in rest("COPY"):
        parts = text.split()
        if parts[0].startswith("--from"):
            continue
        for source in parts[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch(source, one) for one in allowed), f"{source} is kept out by .dockerignore"


def test_secrets_are_kept_out_of_the_build():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    allowed = [line[1:] for line in lines if line.startswith("!")]
    assert not any(fnmatch(name, one) for one in allowed for name in (".env", ".git", "voronka-data"))
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").split("\n")


def test_the_linter_finds_nothing():
    program = Path(sys.executable).with_name("hadolint")
    found = str(program) if program.exists() else shutil.which("hadolint")
    assert found, "hadolint is missing: make check installs it"
    done = subprocess.run(
        [found, "--no-color", str(DEPLOY / "Dockerfile")], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def process(status: int, body: bytes) -> Iterator[int]:
    """Answer /health/ready like this; yields the port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/ready" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def health(port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DEPLOY / "health.py")],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env={"VORONKA_PORT": str(port)},
    )


def test_the_health_check_says_what_is_wrong():
    with process(200, b"{}") as port:
        assert health(port).returncode == 0
    with process(503, b"the event store is away") as port:
        unready = health(port)
        assert (unready.returncode, unready.stderr.strip()) == (1, "the event store is away")
    gone = health(port)
    assert gone.returncode == 1
    assert "refused" in gone.stderr
