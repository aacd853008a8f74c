"""How far endpoints are: their highest slots, the tip that two of them have seen, and who is behind it for how long."""

from collections import deque
from typing import Final

KEPT: Final = 1024
"""Slots of the tip whose time is kept, about seven minutes; who is further behind is behind at least so much."""


class Tips:
    """Of all endpoints. A slot counts when its BlockMeta came as it happened; a replay is no progress."""

    def __init__(self, endpoints: int) -> None:
        self.tip = -1
        """Highest slot that two endpoints have reached: a single one may be wrong, or lie."""
        self._highest = [-1] * endpoints
        self._moved_at = [0.0] * endpoints
        self._seen: deque[tuple[int, float]] = deque(maxlen=KEPT)
        """The tip, each time that it moved, and when: ascending."""

    def met(self, endpoint: int, slot: int, now: float) -> bool:
        """The endpoint told the end of this slot. Whether that moved the tip."""
        if slot <= self._highest[endpoint]:
            return False
        self._highest[endpoint] = -1
        second = min(slot, max(self._highest))
        self._highest[endpoint] = slot
        self._moved_at[endpoint] = now
        if second <= self.tip:
            return False
        self.tip = second
        self._seen.append((second, now))
        return True

    def opened(self, endpoint: int, now: float) -> None:
        """Its stream was accepted: it is given time from now on."""
        self._moved_at[endpoint] = now

    def excuse(self, paused: float, now: float) -> None:
        """Nothing was read for so many seconds, which is no fault of theirs."""
        self._moved_at = [min(now, at + paused) for at in self._moved_at]

    def lag(self, endpoint: int, now: float) -> float | None:
        """Seconds since two endpoints had told a slot that this one has not; None: that was never so for any."""
        if not self._seen:
            return None
        since = now
        for slot, at in reversed(self._seen):
            if slot <= self._highest[endpoint]:
                break
            since = at
        return now - since

    def silent_for(self, endpoint: int, now: float) -> float:
        """Seconds without a new slot."""
        return now - self._moved_at[endpoint]
