"""A process that served ends by its exit code, whatever the server's threads still do (#4, DESIGN 10)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CHILD = """
import atexit, sys, typer
from services.cli.ending import ended
if "served" in sys.argv:
    import granian.server.embed
atexit.register(lambda: print("taken apart", flush=True))
app = typer.Typer()
@app.command()
def run(how: str):
    print("stopping ...", end="")
    raise typer.Exit(3 if how == "failed" else 0)
sys.argv = ["voronka", sys.argv[-1]]
ended(app)
"""


@pytest.mark.parametrize(("how", "code"), [("well", 0), ("failed", 3)])
@pytest.mark.parametrize("served", ["served", "plain"])
def test_only_a_process_that_served_leaves_the_interpreter_as_it_is(served: str, how: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, served, how], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == ("stopping ..." if served == "served" else "stopping ...taken apart\n")
