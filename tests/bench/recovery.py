"""`scripts/bench recovery`: how soon gaps close, how fast a catch-up goes and what it does to live events, with goals.

A simulated cluster in one process, the daemon in another, over sockets; its ways to RPCs and its mapping are the real ones.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.bench import catch_up, gaps
from tests.bench.catch_up import CaughtUp
from tests.bench.contest import machine
from tests.bench.gaps import WAYS, Gap, Way
from tests.bench.trials import Goal

TRIALS = (*(way.name for way in WAYS), "catch-up")
LARGEST_SHARE = 0.99


def p99(seconds: Sequence[float]) -> float:
    """The 99th percentile: of less than a hundred, the greatest."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * LARGEST_SHARE))]


def gap_row(way: Way, found: Sequence[Gap]) -> str:
    """One way to lose slots, in the table of gaps."""
    ordered = sorted(each.seconds for each in found)
    jobs = [each.in_queue for each in found if each.in_queue]
    queue = f"{p99(jobs):.2f}" if jobs else ""
    return (
        f"| {way.name} | {len(found)} | {ordered[len(ordered) // 2]:.2f} | {p99(ordered):.2f} "
        f"| {len(jobs)} | {queue} |"
    )


def gap_goal(way: Way, found: Sequence[Gap]) -> Goal:
    """What p99 has to be."""
    seconds = p99([each.seconds for each in found])
    return Goal(f"a gap closed by {way.name}, p99", seconds, way.goal, at_most=True, unit=" s")


def catch_up_rows(found: CaughtUp) -> list[str]:
    """The table of a catch-up."""
    rows = [
        "| live events | number | since sent, ms p50 / p99 | since read, ms p50 / p99 |",
        "|---|---:|---:|---:|",
    ]
    for name, part in (("during the catch-up", found.during), ("after it", found.after)):
        rows.append(
            f"| {name} | {part.events:,} | {part.sent_p50:.1f} / {part.sent_p99:.1f} "
            f"| {part.read_p50:.1f} / {part.read_p99:.1f} |"
        )
    return rows


def catch_up_goals(found: CaughtUp) -> list[Goal]:
    """What a catch-up has to be."""
    rise, bound = found.rise, catch_up.DELAY_GOAL_MS
    return [
        Goal("catch-up, slots a second", found.rate, catch_up.RATE_GOAL),
        Goal("rise of the live p99 meanwhile", rise, bound, at_most=True, unit=" ms"),
    ]


def facts() -> str:
    """The machine, and how busy it is: the figures depend on both."""
    here, load = machine(), os.getloadavg()
    return (
        f"{here['processor']}, {here['cores']} cores, Linux {here['kernel']}, CPython {here['python']}; "
        f"load {load[0]:.1f} at the start, of other work."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 also where a goal is missed, for a figure is no fault."""
    parser = argparse.ArgumentParser(prog="scripts/bench recovery", description=__doc__)
    parser.add_argument("--gaps", type=int, default=20, help="of each way to lose slots")
    parser.add_argument("--slots", type=int, default=2000, help="to catch up with")
    parser.add_argument("--transactions", type=int, default=500, help="in each of these slots")
    parser.add_argument("--only", nargs="+", choices=TRIALS, default=TRIALS, help="these trials")
    given = parser.parse_args(arguments)
    goals: list[Goal] = []
    print(facts())
    ways = [way for way in WAYS if way.name in given.only]
    if ways:
        print(
            f"\n| gap of {gaps.SLOTS} slots closed by | gaps | s p50 | s p99 | with jobs | job s p99 |"
        )
        print("|---|---:|---:|---:|---:|---:|")
    for way in ways:
        found = gaps.measure(way, given.gaps)
        print(gap_row(way, found), flush=True)
        goals.append(gap_goal(way, found))
    if "catch-up" in given.only:
        caught_up = catch_up.measure(given.slots, given.transactions)
        print(
            f"\nCatch-up: {caught_up.slots:,} slots of {given.transactions} transactions in "
            f"{caught_up.seconds:.1f} s, {caught_up.rate:.1f} slots/s, {caught_up.calls:,} calls; "
            f"processor ms a slot: daemon {caught_up.daemon_ms:.1f}, mapping {caught_up.mapping_ms:.1f}; "
            f"load {os.getloadavg()[0]:.1f} at the end.\n"
        )
        print("\n".join(catch_up_rows(caught_up)), flush=True)
        goals += catch_up_goals(caught_up)
    print("\n".join(["", *(each.line() for each in goals)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
