"""`python -m tests.soak NAME`: a must-show line at full count, with a drawn seed that is printed."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import SystemRandom

from tests.soak import (
    commitment,
    day,
    decide,
    guards,
    handovers,
    killed,
    killed_processes,
    killed_recovery,
    machine,
    memory,
    outages,
    reconnects,
    regions,
    results,
    stalling,
    stitched,
    switching,
    switching_killed,
    traps,
)

IN_ROUNDS = {
    "regions": (regions, regions.SLOTS, "slots"),
    "stitched": (stitched, stitched.SLOTS, "slots"),
    "killed": (killed, killed.SLOTS, "slots"),
    "killed-processes": (killed_processes, killed_processes.SLOTS, "slots"),
    "outages": (outages, outages.SLOTS, "slots"),
    "reconnects": (reconnects, reconnects.RECONNECTS, "reconnects"),
    "handovers": (handovers, handovers.SLOTS, "slots"),
    "killed-recovery": (killed_recovery, killed_recovery.POINTS, "points"),
    "day": (day, day.SLOTS, "slots"),
    "machine": (machine, machine.EXAMPLES, "examples"),
    "decide": (decide, decide.HOURS, "hours"),
    "commitment": (commitment, commitment.HISTORIES, "histories"),
    "switching": (switching, switching.SLOTS, "slots"),
    "switching-killed": (switching_killed, switching_killed.SLOTS, "slots"),
    "stalling": (stalling, stalling.SLOTS, "slots"),
    "traps": (traps, traps.SLOTS, "slots"),
}
"""Soaks of one run after the other, each with a seed of its own; how much of what is in a run."""


def main(arguments: Sequence[str]) -> int:
    """Run one soak and note its result; 0 when it held."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True)
    for name, (soak, count, unit) in IN_ROUNDS.items():
        one = names.add_parser(name, help=soak.__doc__)
        one.add_argument("--rounds", type=int, default=soak.ROUNDS)
        one.add_argument(f"--{unit}", type=int, default=count)
        one.add_argument("--seed", type=int, help="of the first round; drawn if not given")
        if name == "traps":
            one.add_argument(
                "--only",
                default="",
                help="those whose family and name contain this text, as richat far-away",
            )
    two = names.add_parser("guards", help=guards.__doc__)
    two.add_argument("--only", default="", help="guards whose file or test contains this text")
    two.add_argument("--jobs", type=int, default=guards.JOBS, help="guards tried at once")
    three = names.add_parser("memory", help=memory.__doc__)
    three.add_argument("--minutes", type=float, default=memory.MINUTES)
    three.add_argument("--rate", type=float, default=memory.RATE, help="messages/s of each feed")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    held = "held"
    if asked.name == "guards":
        chosen = guards.chosen(asked.only)
        if asked.jobs < 1:
            two.error("--jobs is 1 at least")
        if not chosen:
            two.error(f"no guard's file or test contains {asked.only!r}")
        seed, (size, failures) = None, _try_guards(chosen, asked.jobs)
    elif asked.name == "memory":
        seed, (size, held, failures) = None, soak_memory(asked.minutes, asked.rate)
    else:
        seed = SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
        soak, _, unit = IN_ROUNDS[asked.name]
        run_round: Callable[[int, int], tuple[str | None, str]] = soak.run_round
        if asked.name == "traps":
            if not traps.chosen(asked.only):
                parser.error(f"no scenario's name contains {asked.only!r}")
            run_round = partial(traps.run_round, only=asked.only)
        rounds = Rounds(asked.name, run_round, getattr(asked, unit), unit)
        size, failures = soak_in_rounds(rounds, seed, asked.rounds)
    result = "; ".join(failures) if failures else held
    results.append(asked.name, seed, size, result, time.monotonic() - began)
    print(result)
    return 1 if failures else 0


def _try_guards(chosen: Sequence[guards.Guard], jobs: int) -> tuple[str, list[str]]:
    """How many there were, and a line for each that is wrong."""
    outcome = guards.try_all(chosen, jobs)
    hung = f", {outcome.hung} noticed by a hang" if outcome.hung else ""
    return f"{len(chosen)} guards{hung}", outcome.failures


@dataclass(frozen=True)
class Rounds:
    """What is run, and how much of it in a round."""

    name: str
    run: Callable[[int, int], tuple[str | None, str]]
    """From a seed and the count to what did not hold, and the size."""
    count: int
    unit: str


def soak_in_rounds(asked: Rounds, seed: int, rounds: int) -> tuple[str, list[str]]:
    """The size of the soak, and a line for each round that failed."""
    failures = []
    sizes = []
    print(f"seed {seed}")
    for number, each in enumerate(regions.round_seeds(seed, rounds), 1):
        print(f"round {number} of {rounds}, seed {each}", flush=True)
        wrong, size = asked.run(each, asked.count)
        sizes.append(size)
        print(f"  {size}")
        if wrong is not None:
            failures.append(f"seed {each}: {wrong}")
            count = f"--{asked.unit} {asked.count}"
            repeat = f"scripts/soak {asked.name} --rounds 1 {count} --seed {each}"
            print(f"  FAILED: {wrong}\n  to repeat: {repeat}", flush=True)
    told = ", ".join(size for size in sizes if size)
    return f"{rounds} rounds of {asked.count} {asked.unit}: {told}", failures


def soak_memory(minutes: float, rate: float) -> tuple[str, str, list[str]]:
    """The size of the soak, what was measured, and a line for each bound that was passed."""
    watched = memory.watch(minutes, rate)
    measured = f"peak {watched.peak:.0f} MB, slope {watched.slope:.2f} MB a minute"
    size = f"{minutes:g} minutes of {memory.FEEDS} feeds at {rate:,.0f}/s, {watched.slots.total()} slots"
    failures = watched.failures()
    return size, f"held: {measured}", [*failures, measured] if failures else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
