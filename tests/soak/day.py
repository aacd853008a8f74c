"""A whole day of slots of 4 s, each endpoint gone once an hour and a fault a minute, in virtual time, drawn from a seed."""

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
    faults = day.faults.total() - day.faults["spared"]
    return None, f"{faults} faults, {day.outages.total()} outages"
