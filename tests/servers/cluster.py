"""The distributed profile as processes, on real Kafka and Redis and on the doubles of event store and document store.

    python -m tests.servers.cluster

starts all of it with the demo, prints where the first page is, and stops with Ctrl+C (`make distributed`)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError, URLError

from services.cli.demo import write_bundle
from services.gateway.accounts.tickets import account_in
from tests.servers.native.kafka import Kafka
from tests.servers.native.process import free_ports
from tests.servers.native.redis import Redis
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "clients", "pipeline", "analytics")
ALL = (*SERVICES, "analytics-2", "relay")
SPARE = "relay-2"
"""A second relay, for tests that want one."""
SHUFFLING = "relay-shuffling"
"""A relay that tells topics shuffled against each other (shuffling.py)."""
WHOLE = "whole"
"""All services in one process."""
_numbers = count()
VORONKA = [sys.executable, "-m", "services.cli.main"]


@dataclass
class Cluster:
    """`folder`: where the doubles keep their data and every process its log."""

    folder: Path
    kafka: str
    redis: str
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = (*ALL, SPARE, SHUFFLING, WHOLE, "kurrent", "mongo")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._token: str | None = None
        self._prefix = f"cluster-{os.getpid()}-{next(_numbers)}."

    @property
    def env(self) -> dict[str, str]:
        """The environment of every process."""
        urls = {f"VORONKA_{name.upper()}_URL": self.url(name) for name in SERVICES}
        return (
            os.environ
            | urls
            | {
                "VORONKA_PROFILE": "distributed",
                "VORONKA_EVENT_STORE": f"kurrentdb://127.0.0.1:{self.ports['kurrent']}?tls=false",
                "VORONKA_KAFKA": self.kafka,
                "VORONKA_KAFKA_PREFIX": self._prefix,
                "VORONKA_DOCUMENTS": f"mongodb://127.0.0.1:{self.ports['mongo']}/?replicaSet=rs0",
                "VORONKA_REDIS": self.redis,
                "VORONKA_SECRET": "a secret of tests that is long enough",
            }
        )

    def headers(self) -> dict[str, str]:
        """Return what a request to the gateway needs: a token of an administrator, made at the first call."""
        if self._token is None:
            told = self.voronka("account", "token", "tests", "--create", "administrator")
            assert told.returncode == 0, told.stderr
            self._token = told.stdout.strip()
            self._known()
        return {"Authorization": f"Bearer {self._token}"}

    @property
    def actor(self) -> str:
        """Who sends what is sent with `headers`."""
        found = account_in(self.headers()["Authorization"].removeprefix("Bearer "))
        assert found is not None
        return found

    def _known(self) -> None:
        """Wait until the gateway has learned of the account."""
        deadline = time.monotonic() + PATIENCE
        request = urllib.request.Request(f"{self.url('gateway')}/api/v1/status", headers=self.headers())
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(request, timeout=30).close()
            except (URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the gateway does not know the token")

    def url(self, name: str) -> str:
        """Return where a process answers."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, *names: str) -> None:
        """Start these processes; return at once."""
        for name in names:
            if name in ("kurrent", "mongo"):
                data = str(self.folder / name)
                command = [
                    sys.executable,
                    "-m",
                    f"tests.doubles.{name}",
                    "--data",
                    data,
                    "--port",
                    str(self.ports[name]),
                ]
            elif name in ("relay", SPARE):
                command = [*VORONKA, "relay", "--port", str(self.ports[name])]
            elif name == SHUFFLING:
                command = [sys.executable, "-m", "tests.servers.shuffling", "relay", "--port", str(self.ports[name])]
            elif name == WHOLE:
                command = [*VORONKA, "run", "--port", str(self.ports[name])]
            else:
                command = [*VORONKA, "run", name.removesuffix("-2"), "--port", str(self.ports[name])]
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)

    def start_all(self, *names: str) -> None:
        """Start these processes (none named: one per service, two for analytics) and all stores, in an order in which
        each waits for others, and wait until all are ready."""
        wanted = names or ALL
        self.start(*wanted, "mongo", "kurrent")
        self.ready(*wanted)

    def ready(self, *names: str) -> None:
        """Wait until these processes are ready; a test that waits longer has failed."""
        deadline = time.monotonic() + PATIENCE
        for name in names:
            while (told := self._asked(name)) is not None:
                assert self.running[name].poll() is None, f"{name} ended: {self.log(name)}"
                assert time.monotonic() < deadline, f"{name} is not ready ({told}): {self.log(name)}"
                time.sleep(0.1)

    def _asked(self, name: str) -> str | None:
        try:
            with urllib.request.urlopen(f"{self.url(name)}/health/ready", timeout=30):
                return None
        except HTTPError as error:
            return error.read().decode()
        except (URLError, OSError) as error:
            return str(error)

    def log(self, name: str) -> str:
        """Return the end of what a process said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-6_000:]

    def logs(self) -> str:
        """Return the end of what each process said."""
        return "".join(f"\n--- {name}\n{self.log(name)}" for name in self.running)

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        self.running[name].kill()
        self.running[name].wait()

    def pause(self, name: str, *, go_on: bool = False) -> None:
        """Let a process stand still, or go on."""
        self.running[name].send_signal(signal.SIGCONT if go_on else signal.SIGSTOP)

    def voronka(self, *words: str, seconds: float = 600.0) -> subprocess.CompletedProcess[str]:
        """Run a command of Voronka to its end."""
        return subprocess.run(
            [*VORONKA, *words], cwd=self.folder, env=self.env | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def stop(self) -> dict[str, float]:
        """Ask all to stop, the servers last; return how many seconds each process took."""
        took: dict[str, float] = {}
        for names in ((*ALL, SPARE, SHUFFLING, WHOLE), ("mongo", "kurrent")):
            alive = [name for name in names if name in self.running and self.running[name].poll() is None]
            for name in alive:
                self.running[name].send_signal(signal.SIGCONT)
                self.running[name].terminate()
            begun = time.monotonic()
            for name in alive:
                with suppress(subprocess.TimeoutExpired):
                    self.running[name].wait(20)
                took[name] = time.monotonic() - begun
                if self.running[name].poll() is None:
                    self.running[name].kill()
        return took


def main() -> None:
    """Run all of it until Ctrl+C or SIGTERM, which must not leave the processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with TemporaryDirectory(prefix="voronka-distributed-") as folder:
        kafka, redis = Kafka(Path(folder) / "kafka"), Redis(Path(folder) / "redis")
        cluster = Cluster(Path(folder), kafka.start(), redis.start())
        try:
            print("starting the relay, four services, two workers for the numbers ...")
            cluster.start_all()
            bundle = Path(folder) / "bundle"
            write_bundle(bundle, clients=200, events=6_000, seed=1, until=date(2026, 6, 1))
            print("importing a demo ...")
            told = cluster.voronka("import", str(bundle))
            print(told.stdout or told.stderr)
            print(f"a token for programs: {cluster.headers()['Authorization'].removeprefix('Bearer ')}")
            print(cluster.voronka("account", "link", "tests").stdout)
            print(f"Voronka is ready at {cluster.url('gateway')} (stores of events and documents are doubles)")
            with suppress(KeyboardInterrupt):
                signal.pause()
        finally:
            cluster.stop()
            redis.stop()
            kafka.stop()


if __name__ == "__main__":
    main()
