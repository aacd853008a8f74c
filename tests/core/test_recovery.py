"""The recovery queue: jobs begin, climb the ladder, and end by evidence alone."""

import pytest

from monitor.core.backoff import FIRST_DELAY
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.recovery import RecoveryQueue
from monitor.core.recovery_terms import Ended, Failure, Lease
from monitor.core.rungs import Verdict
from tests.core.recovering import (
    ARCHIVE,
    REPLAY,
    RPC,
    fail,
    leased,
    one_by_one,
    queue,
    wear_out,
)

OPEN, LEASED, LOST = JobState


def test_a_missing_slot_is_asked_for_on_the_cheapest_rung() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(100, 110, 1.0)
    assert leased(jobs, 1.0) == [(REPLAY, 100, 110)]
    assert jobs.counts() == {(LEASED, REPLAY): 10}


def test_a_job_ends_when_it_is_closed_whatever_its_state() -> None:
    jobs = queue(RPC)
    jobs.open(100, 102, 1.0)
    assert leased(jobs, 1.0) == [(RPC, 101, 102)]
    assert jobs.close(101) == Ended(101, 102, RPC, 1.0)
    assert jobs.close(100) == Ended(100, 101, None, 1.0)
    assert jobs.close(100) is None
    assert len(jobs) == 0
    jobs.check()


def test_a_range_that_is_closed_is_told_in_pieces_that_are_alike() -> None:
    jobs = queue(RPC)
    jobs.open(100, 103, 1.0)
    jobs.open(110, 112, 2.0)
    assert leased(jobs, 2.0) == [(RPC, 102, 103)]
    assert jobs.close_range(101, 200) == [
        Ended(101, 102, None, 1.0),
        Ended(102, 103, RPC, 1.0),
        Ended(110, 112, None, 2.0),
    ]
    assert jobs.is_open(100)
    assert not jobs.is_open(101)


def test_a_slot_that_is_opened_again_keeps_its_place() -> None:
    jobs = queue(RPC)
    jobs.open(100, 101, 1.0)
    assert leased(jobs, 1.0) == [(RPC, 100, 101)]
    jobs.open(99, 102, 5.0)
    assert jobs.counts() == {(LEASED, RPC): 1, (OPEN, RPC): 2}
    assert jobs.close(100) == Ended(100, 101, RPC, 1.0)
    assert jobs.close(99) == Ended(99, 100, None, 5.0)


def test_a_slot_opened_again_takes_the_surer_word() -> None:
    jobs = queue(RPC)
    jobs.open(100, 101, 0.0, is_unknown=True)
    jobs.open(200, 201, 0.0)
    jobs.open(100, 101, 0.0)
    jobs.check()
    jobs.open(100, 101, 0.0, is_unknown=True)
    assert one_by_one(jobs, 2) == [100, 200]


def test_a_slot_that_is_named_at_last_is_asked_for_at_once_as_if_for_the_first_time() -> None:
    jobs = queue(RPC)
    jobs.open(100, 102, 0.0, is_unknown=True)
    jobs.open(102, 103, 0.0)
    jobs.close(102)
    leases = jobs.lease(0.0, frontier=None)
    fail(jobs, leases, 0.0, Verdict.SKIPPED_CLAIM)
    assert leased(jobs) == [(RPC, 100, 101)]
    jobs.close(100)
    jobs.changes()
    jobs.open(101, 102, 0.0)
    assert jobs.changes() == [Job(101, 102, RPC, 0, OPEN)]
    assert leased(jobs) == [(RPC, 101, 102)]


def test_naming_a_slot_that_is_in_work_takes_it_from_nobody() -> None:
    jobs = queue(RPC)
    jobs.open(100, 102, 0.0, is_unknown=True)
    assert leased(jobs) == [(RPC, 101, 102)]
    jobs.fetched(101, 0.0)
    assert leased(jobs) == [(RPC, 100, 101)]
    jobs.open(100, 201, 0.0)
    jobs.check()
    assert jobs.counts() == {(LEASED, RPC): 2, (OPEN, RPC): 99}
    assert leased(jobs) == []


def test_no_more_is_leased_than_there_are_workers() -> None:
    jobs = queue(RPC, workers=3)
    jobs.open(100, 110, 0.0)
    assert [first for _, first, _ in leased(jobs)] == [109, 108, 107]
    assert leased(jobs) == []
    jobs.close(108)
    assert [first for _, first, _ in leased(jobs)] == [106]


def test_a_replay_is_one_lease_until_the_last_of_its_slots_is_closed() -> None:
    jobs = queue(REPLAY)
    jobs.open(100, 110, 0.0)
    assert leased(jobs) == [(REPLAY, 100, 110)]
    jobs.open(110, 120, 0.0)
    jobs.close_range(100, 109)
    assert leased(jobs) == []
    jobs.close(109)
    assert leased(jobs) == [(REPLAY, 110, 120)]


def test_after_three_failures_the_next_rung_is_asked_and_at_the_end_the_slot_is_lost() -> None:
    jobs = queue(REPLAY, RPC, ARCHIVE)
    jobs.open(100, 101, 0.0)
    now, asked = 0.0, []
    lost: list[int] = []
    while not lost:
        leases = jobs.lease(now, frontier=None)
        asked += [each.rung for each in leases]
        lost = fail(jobs, leases, now)
        now = jobs.next_deadline() or now
    assert asked == [REPLAY] * 3 + [RPC] * 3 + [ARCHIVE] * 3
    assert lost == [100]
    assert jobs.counts() == {(LOST, RPC): 1}
    assert jobs.is_open(100)


def test_failed_tries_back_off() -> None:
    jobs = queue(RPC)
    jobs.open(100, 101, 0.0)
    fail(jobs, jobs.lease(0.0, frontier=None), 0.0, jitter=0.5)
    assert jobs.next_deadline() == pytest.approx((FIRST_DELAY + 0.5) / 2)
    assert leased(jobs, 0.3) == []
    assert leased(jobs, 0.4) == [(RPC, 100, 101)]


def test_a_source_that_wants_a_pause_gets_it_and_has_not_failed() -> None:
    jobs = queue(RPC)
    jobs.open(100, 101, 0.0)
    now = 0.0
    for _ in range(10):
        leases = jobs.lease(now, frontier=None)
        assert len(leases) == 1
        assert fail(jobs, leases, now, Verdict.THROTTLED, retry_after=7.0) == []
        assert jobs.next_deadline() == now + 7.0
        now += 7.0


@pytest.mark.parametrize("verdict", [Verdict.CANNOT, Verdict.OURS])
def test_a_source_that_never_will_is_asked_once(verdict: Verdict) -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(100, 102, 0.0)
    assert fail(jobs, jobs.lease(0.0, frontier=None), 0.0, verdict) == []
    assert leased(jobs) == [(RPC, 101, 102)]
    assert jobs.failed(Lease(RPC, 101, 102), Failure(verdict), 0.0) == [101]


def test_a_failure_of_what_is_not_leased_there_is_passed_over() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(100, 102, 0.0)
    assert jobs.failed(Lease(REPLAY, 100, 102), Failure(Verdict.CANNOT), 0.0) == []
    assert leased(jobs) == [(REPLAY, 100, 102)]
    assert jobs.failed(Lease(RPC, 100, 102), Failure(Verdict.CANNOT), 0.0) == []
    assert jobs.counts() == {(LEASED, REPLAY): 2}


def test_nothing_is_lost_before_patience_ends_unless_it_never_can_be_had() -> None:
    jobs = queue(RPC, patience=15.0)
    jobs.open(100, 101, 0.0)
    began = now = 1000.0
    while not (lost := fail(jobs, jobs.lease(now, frontier=None), now, Verdict.NOT_YET)):
        now = jobs.next_deadline() or now
    assert lost == [100]
    assert 15.0 <= now - began < 46.0
    jobs.open(200, 201, now)
    assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.CANNOT) == [200]


def test_lost_slots_are_tried_again_ever_more_slowly_and_told_once() -> None:
    jobs = queue(RPC, ARCHIVE)
    jobs.open(100, 101, 0.0)
    assert wear_out(jobs, 0.0) == [100]
    pauses = []
    now = 1000.0
    for _ in range(11):
        for rung in (RPC, ARCHIVE):
            leases = jobs.lease(now, frontier=None)
            assert [each.rung for each in leases] == [rung]
            assert jobs.is_lost(100)
            assert fail(jobs, leases, now, jitter=0.999_999_9) == []
        later = jobs.next_deadline()
        assert later is not None
        pauses.append(round(later - now))
        now = later
    assert pauses == [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]
    assert jobs.lost_slots() == [100]


def test_lost_slots_rest_even_where_only_the_archive_is_left() -> None:
    jobs = queue(RPC, ARCHIVE)
    jobs.set_floors(None, 200, 0.4, 0.0)
    jobs.open(100, 101, 0.0)
    assert fail(jobs, jobs.lease(0.0, frontier=None), 0.0, Verdict.CANNOT, 0.5) == [100]
    assert jobs.rung_of(100) is ARCHIVE
    assert leased(jobs, 20.0) == []
    assert leased(jobs, 60.0) == [(ARCHIVE, 100, 101)]


def test_a_lost_slot_may_still_be_closed() -> None:
    jobs = queue(RPC)
    jobs.open(100, 101, 3.0)
    wear_out(jobs, 3.0)
    assert jobs.close(100) == Ended(100, 101, RPC, 3.0)
    assert jobs.lost_slots() == []


def test_only_a_lost_slot_can_be_signed_off() -> None:
    jobs = queue(RPC)
    jobs.open(100, 101, 0.0)
    assert not jobs.sign_off(100)
    wear_out(jobs, 0.0)
    assert jobs.sign_off(100)
    assert not jobs.is_open(100)
    assert not jobs.sign_off(100)


def test_an_unknown_slot_called_skipped_waits_for_the_block_above() -> None:
    jobs = queue(RPC, workers=2)
    jobs.open(100, 101, 0.0, is_unknown=True)
    jobs.open(101, 102, 0.0)
    now = 0.0
    lost: list[int] = []
    for _ in range(20):
        for each in jobs.lease(now, frontier=None):
            verdict = Verdict.SKIPPED_CLAIM if each.first == 100 else Verdict.THROTTLED
            lost += fail(jobs, [each], now, verdict)
        now = jobs.next_deadline() or now
    assert lost == []
    for _ in range(20):
        lost += fail(jobs, jobs.lease(now, frontier=None), now)
        now = jobs.next_deadline() or now
    assert sorted(lost) == [100, 101]


def test_a_claimed_skip_is_asked_of_the_next_rung_sooner() -> None:
    jobs = queue(RPC, ARCHIVE)
    jobs.open(100, 101, 0.0)
    fail(jobs, jobs.lease(0.0, frontier=None), 0.0, Verdict.SKIPPED_CLAIM)
    fail(jobs, jobs.lease(1.0, frontier=None), 1.0, Verdict.SKIPPED_CLAIM)
    assert leased(jobs, 1.0) == [(ARCHIVE, 100, 101)]


def test_old_leases_are_void_and_count_as_failures() -> None:
    jobs = queue(RPC, lease_seconds=5.0)
    jobs.open(100, 101, 0.0)
    assert leased(jobs) == [(RPC, 100, 101)]
    jobs.asked(Lease(RPC, 100, 101), 0.0)
    assert jobs.next_deadline() == 5.0
    assert jobs.expire(4.9) == ([], [])
    assert jobs.counts() == {(LEASED, RPC): 1}
    lost: list[int] = []
    now = 0.0
    for _ in range(3):
        jobs.asked(Lease(RPC, 100, 101), now)
        now = jobs.next_deadline() or now
        freed, gone = jobs.expire(now)
        assert freed == [100]
        lost += gone
        now = jobs.next_deadline() or now
        jobs.lease(now, frontier=None)
        jobs.check()
    assert lost == [100]


def test_a_void_replay_leaves_slots_of_others_alone() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(100, 101, 0.0)
    jobs.open(102, 103, 0.0)
    assert leased(jobs) == [(REPLAY, 100, 103)]
    jobs.open(101, 102, 0.0)
    jobs.asked(Lease(REPLAY, 100, 103), 0.0)
    jobs.expire(10.0)
    assert leased(jobs, 10.0) == [(REPLAY, 101, 102)]
    jobs.check()


def test_what_was_fetched_waits_for_its_proof_without_a_worker() -> None:
    jobs = queue(RPC, proof_seconds=600.0)
    jobs.open(100, 102, 0.0)
    assert leased(jobs) == [(RPC, 101, 102)]
    assert jobs.fetched(101, 1.0)
    assert jobs.counts() == {(LEASED, RPC): 1, (OPEN, RPC): 1}
    assert leased(jobs, 1.0) == [(RPC, 100, 101)]
    assert not jobs.fetched(101, 1.0)
    assert not jobs.fetched(99, 1.0)
    jobs.close(100)
    assert leased(jobs, 600.9) == []
    assert leased(jobs, 601.0) == [(RPC, 101, 102)]


def test_what_was_fetched_and_is_untrue_has_failed() -> None:
    jobs = queue(RPC)
    jobs.open(100, 101, 0.0)
    assert leased(jobs) == [(RPC, 100, 101)]
    jobs.fetched(100, 1.0)
    jobs.failed(Lease(RPC, 100, 101), Failure(Verdict.DISAGREED), 2.0)
    assert jobs.counts() == {(OPEN, RPC): 1}
    assert leased(jobs, 2.0 + FIRST_DELAY) == [(RPC, 100, 101)]


def test_slots_that_fall_out_of_the_replay_take_the_next_rung_at_once() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.set_floors(50, None, 0.4, 0.0)
    jobs.open(40, 60, 0.0)
    assert jobs.rung_of(49) is RPC
    assert jobs.rung_of(50) is REPLAY
    fail(jobs, jobs.lease(0.0, frontier=None)[:1], 0.0)
    jobs.set_floors(53, None, 0.4, 0.1)
    assert jobs.rung_of(52) is RPC
    assert jobs.rung_of(53) is REPLAY
    jobs.check()


def test_slots_that_a_replay_is_about_to_bring_are_left_to_it() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(40, 60, 0.0)
    assert leased(jobs) == [(REPLAY, 40, 60)]
    jobs.fetched(40, 0.0)
    jobs.set_floors(50, None, 0.4, 0.0)
    assert jobs.counts() == {(LEASED, REPLAY): 20}
    fail(jobs, [*jobs.lease(0.0, frontier=None)], 0.0)
    jobs.failed(Lease(REPLAY, 41, 60), Failure(Verdict.FAILED), 0.0)
    assert jobs.rung_of(49) is RPC
    assert jobs.rung_of(50) is REPLAY


def test_where_nobody_replays_any_more_all_take_the_next_rung() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(40, 60, 0.0)
    jobs.set_floors(None, None, 0.4, 0.0)
    assert jobs.counts() == {(OPEN, RPC): 20}
    jobs.set_floors(30, None, 0.4, 1.0)
    jobs.open(60, 61, 1.0)
    assert jobs.rung_of(60) is REPLAY


def test_floors_of_rungs_that_there_are_not_concern_nobody() -> None:
    jobs = queue(ARCHIVE)
    jobs.open(40, 60, 0.0)
    jobs.set_floors(50, 50, 0.4, 0.0)
    assert jobs.counts() == {(OPEN, ARCHIVE): 20}
    assert jobs.oldest_deadline() is None


def test_what_no_rung_can_serve_goes_last_and_is_asked_for_all_the_same() -> None:
    jobs = queue(RPC)
    jobs.open(100, 103, 0.0)
    jobs.set_floors(None, 102, 0.4, 0.0)
    jobs.open(300, 301, 5.0, is_unknown=True)
    assert one_by_one(jobs, 4) == [102, 300, 101, 100]


def test_a_deeper_rpc_gives_hope_again() -> None:
    jobs = queue(RPC)
    jobs.set_floors(None, 102, 0.4, 0.0)
    jobs.open(101, 102, 0.0)
    jobs.set_floors(None, 50, 0.4, 0.0)
    fail(jobs, jobs.lease(0.0, frontier=None), 0.0)
    jobs.lease(9.0, frontier=None)
    jobs.close(101)
    jobs.open(60, 61, 9.0)
    jobs.check()
    assert leased(jobs, 9.0) == [(RPC, 60, 61)]


def test_the_oldest_deadline_is_when_a_slot_falls_out_of_its_rung() -> None:
    jobs = queue(REPLAY, RPC)
    assert jobs.oldest_deadline() is None
    jobs.set_floors(50, 10, 0.5, 100.0)
    jobs.open(60, 70, 100.0)
    assert jobs.oldest_deadline() == 105.0
    jobs.open(12, 13, 100.0)
    assert jobs.oldest_deadline() == 101.0
    assert leased(jobs, 100.0) == [(REPLAY, 60, 70), (RPC, 12, 13)]
    assert jobs.oldest_deadline() == 101.0


def test_changes_are_told_once_and_neighbours_together() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(100, 105, 0.0)
    jobs.open(105, 110, 5.0, is_unknown=True)
    jobs.open(200, 201, 5.0)
    jobs.close(103)
    assert jobs.changes() == [
        Job(100, 103, REPLAY, 0, OPEN),
        JobsDone(103, 104),
        Job(104, 110, REPLAY, 0, OPEN),
        Job(200, 201, REPLAY, 0, OPEN),
    ]
    assert jobs.changes() == []


def test_a_lease_is_no_change_and_a_failure_is() -> None:
    jobs = queue(RPC)
    jobs.open(100, 102, 0.0)
    jobs.changes()
    leases = jobs.lease(0.0, frontier=None)
    assert jobs.changes() == []
    fail(jobs, leases, 0.0)
    assert jobs.changes() == [Job(101, 102, RPC, 1, OPEN)]
    fail(jobs, jobs.lease(0.1, frontier=None), 0.1, Verdict.CANNOT)
    assert jobs.changes() == [Job(100, 101, RPC, 0, LOST)]


def test_a_restart_goes_on_where_the_queue_was() -> None:
    jobs = queue(REPLAY, RPC, ARCHIVE)
    jobs.restore(
        [
            Job(100, 110, RPC, 2, OPEN),
            Job(110, 111, RPC, 0, LOST),
            Job(120, 121, ARCHIVE, 2, LEASED),
        ],
        7.0,
    )
    assert jobs.counts() == {(OPEN, RPC): 10, (LOST, RPC): 1, (OPEN, ARCHIVE): 1}
    assert jobs.lost_slots() == [110]
    (asked, _) = leases = jobs.lease(7.0, frontier=None)
    assert (asked.rung, asked.first) == (RPC, 109)
    fail(jobs, leases, 7.0)
    assert jobs.rung_of(109) is ARCHIVE


def test_jobs_of_a_rung_that_is_gone_begin_on_the_nearest_one() -> None:
    jobs = queue(RPC)
    jobs.restore([Job(100, 101, REPLAY, 1, OPEN), Job(102, 103, ARCHIVE, 2, OPEN)], 0.0)
    assert jobs.rung_of(100) is RPC
    assert jobs.rung_of(102) is RPC
    assert jobs.changes() == [Job(100, 101, RPC, 0, OPEN), Job(102, 103, RPC, 0, OPEN)]


def test_an_empty_queue_has_nothing_to_do() -> None:
    jobs = queue(REPLAY, RPC)
    assert leased(jobs) == []
    assert jobs.next_deadline() is None
    assert jobs.expire(1e9) == ([], [])
    assert jobs.close_range(0, 1 << 64) == []
    assert jobs.rung_of(5) is None


def test_what_was_brought_and_could_not_be_kept_is_no_failure() -> None:
    jobs = queue(RPC)
    jobs.open(100, 101, 0.0)
    assert leased(jobs) == [(RPC, 100, 101)]
    jobs.changes()
    jobs.give_back(100, 5.0)
    jobs.give_back(100, 9.0)
    jobs.give_back(99, 9.0)
    assert jobs.changes() == []
    assert jobs.counts() == {(OPEN, RPC): 1}
    assert leased(jobs, 4.9) == []
    assert leased(jobs, 5.0) == [(RPC, 100, 101)]


def test_a_slot_is_not_lost_before_a_rung_that_could_not_be_asked_was() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(100, 101, 0.0)
    now = unasked_thrice(jobs, 0.0)
    assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.CANNOT) == []
    assert jobs.rung_of(100) is REPLAY
    for _ in range(5):
        assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.UNASKED) == []
        now = jobs.next_deadline() or now
    assert leased(jobs, now) == [(REPLAY, 100, 101)]
    assert jobs.failed(Lease(REPLAY, 100, 101), Failure(Verdict.CANNOT), now) == []
    assert leased(jobs, now) == [(RPC, 100, 101)]
    assert jobs.failed(Lease(RPC, 100, 101), Failure(Verdict.CANNOT), now) == [100]


def test_a_rung_that_cannot_be_asked_is_not_waited_for_without_end() -> None:
    jobs = queue(REPLAY, RPC, unasked_seconds=60.0)
    jobs.open(100, 101, 0.0)
    now = unasked_thrice(jobs, 0.0)
    fail(jobs, jobs.lease(now, frontier=None), now, Verdict.CANNOT)
    lost: list[int] = []
    while not lost:
        (lease,) = jobs.lease(now, frontier=None)
        verdict = Verdict.UNASKED if lease.rung is REPLAY else Verdict.CANNOT
        lost = fail(jobs, [lease], now, verdict, retry_after=1.0)
        now = jobs.next_deadline() or now
    assert 60.0 <= now < 70.0 + FIRST_DELAY


def test_a_lost_slot_begins_again_at_the_rung_that_could_not_be_asked() -> None:
    jobs = queue(REPLAY, RPC, unasked_seconds=0.0)
    jobs.open(100, 101, 0.0)
    now = unasked_thrice(jobs, 0.0)
    assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.CANNOT) == [100]
    now = jobs.next_deadline() or now
    assert leased(jobs, now) == [(REPLAY, 100, 101)]
    jobs.failed(Lease(REPLAY, 100, 101), Failure(Verdict.FAILED), now)
    fail(jobs, jobs.lease(now, frontier=None), now, Verdict.CANNOT)
    now = jobs.next_deadline() or now
    assert leased(jobs, now) == [(RPC, 100, 101)]


def test_on_the_last_rung_nobody_is_blamed_who_could_not_be_asked() -> None:
    jobs = queue(REPLAY, unasked_seconds=60.0)
    jobs.open(100, 101, 0.0)
    jobs.changes()
    lost: list[int] = []
    now = 0.0
    while now < 59.0:
        assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.UNASKED) == []
        now = max(now + 1.0, jobs.next_deadline() or now)
    assert jobs.changes() == []
    while not lost:
        lost = fail(jobs, jobs.lease(now, frontier=None), now, Verdict.UNASKED)
        now = jobs.next_deadline() or now
    assert lost == [100]
    assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.UNASKED) == []
    assert jobs.next_deadline() or 0.0 > now


def test_a_wish_for_a_pause_is_no_answer_of_a_rung_that_could_not_be_asked() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(100, 101, 0.0)
    fail(jobs, jobs.lease(0.0, frontier=None), 0.0, Verdict.UNASKED)
    now = jobs.next_deadline() or 0.0
    fail(jobs, jobs.lease(now, frontier=None), now, Verdict.THROTTLED)
    now = unasked_thrice(jobs, jobs.next_deadline() or 0.0)
    assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.CANNOT) == []


def test_a_rung_that_wants_one_pause_after_the_other_is_passed_by_after_a_while() -> None:
    jobs = queue(RPC, ARCHIVE, unasked_seconds=60.0)
    jobs.open(100, 101, 0.0)
    now = 0.0
    while jobs.rung_of(100) is RPC:
        fail(jobs, jobs.lease(now, frontier=None), now, Verdict.THROTTLED, retry_after=7.0)
        now = jobs.next_deadline() or now
    assert 50.0 < now < 60.0
    assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.CANNOT) == []
    assert leased(jobs, now) == [(RPC, 100, 101)]


def test_a_long_pause_is_no_reason_to_wait_where_another_rung_may_be_asked() -> None:
    for rungs, due in (((RPC, ARCHIVE), None), ((RPC,), 300.0)):
        jobs = queue(*rungs, unasked_seconds=60.0)
        jobs.open(100, 101, 0.0)
        fail(jobs, jobs.lease(0.0, frontier=None), 0.0, Verdict.THROTTLED, retry_after=300.0)
        assert jobs.next_deadline() == due


def test_a_rung_that_no_longer_reaches_the_slot_is_not_waited_for() -> None:
    jobs = queue(REPLAY, RPC)
    jobs.open(100, 101, 0.0)
    now = unasked_thrice(jobs, 0.0)
    jobs.set_floors(101, None, 0.4, now)
    assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.CANNOT) == []
    assert leased(jobs, now) == [(RPC, 100, 101)]
    assert jobs.failed(Lease(RPC, 100, 101), Failure(Verdict.CANNOT), now) == [100]


def test_a_lease_that_waits_for_its_turn_too_long_is_void_and_no_failure() -> None:
    jobs = queue(RPC, lease_seconds=5.0, turn_seconds=600.0)
    jobs.open(100, 101, 0.0)
    assert leased(jobs) == [(RPC, 100, 101)]
    jobs.asked(Lease(RPC, 100, 101), 1.0)
    jobs.held_up(Lease(RPC, 100, 101), 2.0)
    assert jobs.expire(601.0) == ([], [])
    jobs.changes()
    assert jobs.expire(602.0) == ([100], [])
    assert jobs.changes() == []
    assert not jobs.is_leased(Lease(RPC, 100, 101))


def test_tells_who_is_asked_for_a_slot_now() -> None:
    jobs = queue(REPLAY, RPC)
    assert jobs.leased_on(100) is None
    jobs.open(100, 103, 0.0)
    assert jobs.leased_on(100) is None
    jobs.lease(0.0, frontier=None)
    assert jobs.leased_on(100) is REPLAY
    assert jobs.is_leased(Lease(REPLAY, 90, 101))
    assert not jobs.is_leased(Lease(RPC, 100, 103))
    jobs.asked(Lease(RPC, 100, 103), 0.0)
    assert jobs.expire(100.0) == ([], [])


def unasked_thrice(jobs: RecoveryQueue, now: float) -> float:
    """The first rung could not be asked; answers when the next one is."""
    while jobs.rung_of(100) is REPLAY:
        assert fail(jobs, jobs.lease(now, frontier=None), now, Verdict.UNASKED) == []
        now = max(now, jobs.next_deadline() or now)
    return now
