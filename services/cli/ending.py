"""How the process `voronka` ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress

from services.kit.tracing.sending import SENDING

_SERVER = "granian.server.embed"


def ended(command: Callable[[], object]) -> None:
    """Run a command to the end of the process.

    A process that served ends without taking the interpreter apart: the server's threads may outlive `serve()`, and one
    that comes back to a closing interpreter aborts the process (granian issue 693). By then all is stored and closed.
    """
    try:
        try:
            command()
        finally:
            SENDING.close()
    except SystemExit as asked:
        if _SERVER not in sys.modules or not isinstance(asked.code, int):
            raise
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # nobody reads it any more
                stream.flush()
        os._exit(asked.code)
