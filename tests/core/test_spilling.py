"""Which slots go to the disk, and when they come back."""

from collections.abc import Sequence
from typing import Any, Self

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from typing_extensions import override

from monitor.core.commands import Report, Stow, Unneeded, Unstow
from monitor.core.spilling import AHEAD, ON_THE_WAY, RETRY, SOON, Spill, Waiting, patience

BOUND = 1000


class Desk:
    """A spill, slots that wait since a second of their number, and what was asked of the disk."""

    def __init__(self, *slots: int, bound: int | None = BOUND, limit: float = 40.0) -> None:
        self.spill = Spill(bound)
        self.slots = list(slots)
        self.limit = limit
        self.fences = 10**9
        """First slot that some feed has not passed."""
        self.commands: list[Any] = []

    def chosen(self, now: float, held: int = 0) -> list[int]:
        waiting = [Waiting(slot, float(slot), slot < self.fences) for slot in self.slots]
        return self.spill.choose(waiting, held, self.limit, now)

    def go(self, *slots: int) -> Self:
        for slot in slots:
            self.spill.gone(slot, b"%d" % slot)
        return self

    def away(self, *slots: int) -> Self:
        self.go(*slots)
        for slot in slots:
            self.spill.stowed(slot)
        self.take()
        return self

    def want(self, *slots: int, held: int = 0) -> Self:
        for slot in slots:
            self.spill.want(slot)
        self.spill.bring(held)
        return self

    def take(self) -> list[Any]:
        self.spill.check()
        found = self.spill.collect()
        self.commands += found
        return found

    def back(self) -> list[tuple[int, bytes, int]]:
        found, self.spill.back = self.spill.back, []
        return found


def sentences(commands: Sequence[Any]) -> list[str]:
    return [each.sentence for each in commands if isinstance(each, Report)]


@pytest.mark.parametrize(
    ("depths", "expected"), [((), 30.0), ((100, 200), 20.0), ((0,), 2.0), ((-3, 100), 2.0)]
)
def test_a_slot_may_wait_half_of_what_is_replayed_by_who_goes_back_least(
    depths: tuple[int, ...], expected: float
) -> None:
    assert patience(depths, 0.4) == expected


def test_a_slot_goes_before_it_has_waited_too_long_and_the_oldest_first() -> None:
    desk = Desk(12, 11)
    assert desk.chosen(40.9) == []
    assert desk.spill.next_deadline() == 41.0
    assert desk.chosen(41.0) == [11]
    desk.away(11)
    assert desk.chosen(41.9) == []
    assert desk.chosen(42.0) == [12]


def test_one_goes_at_a_time_and_the_next_look_is_soon() -> None:
    desk = Desk(1, 2, 3)
    assert desk.chosen(50.0) == [1]
    assert desk.spill.next_deadline() == 50.01
    assert not desk.spill.is_due(BOUND, 50.009)
    assert desk.spill.is_due(0, 50.01)
    desk.go(1)
    assert desk.chosen(50.0) == [2]
    desk.go(2)
    assert desk.chosen(50.0) == [3]
    assert desk.spill.next_deadline() == 50.0 + SOON


def test_while_half_of_the_memory_is_taken_the_oldest_go_however_young() -> None:
    desk = Desk(5, 6)
    assert desk.chosen(7.0, held=BOUND // 2) == []
    assert desk.spill.is_due(BOUND // 2 + 1, 7.1)
    assert desk.chosen(7.1, held=BOUND // 2 + 1) == [5]


def test_without_a_bound_age_alone_counts() -> None:
    desk = Desk(5, bound=None)
    assert desk.chosen(6.0, held=2**60) == []
    assert desk.chosen(35.0, held=0) == [5]


def test_a_slot_that_a_feed_has_not_passed_stays_however_old() -> None:
    desk = Desk(5, 6)
    desk.fences = 5
    assert desk.chosen(100.0, held=BOUND) == []
    assert not desk.spill.is_due(BOUND, 100.01)
    assert desk.spill.is_due(BOUND, 100.1)
    desk.fences = 6
    assert desk.chosen(100.1, held=BOUND) == [5]


def test_nothing_is_due_between_two_looks() -> None:
    desk = Desk(5)
    assert desk.spill.next_deadline() is None
    assert desk.spill.is_due(0, 6.0)
    desk.chosen(6.0)
    assert not desk.spill.is_due(0, 6.9)
    assert desk.spill.next_deadline() == 6.0 + SOON
    assert desk.spill.is_due(0, 7.0)


def test_what_is_due_at_the_next_deadline_is_looked_at_then() -> None:
    desk = Desk(1)
    assert desk.chosen(30.99) == []
    deadline = desk.spill.next_deadline()
    assert deadline is not None
    assert 31.0 < deadline
    assert desk.spill.is_due(0, deadline)


def test_a_slow_disk_is_not_given_ever_more() -> None:
    desk = Desk(*range(20))
    for now in range(100, 120):
        if desk.spill.is_due(BOUND, float(now)):
            desk.go(*desk.chosen(float(now), held=BOUND))
    assert [each.slot for each in desk.take()] == list(range(ON_THE_WAY))
    assert desk.spill.next_deadline() is None
    desk.spill.stowed(3)
    assert desk.spill.next_deadline() is not None
    assert desk.spill.is_due(BOUND, 121.0)


def test_a_slot_goes_comes_and_is_forgotten() -> None:
    desk = Desk().go(5)
    assert desk.take() == [Stow(5, b"5")]
    assert 5 in desk.spill
    desk.spill.stowed(5)
    assert 5 in desk.spill
    assert desk.spill.slots_away == 1
    desk.want(5)
    assert desk.take() == [Unstow(5)]
    assert 5 in desk.spill
    desk.spill.read(5, b"five", 7)
    assert desk.back() == [(5, b"five", 7)]
    assert 5 not in desk.spill
    assert desk.spill.slots_away == 0
    desk.spill.forget(5)
    assert desk.take() == [Unneeded((5,))]
    desk.spill.forget(5)
    assert desk.take() == []


def test_what_is_wanted_while_it_goes_comes_from_memory_and_is_safe_all_the_same() -> None:
    desk = Desk(5).go(5).want(5)
    assert desk.back() == [(5, b"5", 0)]
    assert 5 not in desk.spill
    assert desk.chosen(100.0) == []
    desk.spill.stowed(5)
    assert 5 not in desk.spill
    assert desk.chosen(101.0) == [5]
    assert desk.take() == [Stow(5, b"5")]


def test_wanted_slots_come_lowest_first_and_few_at_a_time() -> None:
    desk = Desk().away(*range(1, 10)).want(9, 3, 5, 4, 6, 7)
    assert desk.take() == [Unstow(slot) for slot in (3, 4, 5, 6)]
    desk.spill.read(3, b"", 0)
    assert desk.want(3).take() == [Unstow(7)]
    for slot in (4, 5, 6, 7):
        desk.spill.read(slot, b"", 0)
    assert desk.want().take() == [Unstow(9)]
    assert len({3, 4, 5, 6}) == AHEAD


def test_one_comes_even_where_memory_is_short_and_no_more() -> None:
    desk = Desk().away(1, 2).want(1, 2, held=BOUND)
    assert desk.take() == [Unstow(1)]
    desk.want(held=BOUND)
    assert desk.take() == []
    desk.spill.read(1, b"", 0)
    assert desk.want(held=BOUND).take() == [Unstow(2)]


def test_what_is_wanted_twice_comes_once() -> None:
    desk = Desk().away(1).want(1).want(1)
    assert desk.take() == [Unstow(1)]
    desk.spill.read(1, b"", 0)
    assert desk.want(1, 99).take() == []
    assert desk.back() == [(1, b"", 0)]


def test_a_slot_that_was_forgotten_on_its_way_is_asked_for_no_more() -> None:
    desk = Desk(1, 2).away(1, 2)
    desk.spill.want(1)
    desk.spill.forget(1)
    desk.want(2)
    desk.spill.forget(2)
    assert desk.take() == [Unneeded((1,)), Unstow(2), Unneeded((2,))]
    desk.spill.read(2, b"", 0)
    assert desk.back() == []


def test_a_slot_begun_anew_waits_for_the_answers_to_what_it_was() -> None:
    desk = Desk(1, 2).go(1).away(2).want(2)
    for slot in (1, 2):
        desk.spill.forget(slot)
    assert desk.chosen(100.0) == []
    desk.spill.stowed(1)
    desk.spill.torn(2, "removed")
    assert desk.spill.lost == []
    assert desk.chosen(101.0) == [1]


def test_a_refused_slot_is_back_and_the_disk_is_left_alone_for_a_while() -> None:
    desk = Desk(1, 2, 3).go(1, 2)
    desk.take()
    desk.spill.refused(1, "full; free space", 100.0)
    desk.spill.refused(2, "full; free space", 100.0)
    assert desk.back() == [(1, b"1", 0), (2, b"2", 0)]
    assert sentences(desk.take()) == ["held slots could not go to the disk"]
    assert desk.spill.is_refusing
    assert not desk.spill.is_due(BOUND, 100.0 + RETRY - 0.1)
    assert desk.spill.next_deadline() == 100.0 + RETRY
    assert desk.spill.is_due(BOUND, 100.0 + RETRY)
    assert desk.chosen(100.0 + RETRY) == [1]
    desk.away(1)
    assert not desk.spill.is_refusing
    assert sentences(desk.commands)[1:] == ["held slots go to the disk again"]


def test_a_refusal_of_what_was_wanted_or_forgotten_changes_nothing() -> None:
    desk = Desk().go(1, 2).want(1)
    desk.back()
    desk.spill.forget(2)
    desk.spill.refused(1, "full", 0.0)
    desk.spill.refused(2, "full", 0.0)
    assert desk.back() == []
    desk.spill.check()


def test_a_lost_slot_is_told_and_known_no_more() -> None:
    desk = Desk().away(1).want(1)
    desk.spill.torn(1, "spoilt")
    assert desk.spill.lost == [(1, "spoilt")]
    assert 1 not in desk.spill
    assert sentences(desk.take()) == ["a held slot was lost on the disk"]


def test_what_is_known_of_a_slot_that_is_away_goes_with_it() -> None:
    desk = Desk().away(1, 2)
    for known in (desk.spill.unheld, desk.spill.late):
        known.update((1, 2))
    desk.spill.forget(1)
    assert (desk.spill.unheld, desk.spill.late) == ({2}, {2})
    desk.want(2)
    desk.spill.torn(2, "spoilt")
    assert desk.spill.unheld == set()


def test_a_slot_that_an_earlier_process_left_is_away() -> None:
    desk = Desk()
    desk.spill.found(7, 100)
    assert 7 in desk.spill
    assert desk.want(7).take() == [Unstow(7)]


SLOTS = st.integers(1, 12)


class Machine(RuleBasedStateMachine):
    """Any order of what may happen: a slot that is not in memory is on the disk or on its way, and all that is wanted comes."""

    def __init__(self) -> None:
        super().__init__()
        self.spill = Spill(BOUND)
        self.memory = set(range(1, 13))
        self.disk: dict[int, bytes] = {}
        self.asked: list[Any] = []

    @rule(slot=SLOTS)
    def goes(self, slot: int) -> None:
        waiting = [Waiting(slot, 0.0, may_go=True)]
        if slot in self.memory and self.spill.choose(waiting, 0, 0.0, 1.0):
            self.memory.discard(slot)
            self.spill.gone(slot, b"%d" % slot)

    @rule(slot=SLOTS)
    def is_wanted(self, slot: int) -> None:
        self.spill.want(slot)

    @rule(held=st.integers(0, 2 * BOUND))
    def comes(self, held: int) -> None:
        self.spill.bring(held)

    @rule(slot=SLOTS)
    def is_forgotten(self, slot: int) -> None:
        self.spill.forget(slot)
        self.memory.add(slot)  # begun anew

    @precondition(lambda self: self.asked)
    @rule(is_well=st.booleans(), reads_first=st.booleans())
    def disk_works(self, is_well: bool, reads_first: bool) -> None:
        reads = [place for place, each in enumerate(self.asked) if isinstance(each, Unstow)]
        match self.asked.pop(reads[0] if reads_first and reads else 0):
            case Stow(slot, packed) if is_well:
                self.disk[slot] = packed
                self.spill.stowed(slot)
            case Stow(slot, _):
                self.spill.refused(slot, "full", 0.0)
            case Unstow(slot) if slot in self.disk:
                self.spill.read(slot, self.disk[slot], 0)
            case Unstow(slot):
                self.spill.torn(slot, "removed")
            case Unneeded((slot,)):
                self.disk.pop(slot, None)
            case other:
                raise AssertionError(other)

    @invariant()
    def nothing_is_lost(self) -> None:
        self.spill.check()
        self.asked += [each for each in self.spill.collect() if not isinstance(each, Report)]
        for slot, packed, _ in self.spill.back:
            assert packed == b"%d" % slot
            assert slot not in self.memory
            self.memory.add(slot)
        self.spill.back = []
        assert self.spill.lost == []
        away = {slot for slot in range(1, 13) if slot in self.spill}
        assert away == set(range(1, 13)) - self.memory
        going = {each.slot for each in self.asked if isinstance(each, Stow)}
        assert away <= going | self.disk.keys()

    @override
    def teardown(self) -> None:
        for slot in range(1, 13):
            self.spill.want(slot)
        for _ in range(100):
            self.spill.bring(0)
            self.nothing_is_lost()
            while self.asked:
                self.disk_works(is_well=True, reads_first=True)
                self.nothing_is_lost()
        assert self.memory == set(range(1, 13))


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40)
