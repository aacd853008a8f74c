"""What recovery has done so far, as views and metrics show it."""

from collections.abc import Iterator

from typing_extensions import override

from monitor.core.jobs import JobState
from monitor.core.progress import Progress
from monitor.core.recovery_terms import Ended
from monitor.core.rungs import Rung, Verdict
from monitor.core.slot_sets import SlotSet
from monitor.core.standing import MOST_RANGES, REPAIR_BOUNDS, CatchUp
from tests.core.play import ALL, Play, confirmed, finalized, tx
from tests.core.recovering import RPC, queue, wear_out


def test_at_first_nothing_was_done() -> None:
    standing = Progress().standing(queue(RPC), Play(ALL).kernel.join.ledger)
    assert (standing.jobs, standing.recovered, standing.lost) == ({}, {}, 0)
    assert (standing.catch_up, standing.lost_ranges, standing.oldest_deadline) == (None, (), None)
    assert standing.repairs == (0,) * (len(REPAIR_BOUNDS) + 1)


def test_repairs_are_counted_by_their_rung_and_the_time_they_took() -> None:
    progress = Progress()
    progress.repaired(Ended(5, 6, Rung.RPC, opened_at=10.0), 10.5)
    progress.repaired(Ended(6, 7, Rung.RPC, opened_at=10.0), 14.0)
    progress.repaired(Ended(7, 8, Rung.REPLAY, opened_at=0.0), 4000.0)
    standing = progress.standing(queue(RPC), Play(ALL).kernel.join.ledger)
    assert standing.recovered == {Rung.RPC: 2, Rung.REPLAY: 1}
    assert standing.repairs == (1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3)
    assert standing.repair_seconds == 4004.5


def test_a_slot_that_nobody_was_asked_for_is_no_repair() -> None:
    progress = Progress()
    progress.repaired(Ended(5, 6, None, opened_at=10.0), 10.5)
    standing = progress.standing(queue(RPC), Play(ALL).kernel.join.ledger)
    assert (standing.recovered, standing.repairs[-1], standing.repair_seconds) == ({}, 0, 0.0)


def test_a_catch_up_is_done_as_far_as_its_slots_are_closed() -> None:
    progress = Progress()
    progress.begin_catch_up(4, 9, 3.0)
    play = Play(ALL).block(1, 5, tx(5, 0)).block(1, 6).block(1, 7).says(1, confirmed(7))
    play.says(1, finalized(6)).at(2.0)
    standing = progress.standing(queue(RPC), play.kernel.join.ledger)
    assert standing.catch_up == CatchUp(slots=5, done=2, began_at=3.0)


def test_lost_slots_are_told_as_ranges() -> None:
    jobs = queue(RPC, workers=8, attempts=1)
    jobs.open(5, 8, 0.0)
    jobs.open(20, 21, 0.0)
    while len(jobs.lost_slots()) < 4:
        wear_out(jobs, 0.0, Verdict.CANNOT)
    standing = Progress().standing(jobs, Play(ALL).kernel.join.ledger)
    assert standing.lost_ranges == ((5, 8), (20, 21))
    assert standing.jobs == {(JobState.LOST, Rung.RPC): 4}


def test_the_ranges_of_very_many_lost_slots_cost_next_to_nothing() -> None:
    jobs = queue(RPC)
    slots = CountedSlots()
    slots.add(5, 5 + 10**6)
    jobs._table.lost = slots
    standing = Progress().standing(jobs, Play(ALL).kernel.join.ledger)
    assert standing.lost_ranges == ((5, 5 + 10**6),)
    assert slots.looks < 10


class CountedSlots(SlotSet):
    """Counts the slots that are looked at one by one, or run by run."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    @override
    def at_or_after(self, number: int) -> int | None:
        self.looks += 1
        return super().at_or_after(number)

    @override
    def __iter__(self) -> Iterator[int]:
        for slot in super().__iter__():
            self.looks += 1
            yield slot


def test_no_more_ranges_of_lost_slots_are_told_than_are_shown() -> None:
    count = MOST_RANGES + 3
    jobs = queue(RPC, workers=count, attempts=1)
    for slot in range(0, 2 * count, 2):
        jobs.open(slot, slot + 1, 0.0)
    while len(jobs.lost_slots()) < count:
        wear_out(jobs, 0.0, Verdict.CANNOT)
    ranges = Progress().standing(jobs, Play(ALL).kernel.join.ledger).lost_ranges
    assert len(ranges) == MOST_RANGES
    assert ranges[:2] == ((0, 1), (2, 3))
