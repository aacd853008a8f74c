"""How fast one RPC may be asked: never above its rate, and no more at once than it bears.

How the rate is kept: the RPC has as many places as calls are allowed in a second. A call takes one when it is sent, and
the place is free again one second after the call must have reached the server: when its answer began, or `ALLOWANCE`
after it was sent. Counted from the sending alone, calls that a busy machine or network held back would reach the server
together with later ones, and so above the rate. A bucket that fills evenly allows its burst on top of the rate.
"""

from bisect import insort
from typing import Final

WINDOW: Final = 1.0
"""Seconds that a rate is counted over."""
ALLOWANCE: Final = 0.25
"""Seconds that a call may be under way to its server. A guess: ten times what a far region takes."""

FIRST_CALLS: Final = 8
"""Calls at once to begin with; BACKFILL 9."""
MOST_CALLS: Final = 32
"""Calls at once at best. A guess: 32 blocks in flight are four seconds of the chain."""


class RateWindow:
    """The calls of the last second to one RPC."""

    def __init__(self, rate: float | None) -> None:
        """`rate`: calls a second, above 0; None: as many as one likes.

        Below one call a second the window is longer; a fraction above is left unused.
        """
        self._places = None if rate is None else max(1, int(rate))
        self._window = WINDOW if rate is None else max(WINDOW, 1 / rate)
        self._free_at: list[float] = []
        """When each taken place is free again, ascending."""

    def delay(self, now: float) -> float:
        """Seconds until a call may be sent; 0: now."""
        if self._places is None:
            return 0.0
        taken = self._free_at
        while taken and taken[0] <= now:
            del taken[0]
        return taken[0] - now if len(taken) >= self._places else 0.0

    def take(self, now: float) -> float:
        """Count a call that is sent now; only when `delay` is 0. Returns what `reached` wants."""
        free_at = now + ALLOWANCE + self._window
        if self._places is not None:
            insort(self._free_at, free_at)
        return free_at

    def reached(self, free_at: float, now: float) -> None:
        """The server has the call: its answer began, or it is known never to get it."""
        earlier = now + self._window
        if self._places is not None and earlier < free_at and free_at in self._free_at:
            self._free_at.remove(free_at)
            insort(self._free_at, earlier)


class Concurrency:
    """How many calls at once one RPC bears: halved when it complains, one more for as many good answers."""

    def __init__(self) -> None:
        self.limit: int = FIRST_CALLS
        self._good = 0
        self._halved_at: float | None = None

    def answered(self, in_use: int) -> None:
        """A good answer came while so many calls were under way, itself among them.

        The limit grows only when it is used: else it would say nothing of what the RPC bears.
        """
        if in_use < self.limit:
            return
        self._good += 1
        if self._good > self.limit:
            self._good = 0
            self.limit = min(MOST_CALLS, self.limit + 1)

    def throttled(self, sent_at: float, now: float) -> None:
        """The RPC complained about a call of `sent_at`: one of before the last halving says nothing new."""
        if self._halved_at is not None and sent_at <= self._halved_at:
            return
        self._halved_at = now
        self._good = 0
        self.limit = max(1, self.limit // 2)
