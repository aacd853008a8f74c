"""How far endpoints are: their highest slots, the tip that two of them have seen, and who is behind it for how long."""

from collections import deque
from collections.abc import Collection
from math import inf
from typing import Final

from monitor.core.pace import within

KEPT: Final = 1024
"""Slots of the tip whose time is kept, about seven minutes; who is further behind is behind at least so much."""
APART: Final = 1.0
"""Seconds that one endpoint may be later than another without being silent. Guessed: far more than a way around the world."""
ALONE: Final = 30.0
"""Seconds without a slot that two endpoints have, after which what one alone tells is followed; and of going on after a leap,
after which that is. Guessed."""
LEVEL: Final = 1.0
"""Seconds behind the tip at which who was behind has caught up. Guessed."""
CATCHING_UP: Final = 5.0
"""Seconds within which who catches up after a replay must have come nearer to the tip. Guessed."""


class Tips:
    """Of all endpoints. A slot counts when its BlockMeta came as it happened; a replay is no progress."""

    def __init__(self, endpoints: int) -> None:
        self.tip = -1
        """Highest slot that two endpoints have reached: a single one may be wrong, or lie."""
        self.tip_at = -inf
        """When that was so first."""
        self._top = -1
        """Highest slot that any has reached."""
        self._told = [-1] * endpoints
        """The highest slot that each told, or the last one where that was too far ahead to be believed."""
        self._highest = [-1] * endpoints
        self._told_at = [0.0] * endpoints
        """When each told a slot last, believed or not."""
        self._doubted_since = [inf] * endpoints
        """Since when nothing that each told was believed."""
        self._moved_at = [0.0] * endpoints
        self._seen: deque[tuple[int, float]] = deque(maxlen=KEPT)
        """The tip, each time that it moved, and when: ascending."""
        self._tops: deque[tuple[int, float]] = deque(maxlen=KEPT)
        """The same of what any has reached."""
        self._level_at = [-inf] * endpoints
        """When each was last level with the tip."""
        self._nearest: list[tuple[float, float]] = [(inf, -inf)] * endpoints
        """How near each has come to the tip since then, seconds, and when."""

    def highest(self, endpoint: int) -> int:
        """The highest slot that it told, and was believed; -1: none."""
        return self._highest[endpoint]

    def moved_at(self, endpoint: int) -> float:
        """When it told a new slot, or its stream was accepted."""
        return self._moved_at[endpoint]

    def has(self, endpoint: int, slot: int) -> bool:
        """Whether it has told the end of this slot or of a later one."""
        return slot <= self._highest[endpoint]

    def met(self, endpoint: int, slot: int, now: float) -> bool:
        """The endpoint told the end of this slot. Whether that moved the tip."""
        is_far = self._is_far(endpoint, slot, now)
        self._told_at[endpoint] = now
        self._doubted_since[endpoint] = min(self._doubted_since[endpoint], now) if is_far else inf
        if slot <= self._highest[endpoint]:
            if self.is_beyond(slot, now) or not self.is_beyond(self._highest[endpoint], now):
                return False  # else it goes on from here, after all that it told too far ahead
        self._told[endpoint] = -1
        second = min(slot, max(self._told))
        self._told[endpoint] = slot
        has_moved = second > self.tip
        if has_moved:
            self.tip, self.tip_at = second, now
            self._seen.append((second, now))
        if is_far:
            return has_moved
        self._highest[endpoint] = slot
        self._moved_at[endpoint] = now
        if slot > self._top:
            self._top = slot
            self._tops.append((slot, now))
        self._note_lag(endpoint, now)
        return has_moved

    def is_beyond(self, slot: int, now: float) -> bool:
        """Whether the chain is hardly there yet, as far as two endpoints know."""
        return self.tip >= 0 and slot > within(self.tip, self.tip_at, now)

    def believes(self, endpoint: int) -> bool:
        """Whether the chain can be where the endpoint told last that it is."""
        return self._doubted_since[endpoint] == inf

    def _is_far(self, endpoint: int, slot: int, now: float) -> bool:
        """Whether it is not believed: it leapt from its own last slot too, and has not gone on from there for long.

        Who goes on slot by slot may be the only one that is not behind.
        """
        own, doubted_since = self._highest[endpoint], self._doubted_since[endpoint]
        follows = own >= 0 and slot <= within(own, self._told_at[endpoint], now)
        has_gone_on = now - ALONE >= doubted_since
        return self.is_beyond(slot, now) and not (follows or has_gone_on)

    def reached(self, now: float) -> int:
        """How far the chain is: what two endpoints have; or one, where no two do any more, or none ever did."""
        return self.tip if now < self.tip_at + ALONE else self._top

    def opened(self, endpoint: int, now: float) -> None:
        """Its stream was accepted: it is given time from now on."""
        self._moved_at[endpoint] = now

    def excuse(self, paused: float, now: float) -> None:
        """Nothing was read for so many seconds, which is no fault of theirs."""
        self._moved_at = [min(now, at + paused) for at in self._moved_at]
        for times in (self._seen, self._tops):
            later = [(slot, min(now, at + paused)) for slot, at in times]
            times.clear()
            times.extend(later)

    def lag(self, endpoint: int, now: float) -> float | None:
        """Seconds since two endpoints had told a slot that this one has not; None: that was never so for any."""
        if not self._seen:
            return None
        return now - self._passed(self._seen, endpoint, now)

    def catches_up(self, endpoint: int, replayed_at: float, now: float) -> bool:
        """Whether it has not been level with the tip since its replay ended then, and comes nearer to it."""
        nearer_at = max(self._nearest[endpoint][1], replayed_at)
        return self._level_at[endpoint] < replayed_at and now < nearer_at + CATCHING_UP

    def silent_for(self, endpoint: int, now: float) -> float:
        """Seconds without a new slot."""
        return now - self._moved_at[endpoint]

    def silences(self, endpoints: Collection[int], now: float) -> dict[int, float]:
        """Seconds by which each of these is silent while others are not; where none tells more, the least of all.

        A chain that stands still, or a line of ours, makes no endpoint worse than the others.
        """
        own = {each: self.silent_for(each, now) for each in endpoints}
        alike = [each for each in endpoints if now - self._passed(self._tops, each, now) <= APART]
        least = min((own[each] for each in alike), default=0.0)
        return {**own, **dict.fromkeys(alike, least)}

    def _passed(self, tops: deque[tuple[int, float]], endpoint: int, now: float) -> float:
        """When the first slot came that the endpoint has not; now where it has all."""
        since = now
        for slot, at in reversed(tops):
            if slot <= self._highest[endpoint]:
                break
            since = at
        return since

    def _note_lag(self, endpoint: int, now: float) -> None:
        lag = now - self._passed(self._seen, endpoint, now)
        if lag <= LEVEL:
            self._level_at[endpoint] = now
            self._nearest[endpoint] = (inf, -inf)
        elif lag < self._nearest[endpoint][0]:
            self._nearest[endpoint] = (lag, now)
