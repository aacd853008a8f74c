"""Short words for tests of the recovery queue."""

from collections.abc import Sequence

from monitor.core.recovery import RecoveryQueue
from monitor.core.recovery_terms import Failure, Lease, Terms
from monitor.core.rungs import LADDER, Rung, Verdict

REPLAY, RPC, ARCHIVE = LADDER


def terms(
    *rungs: Rung,
    workers: int = 1,
    replays: int = 1,
    lease_seconds: float = 10.0,
    **others: float,
) -> Terms:
    """Terms with as many workers on each rung, so many replays at a time, and no patience unless told."""
    given = {"patience": 0.0, **others}
    counts = {rung: replays if rung is REPLAY else workers for rung in rungs}
    return Terms(rungs, counts, dict.fromkeys(rungs, lease_seconds), **given)  # type: ignore[arg-type]


def queue(*rungs: Rung, workers: int = 1, replays: int = 1, **others: float) -> RecoveryQueue:
    """A queue of such terms, whose replays reach to slot 0 for ever."""
    return RecoveryQueue(terms(*rungs, workers=workers, replays=replays, **others))


def leased(
    jobs: RecoveryQueue, now: float = 0.0, frontier: int | None = None
) -> list[tuple[Rung, int, int]]:
    """What is leased now."""
    jobs_begun = jobs.lease(now, frontier=frontier)
    jobs.check()
    return [(each.rung, each.first, each.end) for each in jobs_begun]


def one_by_one(jobs: RecoveryQueue, count: int, frontier: int | None = None) -> list[int]:
    """Slots in the order in which a single worker gets them, each closed at once."""
    slots = []
    for _ in range(count):
        (lease,) = jobs.lease(0.0, frontier=frontier)
        slots.append(lease.first)
        jobs.close_range(lease.first, lease.end)
    return slots


def fail(
    jobs: RecoveryQueue,
    leases: Sequence[Lease],
    now: float,
    verdict: Verdict = Verdict.FAILED,
    jitter: float = 0.0,
    retry_after: float = 0.0,
) -> list[int]:
    """Nothing came of these leases."""
    lost = []
    for each in leases:
        lost += jobs.failed(each, Failure(verdict, jitter, retry_after), now)
    jobs.check()
    return lost


def wear_out(jobs: RecoveryQueue, now: float, verdict: Verdict = Verdict.FAILED) -> list[int]:
    """Every try fails until something is LOST; answers what. It takes less than a thousand tries."""
    for _ in range(1000):
        lost = fail(jobs, jobs.lease(now, frontier=None), now, verdict)
        if lost:
            return lost
        now = max(now, jobs.next_deadline() or now)
    raise AssertionError("nothing was ever LOST")
