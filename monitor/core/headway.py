"""Whether a replay comes on: so many slots in each window of time, or to its end."""

from dataclasses import dataclass
from typing import Final

SLOW_WINDOW: Final = 30.0
"""Seconds within which a replay must come `LEAST` slots further, or to its end. Guessed: a server replays faster than its
chain goes, and a real one brings tens of slots a second."""
LEAST: Final = 30


@dataclass(slots=True)
class Headway:
    """Of one replay."""

    due: float
    """When the present window ends."""
    begun_at: int
    """The slot that it had reached when that began."""
    reached: int
    """The highest slot that it told of."""

    @classmethod
    def of(cls, first: int, now: float) -> "Headway":
        """A replay from this slot on was asked for."""
        return cls(now + SLOW_WINDOW, first, first)

    def met(self, slot: int) -> None:
        """It told of this slot."""
        self.reached = max(self.reached, slot)

    def is_slow(self, end: int | None, now: float) -> bool:
        """Whether it brought too little in a window that is over. `end`: the slot that it need not bring any more, if known."""
        if now < self.due:
            return False
        wanted = LEAST if end is None else min(LEAST, end - self.begun_at)
        is_slow = self.reached - self.begun_at < wanted
        self.due, self.begun_at = now + SLOW_WINDOW, self.reached
        return is_slow
