"""Which level holds for which slot: the gate's tables, one after the other as the daemon's commitment changed.

Monitors that name no commitment follow the daemon's. It changes at a slot, so that each slot is released once to each
of them, at one level.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.core.chain import Commitment
from monitor.core.levels import Levels
from monitor.core.monitors import Monitor


@dataclass(frozen=True, slots=True)
class Switch:
    """From `first_slot` on monitors that name no commitment are released at `level`."""

    first_slot: int
    level: Commitment
    came_from: Commitment
    reason: str


class LevelHistory:
    """The tables in force."""

    def __init__(
        self, monitors: Sequence[Monitor], level: Commitment, switches: Sequence[Switch] = ()
    ) -> None:
        """`switches`: those of earlier processes, ascending, that came to `level`."""
        self._tables = tuple(Levels.of(monitors, each) for each in Commitment)
        begins = switches[0].came_from if switches else level
        self._since: list[tuple[int, Commitment]] = [(-1, begins)]
        for switch in switches:
            self.switch(switch.first_slot, switch.level)

    @property
    def level(self) -> Commitment:
        """Of the newest slots."""
        return self._since[-1][1]

    @property
    def since(self) -> int:
        """The first slot of that level; -1 while it has never changed."""
        return self._since[-1][0]

    @property
    def current(self) -> Levels:
        """The newest table."""
        return self._tables[self.level]

    def level_of(self, slot: int) -> Commitment:
        """At which monitors that name none are released."""
        for first, level in reversed(self._since):
            if slot >= first:
                return level
        return self._since[0][1]

    def of(self, slot: int) -> Levels:
        """The table of this slot."""
        if len(self._since) == 1:
            return self._tables[self._since[0][1]]
        return self._tables[self.level_of(slot)]

    def switch(self, first_slot: int, level: Commitment) -> None:
        """From this slot on it is `level`; it must be above the first slot of the last switch."""
        assert first_slot > self.since
        self._since.append((first_slot, level))

    def forget_below(self, slot: int) -> None:
        """Nobody asks for slots below this one any more."""
        while len(self._since) > 1 and self._since[1][0] <= slot:
            del self._since[0]
