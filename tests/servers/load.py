"""Writers at work on a distributed profile, and what must hold after whatever happened to it (TORTURE)."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.request
from urllib.error import HTTPError, URLError

from contracts.ids import command_id
from services.kit.adapters.kurrent_store import KurrentEventStore
from tests.servers.cluster import Cluster
from tests.support.patience import PATIENCE


class Writer(threading.Thread):
    """Sends commands to the gateway, each until it is answered: `done` has the commands that were."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        super().__init__(daemon=True)
        self.cluster, self.me = cluster, name
        self.done: list[tuple[str, str]] = []
        """Stream and command id."""
        self.wrong: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set() and not self.wrong:
            number += 1
            client = f"{self.me}-{number}"
            self._send(
                "RegisterClient", "client", "/clients", client, {"client_id": client, "name": f"Client {client}"}
            )
            deal = {"deal_id": client, "client_id": client, "funnel_id": "f", "value": 100 + number}
            self._send("OpenDeal", "deal", "/deals", client, deal)
            self._send("AddNote", "note", "/notes", client, {"note_id": client, "client_id": client, "text": "hello"})
            self._send("MoveDeal", "deal", f"/deals/{client}/stage", client, {"stage_id": "won"})

    def _send(self, command: str, category: str, path: str, id: str, body: dict[str, object]) -> None:
        key = f"{self.me}-{command}-{id}"
        request = urllib.request.Request(
            f"{self.cluster.url('gateway')}/api/v1{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Idempotency-Key": key, **self.cluster.headers()},
        )
        while not self.stopping.is_set():
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    assert json.load(answer)["id"] == id
                self.done.append((f"{category}-{id}", command_id(self.cluster.actor, f"{command}:{id}:{key}")))
                return
            except HTTPError as error:
                if error.code != 503:
                    self.wrong.append(f"{path} {error.code} {error.read().decode()}")
                    return
            except (URLError, OSError, json.JSONDecodeError):
                pass
            time.sleep(0.05)


def post(cluster: Cluster, path: str, body: dict[str, object]) -> None:
    request = urllib.request.Request(
        f"{cluster.url('gateway')}/api/v1{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Idempotency-Key": path.replace("/", "-"), **cluster.headers()},
    )
    urllib.request.urlopen(request, timeout=PATIENCE).close()


async def stored(cluster: Cluster) -> list[tuple[str, int, str, str]]:
    """Return (stream, version, id, command id) of every event."""
    store = await KurrentEventStore.open(cluster.env["VORONKA_EVENT_STORE"])
    try:
        events = await store.read_all(0, 10**7)
        return [(event.stream, event.version, event.id, event.command_id) for event in events]
    finally:
        await store.close()


def until_more(writers: list[Writer], more: int) -> None:
    """Wait until so many more commands were answered."""
    wanted, deadline = sum(len(w.done) for w in writers) + more, time.monotonic() + PATIENCE
    while sum(len(w.done) for w in writers) < wanted:
        assert not any(w.wrong for w in writers), [w.wrong for w in writers]
        assert time.monotonic() < deadline, "no more commands are answered"
        time.sleep(0.05)


def working(cluster: Cluster, count: int = 4) -> list[Writer]:
    """Return so many writers at work in a workspace with a funnel."""
    post(cluster, "/settings", {"base_currency": "EUR"})
    stages = [{"stage_id": id, "name": id, "kind": kind} for id, kind in (("new", "in_work"), ("won", "bought"))]
    post(cluster, "/funnels", {"funnel_id": "f", "name": "Sales", "subject": "deal", "stages": stages})
    writers = [Writer(cluster, f"w{n}") for n in range(count)]
    for writer in writers:
        writer.start()
    return writers


def rest(writers: list[Writer]) -> None:
    """Let the writers end."""
    for writer in writers:
        writer.stopping.set()
    for writer in writers:
        writer.join(PATIENCE)
    assert not any(writer.wrong for writer in writers), [writer.wrong for writer in writers]


def proven(cluster: Cluster, writers: list[Writer]) -> str:
    """Let the writers end; check that all they were told is stored, once, and that the read models equal the oracle's
    (lost=0 doubled=0 mismatched=0). Returns a line of figures."""
    rest(writers)
    told = cluster.voronka("verify")
    events = asyncio.run(stored(cluster))
    acked = [each for writer in writers for each in writer.done]
    there = {(stream, command) for stream, _, _, command in events}
    lost = [each for each in acked if each not in there]
    doubled = len(events) - len({id for _, _, id, _ in events})
    assert (lost, doubled) == ([], 0)
    assert told.stdout.endswith("0 differences\n"), told.stdout + told.stderr + cluster.logs()
    return f"acknowledged={len(acked)} lost={len(lost)} doubled={doubled} mismatched=0"
