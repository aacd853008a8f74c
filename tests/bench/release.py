"""`scripts/bench release`: how long after the status that allows it a slot is handed on, at each level, with goals."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from monitor.core.chain import Commitment
from monitor.core.kernel import Kernel
from monitor.core.policy import Policy
from tests.bench.contest import Contender, Load, interleaved, middle, replay_server
from tests.bench.table import facts
from tests.bench.trials import Goal
from tests.bench.window import Figures

RATE: Final = 5_000.0
MODULE: Final = "tests.bench.peers.releasing"
CHANGED: Final = "changed each second"
LEVELS: Final = tuple(level.name.lower() for level in Commitment)
CONTENDERS: Final = (
    *(Contender(level, MODULE, arguments=("--level", level)) for level in LEVELS),
    Contender(CHANGED, MODULE),
)
GOAL_MS: Final = 2.0
WORDS: Final = {"pin": "what a change lets go"}
HEADING: Final = (
    "| level | of | first, ms p50 / p99 / max | last less 15 us an event, ms p50 / p99 / max |",
    "|---|---|---:|---:|",
)


def takes_pins() -> bool:
    """Whether the level of this daemon can be changed while it runs."""
    return hasattr(Kernel((), 1, Policy(Commitment.CONFIRMED)), "switching")


def rows(name: str, figures: Figures) -> list[str]:
    """One contender, a line for each of what it released."""
    found = []
    for word in (*LEVELS, "pin"):
        told = [
            [figures.delays_us.get(f"{word}_{place}_{each}") for each in ("p50", "p99", "max")]
            for place in ("first", "last")
        ]
        if told[0][0] is not None:
            first, last = (" / ".join(f"{(each or 0) / 1000:.2f}" for each in one) for one in told)
            found.append(f"| {name} | {WORDS.get(word, word)} | {first} | {last} |")
    return found


def goals(name: str, figures: Figures) -> list[Goal]:
    """p99 of the first and of the last."""
    return [
        Goal(f"{name}: {WORDS.get(word, word)}, {what}, p99", told / 1000, GOAL_MS, True, " ms")
        for word in (*LEVELS, "pin")
        for place, what in (("first", "first event"), ("last", "last event less 15 us an event"))
        if (told := figures.delays_us.get(f"{word}_{place}_p99")) is not None
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 also where a goal is missed, for a figure is no fault."""
    parser = argparse.ArgumentParser(prog="scripts/bench release", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds; medians are shown")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a run")
    names = [each.name for each in CONTENDERS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these levels")
    given = parser.parse_args(arguments)
    contenders = [
        each
        for each in CONTENDERS
        if each.name in given.only and (each.name != CHANGED or takes_pins())
    ]
    with replay_server() as server:
        lines = facts(server.source, server.message_bytes, given.runs, given.seconds)
    print("\n".join([*lines, f"One feed at {RATE:,.0f} messages/s, a null sink.", "", *HEADING]))
    judged: list[Goal] = []
    runs = interleaved(contenders, given.runs, given.seconds, Load(RATE))
    for name, taken in runs.items():
        figures = middle(taken)
        print("\n".join(rows(name, figures)), flush=True)
        judged += goals(name, figures)
    print("\n".join(["", *(each.line() for each in judged)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
