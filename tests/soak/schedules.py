"""Random schedules of faults that leave two of three regions up at every moment."""

from random import Random
from typing import Final

from tests.scenarios.run import REGIONS, Fault

ENDURED: Final = ("kill", "mute", "lag", "refuse")
"""Faults that last until they are healed; one region at a time has one."""
LONGEST_FAULT: Final = 70.0
LONGEST_PAUSE: Final = 15.0
LONGEST_LAG: Final = 1.5
"""Seconds."""


def draw_faults(seed: int, slots: int) -> list[Fault]:
    """Faults over the first `slots` slots, in the order of time; the same seed gives the same.

    One region after the other is killed, mute, late or closed to new streams, and healed again. A cut
    leaves a region up, so any region may be cut at any time. Copies may be sent twice all along.
    """
    dice = Random(seed)
    faults = _episodes(dice, slots)
    for _ in range(dice.randint(0, 4)):
        faults.append(Fault(dice.uniform(2, slots), dice.choice(tuple(REGIONS)), "cut"))
    for region in REGIONS:
        if dice.random() < 0.3:
            at, share = dice.uniform(0, slots / 2), dice.choice(("0.02", "0.2"))
            faults.append(Fault(at, region, "duplicate", share))
    return sorted(faults, key=lambda fault: fault.at_slot)


def _episodes(dice: Random, slots: int) -> list[Fault]:
    faults: list[Fault] = []
    at = dice.uniform(0, 20)
    while at < slots - 10:
        region, name = dice.choice(tuple(REGIONS)), dice.choice(ENDURED)
        healed_at = at + dice.uniform(1, LONGEST_FAULT)
        faults.append(Fault(at, region, name, _argument(dice, name)))
        if name == "refuse":  # noticed only by a feed that has to open anew
            faults.append(Fault(at + 0.5, region, "cut"))
        faults.append(Fault(healed_at, region, "heal"))
        at = healed_at + dice.uniform(0, LONGEST_PAUSE)
    return faults


def _argument(dice: Random, name: str) -> str | None:
    return f"{dice.uniform(0.1, LONGEST_LAG):.2f}" if name == "lag" else None
