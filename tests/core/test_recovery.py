"""The recovery queue: jobs begin, climb the ladder, and end by evidence alone."""

from monitor.core.jobs import JobState
from monitor.core.recovery_terms import Ended
from tests.core.recovering import PEER, REPLAY, RPC, leased, queue


def test_a_missing_slot_is_asked_for_on_the_cheapest_rung() -> None:
    jobs = queue(PEER, REPLAY, RPC)
    jobs.open(100, 110, 1.0)
    assert leased(jobs, 1.0) == [(REPLAY, 100, 110)]
    assert jobs.counts() == {(JobState.LEASED, REPLAY): 10}


def test_a_job_ends_when_it_is_closed_whatever_its_state() -> None:
    jobs = queue(RPC)
    jobs.open(100, 102, 1.0)
    assert leased(jobs, 1.0) == [(RPC, 101, 102)]
    assert jobs.close(101) == Ended(101, 102, RPC, 1.0)
    assert jobs.close(100) == Ended(100, 101, None, 1.0)
    assert jobs.close(100) is None
    assert len(jobs) == 0
    jobs.check()
