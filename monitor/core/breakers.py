"""When an RPC is left alone: while it throttles, while it is dead, and where it cannot help at all."""

from typing import Final

from monitor.core.rungs import Verdict

FAILURES: Final = 3
"""In a row, until an RPC counts as dead, or as one that cannot help. A guess."""
FIRST_PAUSE: Final = 0.25
"""Seconds; BACKFILL 7."""
LONGEST_PAUSE: Final = 10.0
"""Seconds; BACKFILL 7."""
LONGEST_ASKED_PAUSE: Final = 300.0
"""Seconds of a Retry-After that are believed. A guess: a server that wants more is asked again all the same."""
UNABLE_PAUSE: Final = 60.0
"""Seconds until an RPC is tried again that refused us, or lacks the method. A guess; no such verdict is for ever."""
FLOOR_TRUSTED: Final = 60.0
"""Seconds that the first slot which an RPC keeps is believed: behind one URL there may be several nodes."""


class Breaker:
    """What one RPC's latest answers say of asking it again."""

    def __init__(self) -> None:
        self._failures = 0
        self._complaints = 0
        self._refusals = 0
        self._until = 0.0
        self._why = Verdict.FAILED
        self._floor = 0
        self._floor_until = 0.0

    def pause(self, now: float) -> tuple[float, Verdict] | None:
        """For how many seconds not to ask, and why; None: it may be asked.

        When the pause of a dead one is over, one call may go and find out.
        """
        left = self._until - now
        return (left, self._why) if left > 0 else None

    def keeps(self, slot: int, now: float) -> bool:
        """False while the RPC is known to have dropped this slot."""
        return slot >= self._floor or now >= self._floor_until

    def asked(self, now: float, jitter: float) -> None:
        """A call goes. To one that counts as dead no other goes while this one is under way, for a time."""
        if self._failures >= FAILURES:
            self._leave(now + _backoff(self._failures - FAILURES + 1, jitter), Verdict.FAILED)

    def answered(self) -> None:
        """It told something about a block, if only that it has none."""
        if self._failures >= FAILURES and self._why is Verdict.FAILED:
            self._until = 0.0
        self._failures = 0
        self._complaints = 0
        self._refusals = 0

    def failed(self, now: float, jitter: float) -> None:
        """It could not be reached, took too long, or broke. `jitter` in [0, 1)."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._leave(now + _backoff(self._failures - FAILURES + 1, jitter), Verdict.FAILED)

    def throttled(self, now: float, retry_after: float, jitter: float) -> float:
        """It asked for a pause of so many seconds; 0: it did not say. Returns the pause."""
        self._complaints += 1
        asked = min(retry_after, LONGEST_ASKED_PAUSE)
        pause = asked if asked > 0 else _backoff(self._complaints, jitter)
        self._leave(now + pause, Verdict.THROTTLED)
        return pause

    def unable(self, now: float) -> None:
        """It refuses us, or has no such method or no history at all.

        Once is no proof: of several nodes behind one URL a single one may say so.
        """
        self._refusals += 1
        if self._refusals >= FAILURES:
            self._leave(now + UNABLE_PAUSE, Verdict.CANNOT)

    def begins_at(self, slot: int, now: float) -> None:
        """This is the first slot that it keeps."""
        self._floor = slot
        self._floor_until = now + FLOOR_TRUSTED

    def _leave(self, until: float, why: Verdict) -> None:
        if until > self._until:
            self._until = until
            self._why = why


def _backoff(times: int, jitter: float) -> float:
    """Between half and all of a ceiling that doubles: never at once, so that no refusal makes a busy loop."""
    ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(times, 16))
    return ceiling * (0.5 + 0.5 * jitter)
