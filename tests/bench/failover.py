"""`scripts/bench failover`: what a kill of an endpoint adds to the delay of the next events, with goals."""

import argparse
import sys
from collections.abc import Sequence
from statistics import median

from tests.bench import kills
from tests.bench.kills import WAYS, Killed, Way
from tests.bench.recovery import facts, p99
from tests.bench.trials import Goal

HEADING = (
    "| strategy | kills | ms after a kill p50 / p99 | at calm moments p50 / p99 | open slots |",
    "|---|---:|---:|---:|---:|",
)


def row(way: Way, found: Killed) -> str:
    """One strategy, in the table."""
    after, calm = (f"{median(each):.1f} / {p99(each):.1f}" for each in (found.added, found.calm))
    return f"| {way.name} | {len(found.added)} | {after} | {calm} | {found.unclosed} |"


def goals(way: Way, found: Killed) -> list[Goal]:
    """What a kill may cost."""
    what = "added to the delay of the next events" if way.name == "race" else "without any event"
    return [
        Goal(f"{way.name}: {what}, p99", p99(found.added), way.goal_ms, at_most=True, unit=" ms"),
        Goal(f"{way.name}: slots that stayed open", found.unclosed, 0, at_most=True),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 also where a goal is missed, for a figure is no fault."""
    parser = argparse.ArgumentParser(prog="scripts/bench failover", description=__doc__)
    parser.add_argument("--kills", type=int, default=60, help="in each strategy")
    names = [way.name for way in WAYS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these strategies")
    given = parser.parse_args(arguments)
    judged: list[Goal] = []
    print("\n".join((facts(), "", *HEADING)))
    for way in WAYS:
        if way.name in given.only:
            found = kills.measure(way, given.kills)
            print(row(way, found), flush=True)
            judged += goals(way, found)
    print("\n".join(["", *(each.line() for each in judged)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
