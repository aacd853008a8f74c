"""When a second RPC is asked because the first one takes long, and how often that may be."""

from collections import deque
from math import ceil
from typing import Final

FIRST_DELAY: Final = 0.4
"""Seconds; BACKFILL 9."""
SHORTEST_DELAY: Final = 0.02
"""Seconds. A guess: below, our own load decides which answers are slow."""
_ANSWERS: Final = 64
"""So many answers are looked back on."""
_ENOUGH: Final = 8
"""So many answers tell something."""

SHARE: Final = 0.1
"""Of all calls; BACKFILL 9 says 5 to 10 %."""
_SAVED: Final = 5.0
"""Hedges that may be saved up: a slow spell begins with so many at most."""


class HedgeDelay:
    """What a pool's slower answers take: the 95th percentile of the latest good ones."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_ANSWERS)

    def answered(self, seconds: float) -> None:
        """A good answer took so long."""
        self._seconds.append(seconds)

    def delay(self) -> float:
        """Seconds after which a second RPC is asked."""
        if len(self._seconds) < _ENOUGH:
            return FIRST_DELAY
        ordered = sorted(self._seconds)
        return max(SHORTEST_DELAY, ordered[ceil(0.95 * len(ordered)) - 1])


class HedgeBudget:
    """Keeps hedges to a share of all calls, so that an outage does not double the load."""

    def __init__(self) -> None:
        self._saved = 1.0

    def called(self) -> None:
        """A call was made that is no hedge."""
        self._saved = min(_SAVED, self._saved + SHARE)

    def take(self) -> bool:
        """Whether there may be a hedge now; it counts as made."""
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True
