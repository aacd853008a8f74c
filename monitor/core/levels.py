"""Which monitors are released at which level, as bit masks: the gate's table, made once from the configuration."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.core.chain import Commitment, SlotStatus
from monitor.core.monitors import Monitor


@dataclass(frozen=True, slots=True)
class Levels:
    """Masks over the monitors, bit i for the i-th of the configuration."""

    of_monitor: tuple[Commitment, ...]
    at: tuple[int, int, int]
    """By commitment: the monitors released at it."""
    held: int
    """Monitors whose rows are kept: all, since what is given at processed may have to be given anew."""
    slots: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    """By commitment and then slot status: the monitors that want the `slot` event of that status."""
    every_write: int
    """Monitors that want all writes to an account, not the last of each slot."""

    @classmethod
    def of(cls, monitors: Sequence[Monitor], level: Commitment) -> "Levels":
        """The table for these monitors; `level` is for those that name none."""
        of_monitor = tuple(level if m.commitment is None else m.commitment for m in monitors)
        at = [0, 0, 0]
        slots = [[0] * len(SlotStatus) for _ in Commitment]
        every_write = 0
        for i, (monitor, own) in enumerate(zip(monitors, of_monitor, strict=True)):
            at[own] |= 1 << i
            if monitor.every_write:
                every_write |= 1 << i
            for status in SlotStatus:
                if monitor.slots is not None and monitor.slots.takes(status, own):
                    slots[own][status] |= 1 << i
        return cls(
            of_monitor,
            (at[0], at[1], at[2]),
            at[0] | at[1] | at[2],
            (tuple(slots[0]), tuple(slots[1]), tuple(slots[2])),
            every_write,
        )
