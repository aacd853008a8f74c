"""Three regions in virtual time under faults drawn from a seed: the events equal the truth."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests import virtual_time
from tests.scenarios.run import Fault, Outcome, watch
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


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and how many events came late, in words.

    Late is an event whose slot was passed over, because for longer than the hold no feed was open that had it
    (the back-off of a region that was healed goes on for a while). It is marked, and out of order.
    """
    faults = draw_faults(seed, slots)
    for fault in faults:
        print(f"  slot {fault.at_slot:6.1f}  {fault.region} {fault.name} {fault.argument or ''}")
    late = 0

    async def judge() -> None:
        nonlocal late
        outcome = await _outcome(seed, slots, faults)
        late = sum(event["late"] for event in outcome.events)
        assert_complete(outcome)
        assert_not_early(outcome)
        outcome.events = [event for event in outcome.events if not event["late"]]
        assert_in_order(outcome)

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return str(broken) or "an invariant of the kernel did not hold", f"{late} late"
    return None, f"{late} late"


async def _outcome(seed: int, slots: int, faults: Sequence[Fault]) -> Outcome:
    with tempfile.TemporaryDirectory() as directory:
        return await watch(MONITORS, Path(directory), slots=slots, faults=faults, seed=seed)
