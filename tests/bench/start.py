"""How long a newcomer waits: from `scripts/run` in a clean clone to the first event, and from a signal to the end."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.contest import machine

ROOT: Final = Path(__file__).resolve().parents[2]
FIRST_GOAL: Final = 90.0
"""Seconds to the first event in a clone without an environment; packages come from a warm cache."""
NEXT_GOAL: Final = 5.0
STOP_GOAL: Final = 3.0
PROCESSES: Final = 3
"""Of a running demo: the command, the simulator, the daemon."""
PATIENCE: Final = 600.0
LOOK: Final = 0.01
FLOW: Final = 3.0
"""Seconds that events flow before the signal."""


@dataclass(frozen=True)
class Start:
    """One start of the demo and its end."""

    name: str
    goal: float
    to_event: float
    """Seconds from the command to the first whole line of events."""
    signal_name: str
    to_exit: float
    """Seconds from the signal to the exit of the command."""
    status: int
    left: int
    """Processes of the demo that outlived it."""
    whole: bool
    """The last line of the events file ends in a newline."""

    def row(self) -> str:
        """The start as a row of the table."""
        good = (
            self.to_event < self.goal
            and self.to_exit < STOP_GOAL
            and self.status == self.left == 0
            and self.whole
        )
        return (
            f"| {self.name} | {self.to_event:.2f} | {self.goal:g} | {self.signal_name} "
            f"| {self.to_exit:.2f} | {self.status} | {self.left} | {'yes' if self.whole else 'no'} "
            f"| {'reached' if good else 'MISSED'} |"
        )


def main(arguments: Sequence[str]) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench start", description=__doc__)
    parser.add_argument("--ports", type=int, default=24_500, help="first of ten free ports")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        clone = Path(directory) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        starts = [
            start(clone, asked.ports, "first start", FIRST_GOAL, signal.SIGINT),
            start(clone, asked.ports, "next start", NEXT_GOAL, signal.SIGTERM),
            start(clone, asked.ports, "next start", NEXT_GOAL, signal.SIGINT),
        ]
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores, Linux {here['kernel']}.\n")
    print(
        "| start | s to the first event | goal | signal | s to the exit | status | left | whole | |"
    )
    print("|---|---:|---:|---|---:|---:|---:|---|---|")
    for each in starts:
        print(each.row())
    return 0


def start(clone: Path, ports: int, name: str, goal: float, number: signal.Signals) -> Start:
    """Run the demo in the clone, wait for an event, let it run a little, and signal it."""
    directory = clone / ".demo"
    events = directory / "events.jsonl"
    events.unlink(missing_ok=True)
    command = ["scripts/run", "demo", "--dir", str(directory), "--ports", str(ports)]
    with (clone / ".demo.log").open("w") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=clone, stdout=log, stderr=log, start_new_session=True
        )
        try:
            to_event = _first_line(events, process, began)
            time.sleep(FLOW)
            if len(_processes_of(clone)) < PROCESSES:
                raise SystemExit("the demo's processes cannot be told by their command lines here")
            signalled = time.monotonic()
            process.send_signal(number)
            status = process.wait(PATIENCE)
            to_exit = time.monotonic() - signalled
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(PATIENCE)
    whole = events.read_bytes().endswith(b"\n")
    left = len(_processes_of(clone))
    return Start(name, goal, to_event, number.name, to_exit, status, left, whole)


def _first_line(events: Path, process: subprocess.Popen[bytes], began: float) -> float:
    while not (events.exists() and b"\n" in events.read_bytes()[:65536]):
        waited = time.monotonic() - began
        if process.poll() is not None or waited > PATIENCE:
            raise SystemExit(f"no event after {waited:.0f} s; status {process.poll()}")
        time.sleep(LOOK)
    return time.monotonic() - began


def _processes_of(clone: Path) -> list[int]:
    """Processes whose command line names the clone."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue  # it ended meanwhile
        if str(clone).encode() in words:
            found.append(int(entry.name))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
