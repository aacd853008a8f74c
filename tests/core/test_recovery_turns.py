"""Whose turn it is: what presses, the frontier, then rank, and never the youngest for ever."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.recovery_terms import Failure, Lease, Offer
from monitor.core.rungs import Verdict
from tests.core.recovering import ARCHIVE, REPLAY, RPC, fail, leased, one_by_one, queue, wear_out


def test_a_run_without_deadline_is_fetched_from_the_top_down() -> None:
    jobs = queue(RPC)
    jobs.open(100, 104, 0.0)
    assert one_by_one(jobs, 4) == [103, 102, 101, 100]


def test_the_lower_of_two_runs_goes_first() -> None:
    jobs = queue(RPC)
    jobs.open(200, 202, 0.0)
    jobs.open(100, 102, 0.0)
    assert one_by_one(jobs, 4) == [101, 100, 201, 200]


def test_a_slot_that_failed_is_again_the_first_of_its_run() -> None:
    jobs = queue(RPC)
    jobs.open(100, 110, 0.0)
    fail(jobs, jobs.lease(0.0, frontier=None), 0.0, Verdict.FAILED)
    assert leased(jobs, 0.0) == [(RPC, 108, 109)]
    jobs.fetched(108, 0.0)
    assert leased(jobs, 0.5) == [(RPC, 109, 110)]


def test_what_expires_within_a_minute_goes_first_and_lowest_first() -> None:
    jobs = queue(RPC, pressing=60.0)
    jobs.set_floors(None, 1000, 0.5, 0.0)
    jobs.open(1118, 1125, 50.0)
    jobs.open(2000, 2001, 0.0)
    assert one_by_one(jobs, 8) == [1118, 1119, 1120, 2000, 1124, 1123, 1122, 1121]


def test_a_short_gap_at_the_frontier_goes_before_older_jobs() -> None:
    jobs = queue(RPC, frontier_span=3)
    jobs.open(200, 201, 0.0)
    jobs.open(100, 103, 50.0)
    jobs.open(90, 91, 50.0)
    assert one_by_one(jobs, 5, frontier=99) == [102, 101, 100, 200, 90]


def test_a_catch_up_at_the_frontier_waits_for_its_turn_but_for_one_worker() -> None:
    jobs = queue(RPC, workers=3, frontier_span=3)
    jobs.open(100, 104, 50.0)
    jobs.open(200, 210, 0.0)
    assert [first for _, first, _ in leased(jobs, 50.0, frontier=99)] == [209, 208, 103]
    jobs.close(209)
    assert [first for _, first, _ in leased(jobs, 50.0, frontier=99)] == [207]
    jobs.close(103)
    assert [first for _, first, _ in leased(jobs, 50.0, frontier=99)] == [102]


def test_one_worker_waits_for_the_frontier_while_others_are_behind_it() -> None:
    jobs = queue(RPC, workers=2, frontier_span=3)
    jobs.open(100, 101, 0.0)
    (lease,) = jobs.lease(0.0, frontier=99)
    fail(jobs, [lease], 0.0)
    jobs.open(200, 210, 0.0)
    assert [first for _, first, _ in leased(jobs, 0.0, frontier=99)] == [209]
    assert [first for _, first, _ in leased(jobs, 1.0, frontier=99)] == [100]


def test_what_presses_takes_no_worker_of_the_frontier_unless_it_is_there() -> None:
    jobs = queue(RPC, workers=2, frontier_span=3)
    jobs.set_floors(None, 100, 0.5, 0.0)
    jobs.open(140, 142, 0.0)
    jobs.open(150, 152, 0.0)
    assert [first for _, first, _ in leased(jobs, 0.0, frontier=145)] == [140, 151]
    jobs.close(140)
    jobs.close(151)
    assert [first for _, first, _ in leased(jobs, 0.0, frontier=139)] == [141, 150]


def test_the_worker_of_the_frontier_saves_first_what_presses_there() -> None:
    jobs = queue(RPC, workers=2, frontier_span=1)
    jobs.set_floors(None, 100, 0.5, 0.0)
    jobs.open(130, 131, 0.0)
    assert leased(jobs, 0.0, frontier=None) == [(RPC, 130, 131)]
    jobs.open(140, 143, 0.0)
    assert leased(jobs, 0.0, frontier=139) == [(RPC, 140, 141)]


def test_nothing_is_kept_back_while_the_frontier_is_unknown_or_unblocked() -> None:
    jobs = queue(RPC, workers=2)
    jobs.open(100, 102, 0.0)
    assert len(leased(jobs, 0.0)) == 2
    jobs.close_range(100, 102)
    jobs.open(90, 92, 0.0)
    assert len(leased(jobs, 0.0, frontier=95)) == 2


def test_a_gap_of_lost_slots_alone_keeps_no_worker() -> None:
    jobs = queue(RPC, workers=2)
    jobs.open(100, 101, 0.0)
    assert fail(jobs, jobs.lease(0.0, frontier=99), 0.0, Verdict.CANNOT) == [100]
    jobs.open(200, 202, 0.0)
    assert [first for _, first, _ in leased(jobs, 0.0, frontier=99)] == [201, 200]
    jobs.close_range(200, 202)
    jobs.open(80, 82, 0.0)
    assert len(leased(jobs, 0.0, frontier=99)) == 2


def test_an_archive_keeps_no_worker_back() -> None:
    jobs = queue(ARCHIVE, workers=2, frontier_span=1)
    jobs.open(100, 101, 0.0)
    fail(jobs, jobs.lease(0.0, frontier=99), 0.0)
    jobs.open(200, 202, 0.0)
    assert len(leased(jobs, 0.0, frontier=99)) == 2


def test_named_slots_go_before_unknown_ones_older_before_younger() -> None:
    jobs = queue(RPC)
    jobs.open(400, 401, 0.0, is_unknown=True)
    jobs.open(300, 301, 50.0)
    jobs.open(200, 201, 0.0)
    jobs.open(100, 101, 50.0)
    assert one_by_one(jobs, 4) == [200, 100, 300, 400]


def test_an_old_unknown_slot_is_reached_however_many_named_ones_keep_coming() -> None:
    jobs = queue(RPC, ageing=8)
    jobs.open(100, 101, 0.0, is_unknown=True)
    jobs.open(1000, 1100, 50.0)
    asked = one_by_one(jobs, 20)
    assert asked.count(100) == 1
    assert asked.index(100) == 7


def test_a_replay_brings_all_from_the_lowest_slot_up_and_splits_at_wide_gaps() -> None:
    jobs = queue(REPLAY, replay_gap=32)
    jobs.open(176, 310, 0.0)
    jobs.open(142, 143, 0.0)
    jobs.open(100, 110, 0.0)
    assert leased(jobs) == [(REPLAY, 100, 143)]
    jobs.close_range(100, 110)
    assert leased(jobs) == []
    jobs.close(142)
    assert leased(jobs) == [(REPLAY, 176, 310)]


def test_a_long_gap_is_replayed_in_spans() -> None:
    jobs = queue(REPLAY, replays=2, replay_span=16, replay_gap=8)
    jobs.open(100, 140, 0.0)
    assert leased(jobs) == [(REPLAY, 100, 116), (REPLAY, 116, 132)]
    jobs.close_range(100, 116)
    assert leased(jobs) == [(REPLAY, 132, 140)]


def test_what_waits_for_a_busy_endpoint_is_left_out_and_ends_a_span() -> None:
    jobs = queue(REPLAY, replays=3)
    jobs.open(100, 140, 0.0)
    told = jobs.lease(0.0, frontier=None, offer=Offer(1, 110, 120))
    assert told == [Lease(REPLAY, 100, 110)]
    told = jobs.lease(0.0, frontier=None, offer=Offer(1, 110, 120))
    assert told == [Lease(REPLAY, 120, 140)]
    assert jobs.lease(0.0, frontier=None, offer=Offer(1, 110, 120)) == []
    assert leased(jobs) == [(REPLAY, 110, 120)]


def test_no_span_reaches_from_what_nobody_has_to_what_a_free_endpoint_has() -> None:
    jobs = queue(REPLAY)
    jobs.open(100, 140, 0.0)
    told = jobs.lease(0.0, frontier=None, offer=Offer(1, 1 << 64, 110))
    assert told == [Lease(REPLAY, 100, 110)]


def test_no_more_replays_begin_than_are_offered() -> None:
    jobs = queue(REPLAY, RPC, replays=3, workers=3, replay_span=16, replay_gap=8)
    jobs.open(100, 200, 0.0)
    assert jobs.lease(0.0, frontier=None, offer=Offer(most=0)) == []
    two = [Lease(REPLAY, 100, 116), Lease(REPLAY, 116, 132)]
    assert jobs.lease(0.0, frontier=None, offer=Offer(most=2)) == two
    fail(jobs, two[:1], 0.0, Verdict.CANNOT)
    told = jobs.lease(0.0, frontier=None, offer=Offer(most=0))
    assert [each.rung for each in told] == [RPC, RPC, RPC]


def test_a_span_ends_with_the_last_slot_in_it_that_is_wanted() -> None:
    jobs = queue(REPLAY, replay_span=16, replay_gap=8)
    jobs.open(100, 110, 0.0)
    jobs.open(117, 120, 0.0)
    assert leased(jobs) == [(REPLAY, 100, 110)]


def test_two_replays_run_at_a_time_where_two_may() -> None:
    jobs = queue(REPLAY, replays=3)
    jobs.open(300, 310, 0.0)
    jobs.open(100, 110, 0.0)
    assert leased(jobs) == [(REPLAY, 100, 110), (REPLAY, 300, 310)]


def test_a_replay_begins_within_its_reach_if_anything_is_there() -> None:
    jobs = queue(REPLAY)
    jobs.set_floors(105, None, 0.4, 0.0)
    jobs.open(100, 110, 0.0)
    assert leased(jobs) == [(REPLAY, 105, 110)]
    jobs.close_range(105, 110)
    assert leased(jobs) == [(REPLAY, 100, 105)]


@pytest.mark.parametrize("frontier", [None, 99])
def test_a_rung_without_workers_leases_nothing(frontier: int | None) -> None:
    jobs = queue(RPC, workers=0)
    jobs.open(100, 101, 0.0)
    assert leased(jobs, 0.0, frontier) == []


def test_a_replay_leaves_out_what_waits_or_is_asked_for_elsewhere() -> None:
    jobs = queue(REPLAY, RPC, replays=2)
    jobs.open(105, 106, 0.0)
    fail(jobs, jobs.lease(0.0, frontier=None), 0.0, Verdict.CANNOT)
    jobs.open(103, 104, 0.0)
    fail(jobs, jobs.lease(0.0, frontier=None), 0.0, Verdict.THROTTLED, retry_after=5.0)
    jobs.open(100, 110, 0.0)
    assert leased(jobs)[0] == (REPLAY, 100, 110)
    assert jobs.close(103).rung is REPLAY  # type: ignore[union-attr]
    assert jobs.rung_of(105) is RPC
    assert jobs.failed(Lease(REPLAY, 103, 104), Failure(Verdict.CANNOT), 0.0) == []


@dataclass
class SortedList:
    """The order of one RPC worker, by sorting all that is open each time."""

    floor: int
    frontier: int
    ranks: dict[int, tuple[int, int]] = field(default_factory=dict)
    turn: int = 0

    def open(self, first: int, end: int, is_unknown: bool, step: int) -> None:
        for slot in range(first, end):
            unknown, age = self.ranks.get(slot, (1, step))
            standing = 2 * (slot < self.floor) + int(is_unknown and unknown % 2 == 1)
            self.ranks[slot] = (standing, age)

    def next(self) -> int:
        pressing = [slot for slot in sorted(self.ranks) if self.floor <= slot <= self.floor + 120]
        if self.floor and pressing:
            return pressing[0]
        blocking = [slot for slot in sorted(self.ranks) if slot > self.frontier]
        if blocking and self.end_of_run(blocking[0]) - blocking[0] <= 4:
            return self.end_of_run(blocking[0]) - 1
        self.turn += 1
        if self.turn % 3 == 0:
            rank = min((each[1], each) for each in self.ranks.values())[1]
        else:
            rank = min(self.ranks.values())
        equals = sorted(slot for slot, each in self.ranks.items() if each == rank)
        return max(slot for slot in equals if slot < self.end_of_run(equals[0]))

    def end_of_run(self, slot: int) -> int:
        while slot in self.ranks:
            slot += 1
        return slot


@given(
    st.lists(
        st.tuples(
            st.integers(1, 300),
            st.integers(1, 12),
            st.booleans(),
            st.integers(0, 3),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([0, 0, 20, 150]),
    st.integers(0, 300),
)
def test_the_order_is_that_of_a_list_sorted_anew_each_time(
    opened: list[tuple[int, int, bool, int]], floor: int, frontier: int
) -> None:
    jobs = queue(RPC, frontier_span=4, ageing=3, pressing=60.0)
    jobs.set_floors(None, floor, 0.5, 0.0)
    model = SortedList(floor, frontier)
    for first, length, is_unknown, step in opened:
        jobs.open(first, first + length, 10.0 * step, is_unknown=is_unknown)
        model.open(first, first + length, is_unknown, step)
    while model.ranks:
        slot = model.next()
        assert leased(jobs, 0.0, frontier) == [(RPC, slot, slot + 1)]
        jobs.close(slot)
        del model.ranks[slot]


def test_where_nothing_is_to_be_fetched_ahead_only_named_slots_are_asked_for() -> None:
    jobs = queue(RPC, workers=2, patience=0.0)
    jobs.open(100, 101, 0.0)
    wear_out(jobs, 0.0)
    jobs.open(200, 210, 0.0, is_unknown=True)
    jobs.fetch_ahead(is_wanted=False)
    assert leased(jobs, 4000.0) == [(RPC, 100, 101)]
    jobs.open(205, 206, 4000.0)
    assert leased(jobs, 4000.0) == [(RPC, 205, 206)]
    jobs.close(205)
    jobs.fetch_ahead(is_wanted=True)
    assert leased(jobs, 4000.0) == [(RPC, 204, 205)]


def test_a_replay_is_asked_for_whatever_nobody_has_named() -> None:
    jobs = queue(REPLAY)
    jobs.open(200, 210, 0.0, is_unknown=True)
    jobs.fetch_ahead(is_wanted=False)
    assert leased(jobs) == [(REPLAY, 200, 210)]
