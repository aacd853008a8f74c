"""Three regions in virtual time under faults drawn from a seed: the events equal the truth."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import anyio
import trio.testing

from tests.scenarios.run import Fault, watch
from tests.scenarios.test_three_regions import (
    MONITORS,
    assert_complete,
    assert_in_order,
    assert_not_early,
)
from tests.soak.schedules import draw_faults

SLOTS = 300
ROUNDS = 10


def round_seeds(seed: int, rounds: int) -> list[int]:
    """The seed of each round. The first is the given one, so that one round repeats a round."""
    dice = Random(seed)
    return [seed, *(dice.randrange(2**32) for _ in range(rounds - 1))]


def run_round(seed: int, slots: int = SLOTS) -> str | None:
    """One run; None when all held, else what did not."""
    faults = draw_faults(seed, slots)
    for fault in faults:
        print(f"  slot {fault.at_slot:6.1f}  {fault.region} {fault.name} {fault.argument or ''}")
    clock = trio.testing.MockClock(autojump_threshold=0)
    try:
        anyio.run(
            watch_and_judge, seed, slots, faults, backend="trio", backend_options={"clock": clock}
        )
    except AssertionError as broken:
        return str(broken) or "an invariant of the kernel did not hold"
    return None


async def watch_and_judge(seed: int, slots: int, faults: Sequence[Fault]) -> None:
    """Run the daemon and hold what it wrote against the truth. Raises AssertionError."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = await watch(MONITORS, Path(directory), slots=slots, faults=faults, seed=seed)
    assert_complete(outcome)
    assert_in_order(outcome)
    assert_not_early(outcome)
