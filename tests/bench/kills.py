"""Endpoints killed one after the other: how much later the next event comes, and what is never closed.

A simulated cluster in one process, the daemon in another, over sockets. A kill ends every stream of a region, which is
back after a second. In `race` the others bring the same at the same time: what an event after the kill is later than
one usually is, since the server's stamp, is what the kill has added. In `standby` the one hot endpoint is killed: for how
long nothing came then is what it took to hand over.
"""

import json
import tempfile
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from monitor.app.api_client import ask_endpoints
from monitor.core.errors import DaemonNotAsked
from monitor.simulator.control import send_fault
from tests.bench.clusters import (
    LOOK,
    MEMO,
    Cluster,
    Watched,
    cluster,
    configuration,
    pause,
    watched,
)
from tests.bench.peers.watched import Notes

REGIONS: Final = ("ams", "nyc", "tyo")
SLOT_TIME: Final = 0.1
"""Seconds: a quarter of the real one."""
OPTIONS: Final = ("--slot-time", str(SLOT_TIME), "--votes", "10", "--transactions", "10")
"""As many transactions as the simulator sends in time on a busy machine: its delays would be counted too."""
MONITORS: Final = (
    {"name": "all", "transactions": {}},
    {"name": "memos", "transactions": {"account_include": [MEMO]}},
)
COVERED: Final = 40
"""Slots that every hot feed covers before the first kill."""
SETTLE: Final = 3.0
"""Seconds after the last kill in which everybody has heard of it."""
SETTLED_WITHIN: Final = 60.0
"""Seconds after which slots that are open stay so."""
DEAD: Final = 1.0
"""Seconds until a region is back."""
USUAL: Final = 2.0
"""Seconds before a kill that say how late events are usually."""
LEAST: Final = 5.0
"""Seconds before a region may be killed again: feeds that hold for 32 slots begin their back-off anew."""
PATIENCE: Final = 120.0
"""Seconds within which every hot feed covers, and within which an endpoint is hot again."""


@dataclass(frozen=True, slots=True)
class Way:
    """How endpoints are used, and what is demanded."""

    name: str
    between: float
    """Seconds from one kill to the next, at least."""
    goal_ms: float
    """Of the added delay, p99."""


WAYS: Final = (Way("race", 2.0, 20.0), Way("standby", LEAST, 1000.0))


@dataclass(frozen=True, slots=True)
class Killed:
    """What all kills of one run came to. Milliseconds."""

    added: list[float]
    """By kill, how much later than usual the next events were, or for how long there was none."""
    calm: list[float]
    """The same at moments between the kills, when nothing had happened."""
    unclosed: int
    """Slots that were partial or lost at the end."""


def measure(way: Way, kills: int) -> Killed:
    """So many kills in one run."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        with cluster(REGIONS, *OPTIONS) as place:
            config = configured(folder, place, way)
            with watched(folder, config) as daemon:
                _warm_up(daemon)
                moments = [_kill(place, daemon, way, number) for number in range(kills)]
                unclosed = _unclosed(daemon)
        assert daemon.notes is not None
        rest = [at + DEAD / 2 for at in moments]
        if way.name == "race":
            return Killed(added(daemon.notes, moments), added(daemon.notes, rest), unclosed)
        return Killed(waited(daemon.notes, moments), waited(daemon.notes, rest), unclosed)


def configured(folder: Path, place: Cluster, way: Way) -> Path:
    """The configuration of this way."""
    file = configuration(folder, place, "aggressive", MONITORS)
    document = json.loads(file.read_text())
    document["failover"] = {"strategy": way.name}
    file.write_text(json.dumps(document))
    return file


def _warm_up(daemon: Watched) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        pause(LOOK)
        hot = [each for each in _endpoints(daemon) if each["role"] == "hot"]
        covered = [int(str(each["covered"])) for each in hot]
        if covered and min(covered) >= COVERED:
            pause(USUAL)
            return
    raise RuntimeError(f"not every hot feed covered {COVERED} slots within {PATIENCE:.0f} s")


def _kill(place: Cluster, daemon: Watched, way: Way, number: int) -> float:
    """Kill a region that is used and bring it back; when that was done."""
    name = REGIONS[number % len(REGIONS)] if way.name == "race" else _hot(daemon)
    send_fault(place.control, name, "kill", None)
    at = time.monotonic()
    pause(DEAD)
    send_fault(place.control, name, "heal", None)
    pause(way.between - DEAD)
    return at


def _hot(daemon: Watched) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        hot = [
            each["endpoint"]
            for each in _endpoints(daemon)
            if each["role"] == "hot" and each["open"]
        ]
        if len(hot) == 1:
            return str(hot[0])
        pause(0.1)
    raise RuntimeError(f"not one endpoint was hot within {PATIENCE:.0f} s")


def _endpoints(daemon: Watched) -> list[dict[str, object]]:
    address = daemon.folder / "state" / "api.url"
    try:
        return ask_endpoints(address.read_text().strip()) if address.exists() else []
    except DaemonNotAsked:
        return []


def _unclosed(daemon: Watched) -> int:
    """Slots whose certificate still says partial or lost when they had time enough to be closed."""
    pause(SETTLE)
    deadline = time.monotonic() + SETTLED_WITHIN
    while (unclosed := int(daemon.recovery().get("open_slots", 1))) and time.monotonic() < deadline:
        pause(LOOK)
    return unclosed


def added(notes: Notes, moments: Sequence[float]) -> list[float]:
    """At each of them: by how many milliseconds the latest of the next events was later than usual, since the server's stamp.

    The next ones are those of as long as a slot takes: what was on its way before comes first, and tells nothing.
    """
    times = [at for at, _, _ in notes.live]
    found = []
    for moment in moments:
        first, place = bisect_right(times, moment - USUAL), bisect_right(times, moment)
        end = max(bisect_right(times, moment + SLOT_TIME), place + 1)
        if first < place < len(times):
            usual = median(since_sent for _, since_sent, _ in notes.live[first:place])
            found.append(max(since_sent for _, since_sent, _ in notes.live[place:end]) - usual)
    return found


def waited(notes: Notes, moments: Sequence[float]) -> list[float]:
    """After each of them: the longest time without a live event that begun within as long as a region is dead, in milliseconds."""
    times = [at for at, _, _ in notes.live]
    found = []
    for moment in moments:
        begun = range(bisect_right(times, moment), bisect_right(times, moment + DEAD))
        pauses = [
            times[at] - max(times[at - 1], moment)
            for at in (*begun, begun.stop)
            if 0 < at < len(times)
        ]
        if pauses:
            found.append(max(pauses) * 1e3)
    return found
