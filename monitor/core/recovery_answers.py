"""What a failed try means for a job: whether its rung is done with, and how long to wait."""

from typing import Final

from monitor.core.backoff import FIRST_DELAY, full_jitter
from monitor.core.recovery_places import Owed, Place
from monitor.core.recovery_terms import Terms
from monitor.core.rungs import Verdict

SLOWEST: Final = 3600.0
"""Seconds; the longest pause between two tries of a LOST slot."""
CLAIMS: Final = 2
"""A second source is asked about a claimed skip, not a third one: asking again brings the same claim (BACKFILL 2)."""
SOON: Final = 1.0
"""Seconds; the longest pause for a block that a source is about to have."""

_FINAL: Final = frozenset({Verdict.CANNOT, Verdict.OURS})
"""The same question will have the same answer."""
_SOON: Final = frozenset({Verdict.NOT_YET, Verdict.SKIPPED_CLAIM})


def attempts_after(place: Place, verdict: Verdict) -> int:
    """Failed attempts on the rung, with this one: a source that asks for a pause has not failed."""
    return place.attempts + (verdict is not Verdict.THROTTLED)


def owed_after(place: Place, verdict: Verdict, now: float) -> Owed | None:
    """The rung that could not be asked so far, after this answer."""
    owed = place.owed
    if verdict is Verdict.UNASKED:
        return owed or Owed(place.rung, now)
    was_asked = verdict is not Verdict.THROTTLED
    return None if owed is not None and was_asked and owed.rung is place.rung else owed


def owed_still(owed: Owed | None, terms: Terms, now: float) -> Owed | None:
    """The rung that a slot is not LOST without, for now."""
    return owed if owed is not None and now < owed.since + terms.unasked_seconds else None


def is_final(verdict: Verdict) -> bool:
    """Whether the rung need not be asked again."""
    return verdict in _FINAL


def is_spent(place: Place, verdict: Verdict, terms: Terms, *, has_next: bool) -> bool:
    """Whether this failure ends the rung's turn. A LOST slot asks each rung once a round."""
    if is_final(verdict):
        return True
    if verdict is Verdict.THROTTLED:
        return False
    limit = 1 if place.rounds else terms.attempts
    if verdict is Verdict.SKIPPED_CLAIM and has_next:
        limit = min(limit, CLAIMS)
    return attempts_after(place, verdict) >= limit


def pause(verdict: Verdict, attempts: int, terms: Terms, slot_time: float, jitter: float) -> float:
    """Seconds before the same rung is asked again, after so many failures, with `jitter` in [0, 1).

    `slot_time` 0: unknown. A block that is about to come is looked for again within a second, as long as that is news.
    """
    if verdict in _SOON and attempts < terms.attempts:
        shortest = min(slot_time or FIRST_DELAY, SOON)
        return shortest + jitter * (SOON - shortest)
    return full_jitter(max(attempts, 1), jitter)


def slow_pause(verdict: Verdict, rounds: int, terms: Terms, jitter: float) -> float:
    """Seconds before a LOST slot is tried again, after so many rounds of the ladder, with `jitter` in [0, 1).

    Sooner at first where nobody said that it never will have the block: sources come back, and slots below wait for this.
    """
    first = terms.slow_retry if verdict in _FINAL else terms.quick_retry
    ceiling = min(SLOWEST, first * 2.0 ** min(rounds - 1, 16))
    return FIRST_DELAY + jitter * max(ceiling - FIRST_DELAY, 0.0)
