"""A simulated cluster and a watched daemon, each in a process of its own, for the bench of recovery."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from monitor.app.api_client import ask_recovery
from monitor.core.errors import DaemonNotAsked
from monitor.simulator.control import send_fault
from tests.bench.peers.watched import Notes, from_json

RPCS: Final = 2
CALLS_A_SECOND: Final = 1000
"""That each RPC allows: more than it can answer here."""
MEMO: Final = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"
STOP_SECONDS: Final = 30.0
LOOK: Final = 0.25


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a running `chain-monitor simulate` can be reached."""

    regions: dict[str, str]
    rpcs: dict[str, str]
    control: str

    def fault(self, word: str, argument: str | None = None) -> None:
        """On all regions at once."""
        send_fault(self.control, "all", word, argument)


@contextmanager
def cluster(regions: Sequence[str], *options: str) -> Iterator[Cluster]:
    """Simulate on free ports; the chain has its age when this returns."""
    command = [sys.executable, "-m", "monitor", "simulate", "--regions", ",".join(regions)]
    command += ["--rpcs", str(RPCS), "--ports", "0", "--control", "127.0.0.1:0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told: dict[str, str] = {}
            while "control" not in told:
                name, address = process.stdout.readline().split()
                told[name] = address
            control = told.pop("control")
            endpoints = {name: told.pop(name) for name in regions}
            yield Cluster(endpoints, told, control)
        finally:
            process.terminate()


@contextmanager
def far_rpcs(place: Cluster, first: int) -> Iterator[Cluster]:
    """The same cluster, but that its RPCs answer out of memory from a process of their own, of low priority.

    The bodies of all slots from `first` on are there when this returns.
    """
    behind = next(iter(place.rpcs.values()))
    command = [sys.executable, "-m", "tests.bench.peers.far_rpcs", behind, str(first), str(RPCS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            urls = [f"http://127.0.0.1:{int(process.stdout.readline())}" for _ in place.rpcs]
            yield replace(place, rpcs=dict(zip(place.rpcs, urls, strict=True)))
        finally:
            process.kill()


def configuration(
    folder: Path, place: Cluster, profile: str, monitors: Sequence[dict[str, Any]]
) -> Path:
    """A file that has the daemon watch this cluster, writing events to the folder. JSON is YAML."""
    document = {
        "profile": profile,
        "state_dir": str(folder / "state"),
        "endpoints": [{"name": name, "url": url} for name, url in place.regions.items()],
        "rpc": [
            {"name": name, "url": url, "requests_per_second": CALLS_A_SECOND}
            for name, url in place.rpcs.items()
        ],
        "monitors": monitors,
        "sinks": [
            {
                "name": "out",
                "kind": "jsonl",
                "path": str(folder / "events.jsonl"),
                "monitors": [each["name"] for each in monitors],
            }
        ],
        "api": {"listen": "127.0.0.1:0"},
    }
    file = folder / "config.yaml"
    file.write_text(json.dumps(document))
    return file


@dataclass(slots=True)
class Watched:
    """A daemon under watch; its notes are there when it has stopped."""

    folder: Path
    pid: int
    notes: Notes | None = None

    def recovery(self) -> dict[str, Any]:
        """What its API tells of recovery; nothing before it listens."""
        address = self.folder / "state" / "api.url"
        try:
            return ask_recovery(address.read_text().strip()) if address.exists() else {}
        except DaemonNotAsked:
            return {}

    def cpu_seconds(self) -> tuple[float, float]:
        """User and system time so far, of the daemon and of all processes that it started together."""
        found = Path(f"/proc/{self.pid}/task").glob("*/children")
        started = [child for each in found for child in each.read_text().split()]
        return cpu_seconds_of(self.pid), sum(map(cpu_seconds_of, started))


def cpu_seconds_of(pid: int | str) -> float:
    """User and system time of a process and of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def watched(folder: Path, config: Path) -> Iterator[Watched]:
    """Run the daemon, its log in the folder; stopped, and its notes read, on leaving."""
    file = folder / "notes.json"
    command = [sys.executable, "-m", "tests.bench.peers.watched"]
    command += ["--config", str(config), "--notes", str(file)]
    with (folder / "daemon.log").open("w") as log, subprocess.Popen(command, stderr=log) as process:
        daemon = Watched(folder, process.pid)
        try:
            yield daemon
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
    daemon.notes = from_json(file.read_text())


def pause(seconds: float) -> None:
    """Let the processes run on. In pieces, so that a machine that stalls takes one of them and not all."""
    for _ in range(int(seconds / LOOK)):
        time.sleep(LOOK)
    time.sleep(seconds % LOOK)
