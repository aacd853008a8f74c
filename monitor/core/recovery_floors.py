"""How deep each rung still reaches, and when a slot falls out of its reach.

Deadlines within a rung ascend with the slots. So they need not be kept by job, and a floor that moves every second
costs the slots that it passes and nothing for all others.
"""

from typing import Final

from monitor.core.rungs import Rung

NEVER: Final = 1 << 64
"""The floor of a rung that serves nothing: above every slot."""


class Floors:
    """The lowest slot that each rung serves; 0: it does not expire, or nobody knows yet."""

    def __init__(self) -> None:
        self._floors = dict.fromkeys(Rung, 0)
        self._slot_time = 0.0
        self._told_at = 0.0

    @property
    def slot_time(self) -> float:
        """Seconds a slot, as last told; 0 before."""
        return self._slot_time

    def of(self, rung: Rung) -> int:
        """The floor of this rung."""
        return self._floors[rung]

    def move(
        self, floors: dict[Rung, int], slot_time: float, now: float
    ) -> list[tuple[Rung, int, int]]:
        """Take the new floors; answers the slots that fall out of reach, as (rung, first, end), in the order of the ladder."""
        self._slot_time, self._told_at = slot_time, now
        passed = [(rung, self._floors[rung], floor) for rung, floor in floors.items()]
        self._floors.update(floors)
        return [(rung, first, end) for rung, first, end in passed if first < end]

    def deadline(self, rung: Rung, slot: int) -> float | None:
        """When the slot, which is in reach, no longer will be; None: never."""
        floor = self._floors[rung]
        return self._told_at + (slot - floor) * self._slot_time if floor else None
