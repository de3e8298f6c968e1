"""A real MongoDB, a replica set of one, in a container: for tests marked `containers`."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from tests.support.patience import PATIENCE

IMAGE = "mongo:8.0"
_INITIATE = "rs.initiate({_id: 'rs0', members: [{_id: 0, host: 'localhost:27017'}]})"
_READY = "quit(db.hello().isWritablePrimary ? 0 : 1)"


def why_not() -> str | None:
    """Return why no container can be started here, None if one can."""
    if shutil.which("docker") is None:
        return "needs a Docker engine: docker is not installed"
    if subprocess.run(["docker", "info"], check=False, capture_output=True, timeout=30).returncode:
        return "needs a Docker engine: `docker info` does not reach one"
    if find_spec("testcontainers") is None:
        return "needs testcontainers: .venv/bin/uv pip install testcontainers"
    return None


@contextmanager
def replica_set() -> Iterator[str]:
    """Run it; yield its address."""
    from testcontainers.core.container import DockerContainer

    made = DockerContainer(IMAGE).with_command("--replSet rs0 --bind_ip_all").with_exposed_ports(27017)
    with made as container:
        for script in (_INITIATE, _READY):
            deadline = time.monotonic() + PATIENCE
            while container.exec(["mongosh", "--quiet", "--eval", script]).exit_code:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"MongoDB does not do {script}")
                time.sleep(0.2)
        host, port = container.get_container_host_ip(), container.get_exposed_port(27017)
        yield f"mongodb://{host}:{port}/?directConnection=true"
