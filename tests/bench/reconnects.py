"""`scripts/bench reconnects`: the processor time of the daemon while streams break all the time, against a run in which none does.

A simulated cluster in one process, the daemon in another, over sockets. Runs with and without take turns; what counts is
the processor time of a second. Regions are cut in turn, each once it has covered slots again, so that every cut breaks a stream
and its back-off begins anew; the undisturbed daemon is asked as often how far it is.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from monitor.app.api_client import ask_endpoints
from monitor.core.errors import DaemonNotAsked
from monitor.simulator.control import send_fault
from tests.bench.clusters import LOOK, cluster, configuration, cpu_seconds_of, pause
from tests.bench.recovery import facts
from tests.bench.trials import Goal
from tests.e2e.processes import Daemon, daemon

REGIONS: Final = ("ams", "nyc", "tyo")
SLOT_TIME: Final = 0.1
"""Seconds: a quarter of the real one."""
OPTIONS: Final = ("--slot-time", str(SLOT_TIME), "--votes", "10", "--transactions", "10")
MONITORS: Final = (
    {"name": "all", "transactions": {}, "blocks_meta": {}},
    {"name": "writes", "accounts": {}},
)
BETWEEN: Final = 40 * SLOT_TIME / len(REGIONS)
"""Seconds from one cut to the next."""
COVERED: Final = 10
"""Slots that every feed covers before a run is measured."""
AGAIN: Final = 3
"""Slots that a region covers after a cut before the next one."""
PATIENCE: Final = 120.0
GOAL: Final = 1.2
"""Times the undisturbed run."""


def measure(reconnects: int, *, is_disturbed: bool) -> float:
    """Processor seconds of the daemon a second, while so many streams break. Raises RuntimeError when fewer do."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        with cluster(REGIONS, *OPTIONS) as place:
            config = configuration(folder, place, "balanced", MONITORS)
            with daemon(folder, config.read_text()) as running:
                _warm_up(running)
                before, begun = cpu_seconds_of(running.process.pid), time.monotonic()
                covered = dict.fromkeys(REGIONS, 0)
                for number in range(reconnects):
                    region = REGIONS[number % len(REGIONS)]
                    covered[region] = _covered_again(running, region, covered[region])
                    if is_disturbed:
                        send_fault(place.control, region, "cut", None)
                    pause(BETWEEN)
                spent = cpu_seconds_of(running.process.pid) - before
                lasted = time.monotonic() - begun
                if is_disturbed:
                    _see_broken(running, reconnects)
    return spent / lasted


def _covered_again(running: Daemon, region: str, before: int) -> int:
    """The slots that this region has covered, once they are more."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        told = ask_endpoints((running.directory / "state" / "api.url").read_text().strip())
        (covered,) = (each["covered"] for each in told if each["endpoint"] == region)
        if covered > before + AGAIN:
            return int(covered)
        pause(LOOK)
    raise RuntimeError(f"{region} covered no slot for {PATIENCE:.0f} s")


def _see_broken(running: Daemon, reconnects: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while (broken := running.log().count("a feed ended")) < reconnects:
        if time.monotonic() >= deadline:
            raise RuntimeError(f"{reconnects} streams were to break, and {broken} did")
        pause(LOOK)


def _warm_up(running: Daemon) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        pause(LOOK)
        address = running.directory / "state" / "api.url"
        try:
            told = ask_endpoints(address.read_text().strip()) if address.exists() else []
        except DaemonNotAsked:
            continue
        if told and min(each["covered"] for each in told) >= COVERED:
            return
    raise RuntimeError(f"not every feed covered {COVERED} slots within {PATIENCE:.0f} s")


def rows(calm: Sequence[float], disturbed: Sequence[float]) -> list[str]:
    """The table."""
    lines = ["| run | undisturbed, s/s | with reconnects, s/s | times |", "|---:|---:|---:|---:|"]
    for number, (usual, more) in enumerate(zip(calm, disturbed, strict=True), 1):
        lines.append(f"| {number} | {usual:.3f} | {more:.3f} | {more / usual:.3f} |")
    return lines


def goal(calm: Sequence[float], disturbed: Sequence[float]) -> Goal:
    """The middle of the pairs' ratios."""
    ratio = median(more / usual for usual, more in zip(calm, disturbed, strict=True))
    return Goal("processor time with reconnects, times the undisturbed", ratio, GOAL, at_most=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 also where a goal is missed, for a figure is no fault."""
    parser = argparse.ArgumentParser(prog="scripts/bench reconnects", description=__doc__)
    parser.add_argument("--reconnects", type=int, default=60, help="in each run")
    parser.add_argument("--runs", type=int, default=3, help="with and without, in turn")
    given = parser.parse_args(arguments)
    print(facts())
    calm, disturbed = [], []
    for _ in range(given.runs):
        calm.append(measure(given.reconnects, is_disturbed=False))
        disturbed.append(measure(given.reconnects, is_disturbed=True))
    print("\n".join(["", *rows(calm, disturbed), "", goal(calm, disturbed).line()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
