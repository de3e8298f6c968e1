"""Apache Kafka, one KRaft node, its jars from Maven Central."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import tempfile
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from tests.servers.native.process import ROOT, NotStarted, NotThere, Process, free_ports
from tests.support.patience import PATIENCE

VERSION = "4.4.0"
USER, PASSWORD = "voronka", "a secret of tests"
_HOME = ROOT / f"kafka-{VERSION}"
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>voronka.tests</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.5</version>
    </dependency>
  </dependencies>
</project>
"""
_LOG4J = """Configuration:
  Appenders: {Console: {name: out, PatternLayout: {pattern: "%d %p %c %m%n"}}}
  Loggers: {Root: {level: warn, AppenderRef: {ref: out}}}
"""
# One small node; the last two lines make a restart after kill -9 short (a dead broker's session must end first).
_PROPERTIES = """process.roles=broker,controller
node.id=1
listeners={protocol}://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}
advertised.listeners={protocol}://127.0.0.1:{port}
listener.security.protocol.map={protocol}:{protocol},CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name={protocol}
controller.quorum.voters=1@127.0.0.1:{control}
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=8388608
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=300
"""
_SASL = f"""sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule \
required username="{USER}" password="{PASSWORD}";
"""


def install() -> Path:
    """Fetch the jars once (45 MB); return their folder. Raises NotThere without Java 17 or Maven."""
    for program, package in (("java", "openjdk-17-jre-headless"), ("mvn", "maven")):
        if shutil.which(program) is None:
            raise NotThere(f"Kafka needs `{program}`: install it (Debian: {package}), or run .ci/servers.sh")
    lib = _HOME / "lib"
    if not lib.is_dir():
        _HOME.mkdir(parents=True, exist_ok=True)
        (_HOME / "pom.xml").write_text(_POM, encoding="utf-8")
        (_HOME / "log4j2.yaml").write_text(_LOG4J, encoding="utf-8")
        fetched = Path(tempfile.mkdtemp(dir=_HOME))
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={fetched}"],
            check=False,
            cwd=_HOME,
            capture_output=True,
            text=True,
            timeout=600,
        )
        if done.returncode:
            shutil.rmtree(fetched)
            raise NotThere(f"Maven could not fetch Kafka {VERSION}:\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}")
        with suppress(OSError):  # another process was quicker
            fetched.rename(lib)
    return lib


class Kafka:
    """A broker with its data in `folder`. `sasl`: clients must log in as USER."""

    def __init__(self, folder: Path, *, sasl: bool = False, heap: int = 256) -> None:
        self.folder = folder
        self.sasl = sasl
        self.address = ""
        self._lib = install()
        self._heap = heap
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """Id of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> str:
        """Start it with empty data on free ports; once more on others if it does not come up. Returns its address."""
        try:
            self._begin()
        except NotStarted:
            self._begin()
        return self.address

    def _begin(self) -> None:
        port, control = free_ports(2)
        self.folder.mkdir(parents=True, exist_ok=True)
        protocol = "SASL_PLAINTEXT" if self.sasl else "PLAINTEXT"
        text = _PROPERTIES.format(protocol=protocol, port=port, control=control, data=self.folder / "data")
        (self.folder / "server.properties").write_text(text + (_SASL if self.sasl else ""), encoding="utf-8")
        self._format()
        command = [*self._java(self._heap), "kafka.Kafka", str(self.folder / "server.properties")]
        self._process = Process(command, lambda: _answers(port, sasl=self.sasl), self.folder / "kafka.log")
        self._process.start()
        self.address = f"127.0.0.1:{port}"

    def kill(self) -> None:
        """Kill it (SIGKILL)."""
        assert self._process is not None
        self._process.kill()

    def again(self) -> None:
        """Start it again on the same address and data."""
        assert self._process is not None
        self._process.start()

    def wipe(self) -> None:
        """Throw away all it holds; to be called while it does not run."""
        self._format()

    def stop(self) -> None:
        """Stop it and delete its data."""
        if self._process is not None:
            self._process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _java(self, heap: int) -> list[str]:
        options = [f"-Xms{heap}m", f"-Xmx{heap}m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        return ["java", *options, f"-Dlog4j2.configurationFile={_HOME / 'log4j2.yaml'}", "-cp", f"{self._lib}/*"]

    def _format(self) -> None:
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        cluster = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=").replace("-", "a")
        command = [*self._java(128), "kafka.tools.StorageTool", "format", "-t", cluster]
        command += ["-c", str(self.folder / "server.properties")]
        if self.sasl:
            command += ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode:
            raise NotStarted(f"Kafka's data folder could not be made:\n{done.stdout}{done.stderr}")


def _answers(port: int, *, sasl: bool) -> bool:
    """Tell whether a broker answers a Metadata request (version 1) and names at least one broker; with SASL, whether
    it answers which versions it speaks (all it tells strangers)."""
    kind, version, body = (18, 0, b"") if sasl else (3, 1, struct.pack(">i", 0))
    request = struct.pack(">hhih", kind, version, 1, -1) + body
    with suppress(OSError, struct.error), socket.create_connection(("127.0.0.1", port), 1.0) as link:
        link.settimeout(2.0)
        link.sendall(struct.pack(">i", len(request)) + request)
        answer = link.recv(12)
        if sasl:
            return len(answer) >= 10 and struct.unpack(">h", answer[8:10]) == (0,)
        return struct.unpack(">iii", answer)[2] > 0
    return False
