"""A whole day of a chain with slots of 4 s, a fault a minute, in virtual time, drawn from a seed."""

from typing import Final

from tests.core.test_a_day import SLOTS_A_DAY, prove
from tests.soak.stitched import told_of

SLOTS: Final = SLOTS_A_DAY
ROUNDS: Final = 1


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """One day: None when all held, else what did not; and how many faults there were."""
    try:
        day = prove(seed, slots)
    except AssertionError as broken:
        return told_of(broken), ""
    return None, f"{day.faults.total()} faults"
