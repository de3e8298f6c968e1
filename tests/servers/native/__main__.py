"""Start, stop and show the native servers: `python -m tests.servers.native start|stop|status`."""

from __future__ import annotations

import json
import shutil
import sys

from tests.servers.native.kafka import Kafka
from tests.servers.native.process import ROOT, NotStarted, NotThere, alive, end
from tests.servers.native.redis import Redis

_STATE = ROOT / "state.json"
_SETTINGS = {"kafka": "VORONKA_KAFKA", "redis": "VORONKA_REDIS"}


def _running() -> dict[str, dict[str, str]]:
    try:
        state = json.loads(_STATE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {name: one for name, one in state.items() if alive(int(one["pid"]))}


def _show(state: dict[str, dict[str, str]]) -> None:
    for name, one in state.items():
        print(f"{_SETTINGS[name]}={one['address']}   # pid {one['pid']}")
    for name in _SETTINGS.keys() - state.keys():
        print(f"# {name} does not run")


def start() -> int:
    """Start what does not run yet and print the addresses; 1 if something could not be started."""
    ROOT.mkdir(exist_ok=True)
    state = _running()
    failed = 0
    for name, server in (("kafka", Kafka), ("redis", Redis)):
        if name not in state:
            try:
                one = server(ROOT / name)
                address = one.start()
            except (NotThere, NotStarted) as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed = 1
            else:
                state[name] = {"pid": str(one.pid), "address": address}
    _STATE.write_text(json.dumps(state), encoding="utf-8")
    _show(state)
    return failed


def stop() -> int:
    """Stop what runs; its data is deleted, what was installed stays."""
    for name, one in _running().items():
        end(int(one["pid"]))
        shutil.rmtree(ROOT / name, ignore_errors=True)
        print(f"{name} stopped")
    _STATE.unlink(missing_ok=True)
    return 0


def status() -> int:
    """Print what runs where."""
    _show(_running())
    return 0


if __name__ == "__main__":
    verbs = {"start": start, "stop": stop, "status": status}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        sys.exit("usage: python -m tests.servers.native start|stop|status")
    sys.exit(verbs[sys.argv[1]]())
