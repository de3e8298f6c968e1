"""mongo-java-server for tests: somebody else's reading of MongoDB, to check our adapter and our double against.

It keeps nothing and knows no transactions, sessions or snapshots. So a relay stands before it that says what a replica
set says, takes off what belongs to transactions, and answers their end itself: writes then happen at once and are never
taken back. Tests that need that are not run on it. Needs Java 17 and Maven.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson.timestamp import Timestamp

from tests.doubles.mongo import wire
from tests.doubles.mongo.server import hello
from tests.support.patience import PATIENCE

FOLDER = Path(__file__).parents[2] / ".servers" / "mongo-java"
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>voronka</groupId><artifactId>mongo-java-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>de.bwaldvogel</groupId><artifactId>mongo-java-server</artifactId><version>1.47.0</version>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>2.0.17</version></dependency>
  </dependencies>
</project>
"""
_SOURCE = """import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

public class MongoServerForTests {
    public static void main(String[] args) {
        MemoryBackend backend = new MemoryBackend();
        backend.version(new MongoVersion() {
            public List<Integer> getVersionArray() { return List.of(4, 4, 0); }
            public int getWireVersion() { return 9; }
        });
        new MongoServer(backend).bind("127.0.0.1", Integer.parseInt(args[0]));
    }
}
"""
_TRANSACTIONAL = ("lsid", "txnNumber", "autocommit", "startTransaction", "readConcern", "writeConcern", "maxTimeMS")


class NotThere(Exception):
    """It cannot be started here; the message says why."""


@dataclass
class JavaServer:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def start() -> JavaServer:
    """Install it if it is not there, and start it. Raises NotThere."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise NotThere(f"{tool} is not installed (apt-get install openjdk-17-jdk-headless maven)")
    _install()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", "lib/*", "MongoServerForTests.java", str(port)]
    environment = os.environ | {"JAVA_TOOL_OPTIONS": ""}
    process = subprocess.Popen(
        command, cwd=FOLDER, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as trying:
            trying.settimeout(0.2)
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return JavaServer(process, port)
        time.sleep(0.05)
    process.kill()
    raise NotThere(f"mongo-java-server does not start (exit code {process.wait()})")


def _install() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = FOLDER / "installed"
    if done.exists() and done.read_text(encoding="utf-8") == _POM + _SOURCE:
        return
    (FOLDER / "pom.xml").write_text(_POM, encoding="utf-8")
    (FOLDER / "MongoServerForTests.java").write_text(_SOURCE, encoding="utf-8")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"]
    made = subprocess.run(["mvn", "-q", "-B", *goal], cwd=FOLDER, check=False, capture_output=True, timeout=600)
    if made.returncode:
        raise NotThere(f"Maven cannot fetch mongo-java-server: {made.stdout.decode()[-500:]}")
    done.write_text(_POM + _SOURCE, encoding="utf-8")


class Relay:
    """Stands before a JavaServer and makes it look like a replica set."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"mongodb://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Serve on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close all connections."""
        if self._server is not None:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        behind, ahead = await asyncio.open_connection("127.0.0.1", self._behind, limit=1 << 20)
        try:
            while True:
                request = await wire.read(reader)
                reply = await self._answer(request, behind, ahead)
                if not request.silent:
                    writer.write(wire.answer(request, reply))
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            ahead.transport.abort()

    async def _answer(
        self, request: wire.Request, behind: asyncio.StreamReader, ahead: asyncio.StreamWriter
    ) -> dict[str, Any]:
        command = request.command
        name = next(iter(command))
        if name in {"hello", "ismaster"}:
            return {**hello(f"127.0.0.1:{self.port}"), "ok": 1.0}
        if name in {"commitTransaction", "abortTransaction", "endSessions"}:
            return {"ok": 1.0}
        snapshot = command.get("readConcern", {}).get("level") == "snapshot" and "autocommit" not in command
        bare = {key: value for key, value in command.items() if key not in _TRANSACTIONAL}
        ahead.write(wire.message(request.id, bare))
        await ahead.drain()
        reply = (await wire.read(behind)).command
        if snapshot and "firstBatch" in reply.get("cursor", {}):
            reply["cursor"]["atClusterTime"] = Timestamp(1, 1)
        return reply
