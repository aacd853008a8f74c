"""`scripts/bench probes`: the share of the daemon's processor time that goes into knowing and choosing its endpoints.

It cannot be turned off, so its functions are timed inside a running daemon: comparing slots, deciding, and one round of
probes, of which as much counts as falls into the run when there is one each ten minutes, and for each round of health
checks as much again, though they ask less.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from monitor.runtime.probing import CHECKED_EVERY, EVERY
from tests.bench.clusters import STOP_SECONDS, cluster, configuration
from tests.bench.reconnects import MONITORS, OPTIONS, REGIONS
from tests.bench.recovery import facts
from tests.bench.trials import Goal

WARM_UP: Final = 8.0
"""Seconds before the measured part: every feed covers, and the first round of probes is over."""
GOAL: Final = 5.0
"""Percent of the processor time of all the rest."""
PATIENCE: Final = 120.0


def measure(seconds: float, warm_up: float = WARM_UP) -> dict[str, float]:
    """Processor seconds of one run, by what they went into."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        with cluster(REGIONS, *OPTIONS) as place:
            config = configuration(folder, place, "balanced", MONITORS)
            command = [sys.executable, "-m", "tests.bench.peers.weighed", "--config", str(config)]
            command += ["--seconds", str(seconds), "--warm-up", str(warm_up)]
            patience = seconds + warm_up + STOP_SECONDS + PATIENCE
            with (folder / "daemon.log").open("w") as log:
                done = subprocess.run(
                    command, stdout=subprocess.PIPE, stderr=log, timeout=patience, check=True
                )
    told: dict[str, float] = json.loads(done.stdout)
    return told


def percent(spent: Mapping[str, float], seconds: float) -> dict[str, float]:
    """Of the processor time of the rest, by what is counted."""
    parts = {name: spent[name] for name in ("compared", "decided")}
    rest = spent["total"] - sum(parts.values())
    parts["probed"] = spent["probed"] * (seconds / EVERY + seconds / CHECKED_EVERY)
    return {name: 100 * part / rest for name, part in parts.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 also where the goal is missed, for a figure is no fault."""
    parser = argparse.ArgumentParser(prog="scripts/bench probes", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="that are measured")
    given = parser.parse_args(arguments)
    print(facts())
    spent = measure(given.seconds)
    shares = percent(spent, given.seconds)
    print("\n| what | processor s | % of the stream |\n|---|---:|---:|")
    for name, share in shares.items():
        print(f"| {name} | {spent[name]:.3f} | {share:.2f} |")
    print(f"| all of the daemon | {spent['total']:.3f} | |\n")
    total = sum(shares.values())
    print(Goal("probes and comparisons", total, GOAL, at_most=True, unit=" %").line())
    return 0


if __name__ == "__main__":
    sys.exit(main())
