"""How the chain does, as measured in windows of seconds: what the commitment is chosen by.

How this works. The hooks only count and note when; what it comes to is reckoned when somebody asks, once a second. A slot
is timed from its first sight on a stream to a commitment, so that one that was recovered or replayed says nothing of
delays: it was never seen. When the process stood still, what follows it arrives in a heap and is not timed either.
"""

from dataclasses import dataclass, replace
from typing import Final

from monitor.core.certificates import SlotEnd
from monitor.core.pace import Pace
from monitor.core.sliding import ENOUGH, Counts, Recent, Usual, at_share

WINDOW: Final = 60.0
"""Seconds that shares and counts are of. Guessed."""
RECENT: Final = 30.0
"""Seconds that recent delays are of. Guessed."""
LATELY: Final = 10.0
"""Seconds that latency and throughput are of. Guessed."""
START: Final = 60.0
"""Seconds after our own start in which nothing is said of the chain. Guessed."""
SETTLING: Final = 5.0
"""Seconds after our start in which no slot is timed: they come in a heap. After a stop it is as long as that, if shorter.
Guessed."""
SHORT: Final = 1.0
"""Seconds that a stop of ours may take for slots to be timed over it: pauses that come often would leave none. Guessed."""
SPACING: Final = 0.1
"""Seconds between two slots that are timed, or two releases: a sample is enough, however fast they are."""
TIMED: Final = 4096
"""Slots that wait for a commitment to be timed: nearly seven minutes at that spacing; the oldest are let go."""


@dataclass(frozen=True, slots=True)
class RecentDelay:
    """From the first sight of a slot to a commitment, in seconds."""

    p50: float
    p95: float
    usual: float | None = None
    """The median of a long while; None: not learned yet."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Every input of the choice (DESIGN 7). None: unknown, which says neither good nor bad."""

    slots: int = 0
    """Slots that were seen or closed within the window: what the shares are of."""
    fork_rate: float | None = None
    """Share of them with a block that lost."""
    dead_rate: float | None = None
    """Share of them whose bank died."""
    disagreements: int | None = None
    """Times within the window that endpoints named different blocks of one slot as confirmed."""
    equivocations: int | None = None
    """Slots of which two blocks were seen within the window."""
    confirmation_delay: RecentDelay | None = None
    finalization_delay: RecentDelay | None = None
    tip_age: float | None = None
    """Seconds since any slot advanced, while a stream was open. Unknown just after a stop of ours."""
    confirmed_age: float | None = None
    """Seconds since the confirmed chain advanced."""
    finalized_age: float | None = None
    """Seconds since the finalized chain advanced."""
    slot_lag: float | None = None
    """Seconds that what we hold is behind the highest slot spoken of."""
    slot_time: float = 0.0
    """Seconds a slot, as measured."""
    latency: float | None = None
    """p95 of the seconds from first arrival to hand-on, of what was released lately."""
    throughput: float | None = None
    """Events a second that were released lately."""

    @property
    def is_known(self) -> bool:
        """Whether a calm can be told of: one that nobody measured is none."""
        return self.tip_age is not None


class Delays:
    """Of one commitment: the recent ones against the usual one."""

    def __init__(self) -> None:
        self._recent = Recent(RECENT)
        self._usual = Usual()

    def add(self, delay: float, now: float) -> None:
        """One slot came to it after so many seconds."""
        self._recent.add(delay, now)
        self._usual.add(delay, now)

    def told(self, now: float) -> RecentDelay | None:
        """None: too few slots came to it lately."""
        ordered = self._recent.ordered(now)
        if len(ordered) < ENOUGH:
            return None
        return RecentDelay(at_share(ordered, 0.5), at_share(ordered, 0.95), self._usual.delay)


class Gauges:
    """Measures it all. Hooks are called with ascending `now`."""

    def __init__(self, pace: Pace, now: float = 0.0) -> None:
        self._pace = pace
        self._seen_slot = self._confirmed_slot = self._finalized_slot = -1
        """The highest ones."""
        self.begin(now)
        self._timed: dict[int, float] = {}
        """When slots were first seen, that may still come to a commitment; in the order of their sight."""
        self._next_timed_at = self._next_release_at = 0.0
        self._confirmation, self._finalization = Delays(), Delays()
        self._seen, self._closed = Counts(WINDOW), Counts(WINDOW)
        self._forks, self._deaths = Counts(WINDOW), Counts(WINDOW)
        self._disagreements, self._equivocations = Counts(WINDOW), Counts(WINDOW)
        self._equivocated = -1
        self._released = Counts(LATELY)
        self._latency = Recent(LATELY)

    def begin(self, now: float) -> None:
        """The daemon starts to watch: nothing is known of the time before."""
        self._started_at = now
        self._settled_at = now + SETTLING
        self._tip_at = self._confirmed_at = self._finalized_at = now

    def tip_moved(self, now: float) -> None:
        """A feed spoke of a slot above all others."""
        self._tip_at = now

    def slot_seen(self, slot: int, now: float) -> None:
        """The first row of a slot came on a stream, or its status. Not for what is recovered, or far beyond the tip."""
        if slot <= self._seen_slot:
            return
        self._seen_slot, self._tip_at = slot, now
        self._seen.add(1, now)
        if now >= self._next_timed_at and now >= self._settled_at:
            self._next_timed_at = now + SPACING
            self._timed[slot] = now
            if len(self._timed) > TIMED:
                del self._timed[next(iter(self._timed))]

    def confirmed(self, slot: int, now: float) -> None:
        """The slot came to be known as confirmed, told or inferred. Once a slot."""
        if slot > self._confirmed_slot:
            self._confirmed_slot, self._confirmed_at = slot, now
        seen_at = self._timed.get(slot)
        if seen_at is not None:
            self._confirmation.add(now - seen_at, now)

    def finalized(self, slot: int, now: float) -> None:
        """The same of finalized; slots come ascending."""
        if slot > self._finalized_slot:
            self._finalized_slot, self._finalized_at = slot, now
        seen_at = self._timed.get(slot)
        if seen_at is not None:
            self._finalization.add(now - seen_at, now)
        while self._timed and (oldest := next(iter(self._timed))) <= slot:
            del self._timed[oldest]

    def ended(self, end: SlotEnd, now: float) -> None:
        """A slot has a certificate. One that is open is counted when it is closed."""
        if end in (SlotEnd.PARTIAL, SlotEnd.LOST):
            return
        self._closed.add(1, now)
        if end is SlotEnd.FORKED:
            self._forks.add(1, now)
        elif end is SlotEnd.DEAD:
            self._deaths.add(1, now)

    def disagreed(self, now: float) -> None:
        """Endpoints name different blocks of one slot as confirmed."""
        self._disagreements.add(1, now)

    def equivocated(self, slot: int, now: float) -> None:
        """Two blocks of this slot were seen; said again of the newest one, it counts once."""
        if slot != self._equivocated:
            self._equivocated = slot
            self._equivocations.add(1, now)

    def released(self, count: int, oldest_stamp_age: float | None, now: float) -> None:
        """So many events were handed on; the first of them to arrive came so many seconds before.

        None: none of them came, or they are not of the level that is chosen here.
        """
        self._released.add(count, now)
        if oldest_stamp_age is not None and now >= self._next_release_at:
            self._next_release_at = now + SPACING
            self._latency.add(oldest_stamp_age, now)

    def excuse(self, paused: float, now: float) -> None:
        """Nothing was read for so many seconds: that silence was ours. Comes before what waited meanwhile.

        While no stream of ours is open it is said again and again, of the seconds since the last time.
        """
        self._tip_at = min(now, self._tip_at + paused)
        self._confirmed_at = min(now, self._confirmed_at + paused)
        self._finalized_at = min(now, self._finalized_at + paused)
        if paused < SHORT:
            self._timed = {slot: at + paused for slot, at in self._timed.items()}
        else:
            self._timed.clear()
        self._settled_at = max(self._settled_at, now + min(SETTLING, paused))

    def conditions(self, now: float) -> Conditions:
        """What it comes to now."""
        latency = self._latency.ordered(now)
        own = Conditions(
            slot_time=self._pace.slot_time,
            latency=at_share(latency, 0.95) if latency else None,
            throughput=self._released.rate(now),
        )
        if now < self._started_at + START:
            return own
        # What is closed after a stall is more than what was seen, and while all is repaired it is less.
        slots = max(self._seen.total(now), self._closed.total(now))
        return replace(
            own,
            slots=slots,
            fork_rate=self._forks.total(now) / slots if slots else None,
            dead_rate=self._deaths.total(now) / slots if slots else None,
            disagreements=self._disagreements.total(now),
            equivocations=self._equivocations.total(now),
            confirmation_delay=self._confirmation.told(now),
            finalization_delay=self._finalization.told(now),
            tip_age=now - self._tip_at if now >= self._settled_at else None,
            confirmed_age=now - self._confirmed_at,
            finalized_age=now - self._finalized_at,
            slot_lag=self._lag(),
        )

    def _lag(self) -> float | None:
        if self._seen_slot < 0:
            return None
        return max(0, self._pace.tip - self._seen_slot) * self._pace.slot_time
