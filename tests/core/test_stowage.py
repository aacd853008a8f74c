"""Slots of a join go to the disk and come back; nothing of them is lost or handed on twice."""

from typing import Any

import pytest

from monitor.core.chain import Commitment
from monitor.core.commands import Report, Stow, Unneeded, Unstow
from monitor.core.events import FloorTold, Stowed, StowFailed, Unstowed, UnstowFailed
from monitor.core.floors import NOTHING_STORED
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.core.stowage import Stowage
from monitor.core.stowing import outline_of, stow
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, tx

AT_ONCE = Monitor("at once", commitment=Commitment.PROCESSED, transactions=TransactionsFilter())
LONG = 100.0


class Stage:
    """A kernel, and slots of it that are stowed by hand."""

    def __init__(self, *monitors: Monitor, bound: int | None = None, **policy: Any) -> None:
        self.play = Play(*monitors, level=Commitment.FINALIZED, **policy)
        self.join, self.gate = self.play.kernel.join, self.play.kernel.gate
        self.stowage = Stowage(self.join, bound)
        self.spill = self.stowage.spill
        self.now = 0.0
        for slot in range(5, 8):
            self.play.block(1, slot, tx(slot, 0, mask=3), tx(slot, 1, mask=3))

    def works(self, now: float) -> list[Any]:
        """What the disk is asked for."""
        waiting = [state for state in self.join.slots.values() if state.finalized]
        self.stowage.work(now, [waiting])
        return self.spill.collect()

    def goes(self, *slots: int) -> dict[int, bytes]:
        """All slots up to the last of these that wait are safe on the disk."""
        disk = {}
        self.works(self.now)
        self.now += LONG
        for turn in range(10):
            for asked in self.works(self.now + turn):
                if isinstance(asked, Stow):
                    disk[asked.slot] = asked.packed
                    self.stowage.handle(Stowed(asked.slot), self.now)
        assert sorted(disk) == sorted(slots)
        return disk

    def comes(self, slot: int, packed: bytes) -> None:
        self.spill.want(slot)
        assert self.works(LONG) == [Unstow(slot)]
        self.stowage.handle(Unstowed(slot, packed), LONG)
        self.works(LONG)

    def given(self) -> list[tuple[int, int]]:
        """Slot and index of what was handed on since the last call."""
        self.play._do(list(self.gate.collect()))
        found = [(released[5][1], released[5][4]) for released in self.play.given]
        self.play.given = []
        return found


def test_slots_that_every_feed_has_passed_go_after_their_time() -> None:
    stage = Stage(ALL)
    before = stage.gate.held_bytes
    assert stage.works(0.0) == []
    assert stage.works(22.4) == []
    [asked] = stage.works(22.5)
    assert (type(asked), asked.slot) == (Stow, 5)
    assert stage.gate.held_bytes < before
    assert stage.join.slots[5].held_rows() == 0
    assert [each.slot for each in stage.works(22.6)] == [6]
    assert stage.works(LONG) == []
    stage.join.check()


def test_without_a_disk_every_slot_stays() -> None:
    stage = Stage(ALL)
    stowage = Stowage(stage.join, 1, is_on=False)
    for now in (0.0, LONG):
        stowage.work(now, [])
    assert stowage.spill.collect() == []
    assert stowage.spill.next_deadline() is None


def test_an_endpoint_that_replays_little_makes_them_go_sooner() -> None:
    stage = Stage(ALL)
    stage.join.pace.slot_time = 0.4
    stage.stowage.floor_told(FloorTold(0, first_available=7 - 40))
    stage.works(0.0)
    assert stage.works(40 * 0.4 / 2 * 0.75 - 0.1) == []
    assert stage.works(40 * 0.4 / 2 * 0.75) != []


@pytest.mark.parametrize("floor", [None, NOTHING_STORED])
def test_an_endpoint_that_says_nothing_of_use_tells_no_time(floor: int | None) -> None:
    stage = Stage(ALL)
    stage.stowage.floor_told(FloorTold(0, first_available=0))
    stage.stowage.floor_told(FloorTold(0, first_available=floor))
    stage.works(0.0)
    assert stage.works(22.4) == []


def test_a_slot_comes_back_and_is_what_it_was() -> None:
    stage = Stage(ALL)
    before, rows = stage.gate.held_bytes, list(stage.join.slots[5].shared.held)
    disk = stage.goes(5, 6)
    for slot in (6, 5):
        stage.comes(slot, disk[slot])
    assert stage.gate.held_bytes == before
    assert stage.join.slots[5].shared.held == rows
    stage.join.check()


def test_what_came_meanwhile_is_given_once_and_counted() -> None:
    stage = Stage(AT_ONCE, Monitor("all", transactions=TransactionsFilter()), feeds=2)
    stage.play.says(2, meta(4), meta(7, transactions=2))
    disk = stage.goes(5, 6)
    stage.given()
    duplicates = stage.gate.tally.duplicates[1]
    stage.play.says(2, created(6), tx(6, 1, mask=3), tx(6, 2, mask=3), tx(6, 3, mask=2))
    assert stage.given() == []
    stage.comes(6, disk[6])
    assert stage.given() == [(6, 2)]
    assert stage.gate.tally.duplicates[1] == duplicates + 1


def test_of_a_slot_that_is_away_it_is_known_whether_it_was_held_whole() -> None:
    stage = Stage(ALL)
    del stage.join.slots[5].metas["B5"]
    stage.join.slots[5].banks[0].blockhash = None
    stage.join.slots[5].banks[0].covers = False
    disk = stage.goes(5, 6)
    assert stage.spill.unheld == {5}
    assert [stage.spill.is_whole(slot) for slot in (5, 6, 7)] == [False, True, False]
    stage.comes(5, disk[5])
    assert stage.spill.unheld == set()


def test_what_is_known_at_its_level_comes_unasked() -> None:
    stage = Stage(ALL)
    stage.goes(5, 6)
    stage.join.slots[6].finalized = True
    assert stage.works(LONG) == [Unstow(6)]


def test_slots_of_which_something_is_expected_stay() -> None:
    stage = Stage(ALL)
    states = stage.join.slots
    states[5].told_level = Commitment.CONFIRMED
    states[6].certified = "partial"
    stage.goes()
    states[6].certified = None
    states[6].confirmed = "B6"
    stage.goes()
    states[6].told_level = states[6].released_level = Commitment.CONFIRMED
    stage.goes(6)


def test_what_was_to_be_released_late_is_once_it_is_back() -> None:
    stage = Stage(
        Monitor("c", commitment=Commitment.CONFIRMED, transactions=TransactionsFilter()), ALL
    )
    stage.play.says(1, confirmed(6))
    stage.given()
    disk = stage.goes(5, 6)
    late: list[int] = []
    stage.gate.release_late = lambda state, now: late.append(state.number)  # type: ignore[method-assign]
    stage.comes(5, disk[5])
    assert late == []
    stage.spill.late.add(6)
    stage.comes(6, disk[6])
    assert late == [6]
    assert stage.spill.late == set()


def test_a_refused_slot_is_back_at_once() -> None:
    stage = Stage(ALL)
    before = stage.gate.held_bytes
    stage.works(0.0)
    stage.works(LONG)
    stage.stowage.handle(StowFailed(5, "full; free space"), LONG)
    [report] = stage.works(LONG)
    assert (type(report), report.level) == (Report, "critical")
    assert stage.gate.held_bytes == before


def lost(stage: Stage) -> None:
    state = stage.join.slots[5]
    assert (state.shed, state.held_rows(), state.evidence) == (True, 0, None)
    assert 5 not in stage.spill
    stage.join.check()


def test_a_slot_that_the_disk_lost_is_as_one_dropped_for_want_of_memory() -> None:
    stage = Stage(ALL)
    stage.goes(5, 6)
    stage.spill.want(5)
    stage.works(LONG)
    stage.stowage.handle(UnstowFailed(5, "spoilt"), LONG)
    assert [each.level for each in stage.works(LONG)] == ["critical"]
    lost(stage)


def test_bytes_that_cannot_be_read_are_a_lost_slot() -> None:
    stage = Stage(ALL)
    stage.goes(5, 6)
    stage.comes(5, b"anything else")
    assert stage.spill.collect() == []
    lost(stage)
    assert [each.level for each in stage.gate.collect() if isinstance(each, Report)] == ["critical"]


def test_what_an_earlier_process_left_is_taken_where_it_is_ours() -> None:
    stage = Stage(ALL)
    stage.play.says(1, finalized(4))
    state = stage.join.slots[6]
    state.released_level, state.told_level = Commitment.CONFIRMED, Commitment.FINALIZED
    state.confirmed, state.finalized = "B6", True
    outline = outline_of(stow(state))
    again = Stowage(play := Play(ALL, resume_slot=5).kernel.join, None)
    again.resume([(6, outline, 0), (4, outline, 0), (7, b"spoilt", 0), (6, outline, 0)])
    assert list(play.slots) == [6]
    assert play.gate.waiting() == []
    assert play.gate._waiting[1] == [play.slots[6]]
    assert 6 not in again.spill  # named twice: nobody knows which is right
    assert again.spill.collect() == [Unneeded((slot,)) for slot in (4, 7, 6)]


@pytest.mark.parametrize("covers", [True, False])
def test_a_slot_that_nobody_covered_before_a_restart_may_be_told_again(covers: bool) -> None:
    stage = Stage(ALL)
    stage.join.slots[6].banks[0].covers = covers
    outline = outline_of(stow(stage.join.slots[6]))
    again = Stowage(Play(ALL, resume_slot=5).kernel.join, None)
    again.resume([(6, outline, 0)])
    assert 6 in again.spill
    assert again.spill.is_whole(6) == covers


def test_without_a_first_slot_of_ours_nothing_is_taken() -> None:
    stage = Stage(ALL)
    outline = outline_of(stow(stage.join.slots[6]))
    join = Play(ALL).kernel.join
    stowage = Stowage(join, None)
    stowage.resume([(6, outline, 0)])
    assert join.slots == {}
    assert stowage.spill.collect() == [Unneeded((6,))]
