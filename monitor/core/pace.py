"""How far the chain has come, how fast it goes, and how far it cannot have come."""

from typing import Final

LEAP: Final = 1024
"""Slots by which the tip may rise at once. Guessed: more than a server keeps for replay by default."""
LEAP_RATE: Final = 1000.0
"""Slots by which it may rise besides for each second since it last rose. Guessed: far faster than any cluster."""
AHEAD: Final = 64
"""Slots by which an RPC may be ahead of all feeds: half a minute. Guessed."""
AHEAD_RATE: Final = 10.0
"""Slots by which it may be besides for each second since the tip last rose. Guessed: four times mainnet's pace."""
_SMOOTHING: Final = 0.1
"""Weight of the newest slot in the measured slot time. Guessed."""
_SLOWEST: Final = 10.0
"""Slot times that one slot may count for: what takes longer is a stop of ours. Guessed."""


class Pace:
    """The tip, and the time of a slot."""

    def __init__(self) -> None:
        self.tip = -1
        """Highest slot that any feed spoke of."""
        self.slot_time = 0.4
        """Seconds a slot, as measured; a guess until then."""
        self._tip_at = 0.0
        self._common = -1
        """Highest slot that two endpoints have; what one alone speaks of goes no further than can be from there."""
        self._common_at = 0.0
        self._newest: tuple[int, float] | None = None
        """The highest slot that it was measured at, and when."""

    def spoken_of(self, slot: int, now: float) -> None:
        """Some feed spoke of this slot."""
        if self._common < 0 or slot <= within(self._common, self._common_at, now):
            self.reached(slot, now)

    def reached(self, slot: int, now: float) -> None:
        """An endpoint that is believed has this slot now."""
        if slot > self.tip:
            self.tip, self._tip_at = slot, now

    def agreed(self, slot: int, now: float) -> None:
        """Two endpoints have this slot now."""
        self._common, self._common_at = slot, now
        self.reached(slot, now)

    def is_leap(self, slot: int, now: float) -> bool:
        """Whether the chain cannot have come so far: by one lying endpoint all slots to come would be closed."""
        if self.tip < 0:
            return False
        return slot > self.tip + LEAP + LEAP_RATE * (now - self._tip_at)

    def is_ahead(self, slot: int, now: float) -> bool:
        """Whether the chain is hardly there yet: what is told of such a slot is not believed."""
        return slot > within(self.tip, self._tip_at, now)

    def measure(self, slot: int, now: float) -> None:
        """Learn the slot time: the chain is at this slot now."""
        if self._newest is None or slot > self._newest[0]:
            if self._newest is not None:
                took = (now - self._newest[1]) / (slot - self._newest[0])
                took = min(took, _SLOWEST * self.slot_time)
                self.slot_time += _SMOOTHING * (took - self.slot_time)
            self._newest = (slot, now)


def within(known: int, at: float, now: float) -> float:
    """How far the chain can have come since it was known to be there then."""
    return known + AHEAD + AHEAD_RATE * (now - at)
