"""Counts and delays of the last seconds, in memory that is bounded however much happens."""

from collections import deque
from collections.abc import Sequence
from math import ceil, floor
from typing import Final

MOST: Final = 512
"""Delays that are kept at most, of the last seconds and of the running minute. Guessed: the error of a median is small."""
ENOUGH: Final = 3
"""Delays that say something. Guessed."""
MINUTE: Final = 60.0
MINUTES: Final = 60
"""Of the usual delay: half of them must be unusual before the usual one changes. Guessed."""


class Counts:
    """How much happened within so many seconds: kept by the second, so the oldest one is dropped whole."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._seconds: deque[list[int]] = deque()
        """(second, how much), ascending."""
        self._sum = 0

    def add(self, count: int, now: float) -> None:
        """So much happened now."""
        second = int(now)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += count
        else:
            self._forget(now)
            self._seconds.append([second, count])
        self._sum += count

    def total(self, now: float) -> int:
        """How much happened within the window that ends now."""
        self._forget(now)
        return self._sum

    def rate(self, now: float) -> float:
        """How much a second, of the seconds that are counted."""
        return self.total(now) / (now - floor(now - self._window) - 1)

    def _forget(self, now: float) -> None:
        seconds = self._seconds
        while seconds and seconds[0][0] <= now - self._window:
            self._sum -= seconds.popleft()[1]


class Recent:
    """Measures of the last seconds, as far as they are kept: the newest ones."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._kept: deque[tuple[float, float]] = deque(maxlen=MOST)
        """(when, how much)."""

    def add(self, measure: float, now: float) -> None:
        """Keep it."""
        self._kept.append((now, measure))

    def ordered(self, now: float) -> list[float]:
        """Those within the window that ends now, ascending."""
        kept = self._kept
        while kept and kept[0][0] <= now - self._window:
            kept.popleft()
        return sorted(measure for _, measure in kept)


class Usual:
    """What a delay usually is: the median of the medians of the last hour's minutes.

    A trouble of less than half an hour does not become the usual, and what lasts longer does, be it a new consensus.
    """

    def __init__(self) -> None:
        self._medians: deque[float] = deque(maxlen=MINUTES)
        self._minute: list[float] = []
        self._ends = 0.0

    def add(self, delay: float, now: float) -> None:
        """One delay more, in seconds."""
        if now >= self._ends:
            if len(self._minute) >= ENOUGH:
                self._medians.append(at_share(sorted(self._minute), 0.5))
            self._minute.clear()
            self._ends = now + MINUTE
        if len(self._minute) < MOST:
            self._minute.append(delay)

    @property
    def delay(self) -> float | None:
        """Seconds; None before a minute is over."""
        return at_share(sorted(self._medians), 0.5) if self._medians else None


def at_share(ordered: Sequence[float], share: float) -> float:
    """The least number that so much of them does not exceed; there is at least one."""
    return ordered[ceil(share * len(ordered)) - 1]
