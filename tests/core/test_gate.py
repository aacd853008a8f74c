"""The gate alone: what it keeps waiting, in which order it lets go, and what it counts."""

from monitor.core.banks import Meta
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Release, Report
from monitor.core.events import ReadingResumed
from monitor.core.gate import Gate
from monitor.core.level_history import LevelHistory
from monitor.core.monitors import Monitor, SlotsFilter, TransactionsFilter
from monitor.core.needs import Needs
from monitor.core.slots import SlotState
from monitor.core.tally import Tally
from monitor.core.terms import Terms
from tests.core.play import (
    ALL,
    SLOTS,
    VAULT,
    Play,
    confirmed,
    created,
    dead,
    finalized,
    meta,
    status,
    tx,
    write,
)

FINALLY = Monitor("finally", commitment=Commitment.FINALIZED, transactions=TransactionsFilter())


def gate(*monitors: Monitor, hold: float = 2.0) -> Gate:
    terms = Terms(Needs.of(monitors), hold)
    return Gate(LevelHistory(monitors, Commitment.CONFIRMED), Tally([0]), terms)


def known(number: int, *, whole: bool = True) -> SlotState:
    """A slot whose confirmed block is known: without transactions, or with one that nobody brought."""
    state = SlotState(number)
    bank = state.open_bank(1, 0, began_whole=True)
    lacking = 0 if whole else 1
    state.tie(bank, Meta(f"B{number}", number - 1, f"B{number - 1}", None, lacking, 0))
    state.confirmed = f"B{number}"
    state.told_level = 1
    return state


def at_once(_: SlotState) -> bool:
    """As if every parent had gone before."""
    return True


def released(door: Gate) -> list[int]:
    """Slots of the `confirmed` events that came out."""
    return [
        event[5][1]
        for command in door.collect()
        if isinstance(command, Release)
        for event in command.released
        if event[5][2] == SlotStatus.CONFIRMED
    ]


def test_slots_leave_lowest_first_in_whatever_order_they_came() -> None:
    door = gate(ALL, SLOTS)
    for number in (7, 5, 6):
        door.admit(known(number), Commitment.CONFIRMED, 0.0)
    door.pump(0.0, at_once)
    assert released(door) == [5, 6, 7]


def test_a_slot_that_is_not_whole_holds_back_what_is_above_and_not_what_is_below() -> None:
    door = gate(ALL, SLOTS)
    for state in (known(5), known(6, whole=False), known(7)):
        door.admit(state, Commitment.CONFIRMED, 0.0)
    door.pump(0.0, at_once)
    assert released(door) == [5]
    assert door.next_deadline() == 2.0
    door.pump(1.99, at_once)
    assert released(door) == []
    door.pump(2.0, at_once)
    assert released(door) == [6, 7]
    assert door.next_deadline() is None


def test_no_hold_lets_everything_go_at_once() -> None:
    door = gate(ALL, SLOTS, hold=0.0)
    door.admit(known(6, whole=False), Commitment.CONFIRMED, 5.0)
    door.pump(5.0, at_once)
    assert door.frontier[Commitment.CONFIRMED] == 6


def test_slot_events_of_a_slot_passed_over_wait_for_the_parent_that_they_name() -> None:
    door = gate(ALL, SLOTS, hold=0.0)
    state = SlotState(6)
    state.confirmed, state.told_level = "B6", 1
    door.admit(state, Commitment.CONFIRMED, 5.0)
    door.pump(5.0, at_once)
    assert list(door.collect())[1:] == []
    state.tie(state.open_bank(1, 0, began_whole=True), Meta("B6", 4, "B4", None, 0, 0))
    door.release_late(state, 6.0)
    (release,) = door.collect()
    assert isinstance(release, Release)
    assert [(event[2], event[5][2], event[5][4][0]) for event in release.released] == [
        (True, Commitment.PROCESSED, 4),
        (True, Commitment.CONFIRMED, 4),
    ]


def test_a_slot_below_one_that_was_released_comes_late() -> None:
    door = gate(ALL, SLOTS)
    door.admit(known(7), Commitment.CONFIRMED, 0.0)
    door.pump(0.0, at_once)
    list(door.collect())
    door.admit(known(5), Commitment.CONFIRMED, 0.0)
    door.pump(0.0, at_once)
    (release,) = door.collect()
    assert isinstance(release, Release)
    assert {event[2] for event in release.released} == {True}
    assert door.frontier[Commitment.CONFIRMED] == 7


def test_collecting_empties_and_gives_reports_before_releases() -> None:
    door = gate(ALL, SLOTS)
    door.admit(known(5), Commitment.CONFIRMED, 0.0)
    door.pump(0.0, at_once)
    door.report("info", "something was said", slot=5)
    first, second = door.collect()
    assert first == Report("info", "something was said", {"slot": 5})
    assert isinstance(second, Release)
    assert list(door.collect()) == []


def test_releases_of_several_levels_come_lowest_level_first() -> None:
    early = Monitor("early", commitment=Commitment.PROCESSED, transactions=TransactionsFilter())
    play = Play(early, ALL, FINALLY)
    play.says(1, created(5), tx(5, 0, mask=0b111), meta(5), confirmed(5), finalized(5))
    levels = [release.commitment for release in play.of(Release)]
    assert levels == [Commitment.PROCESSED, Commitment.CONFIRMED, Commitment.FINALIZED]


def test_finalized_waits_for_the_release_at_confirmed() -> None:
    play = Play(FINALLY, feeds=2)
    play.says(2, created(4))
    play.says(1, tx(5, 1), meta(5, transactions=2), finalized(5))
    assert play.take() == []
    play.block(2, 4).block(2, 5, tx(5, 0), tx(5, 1))
    assert play.take() == ["5 t0", "5 t1"]


def test_a_row_that_only_another_level_wants_waits_for_that_level() -> None:
    play = Play(ALL, FINALLY)
    play.block(1, 5, tx(5, 0, mask=0b10)).says(1, confirmed(5))
    assert play.take() == []
    play.says(1, finalized(5))
    assert play.take() == ["5 t0 for 10"]


def test_accounts_come_between_the_transactions_and_the_block() -> None:
    play = Play(VAULT)
    play.says(1, created(5), tx(5, 0), write(5, "x", "t0", 1), meta(5, mask=1), confirmed(5))
    assert play.take() == ["5 t0", "5 x by t0", "5 meta B5"]


def test_accounts_come_last_where_nothing_follows_them() -> None:
    play = Play(VAULT)
    play.says(1, created(5), write(5, "x", "t0", 1), tx(5, 0), meta(5), confirmed(5))
    assert play.take() == ["5 t0", "5 x by t0"]


def test_each_level_has_the_last_write_once() -> None:
    later = Monitor("later", commitment=Commitment.FINALIZED, accounts=VAULT.accounts)
    play = Play(VAULT, later)
    play.says(1, created(5), write(5, "x", "t1", 1, 3), write(5, "x", "t2", 2, 3), meta(5))
    play.says(1, confirmed(5))
    assert play.take() == ["5 x by t2"]
    play.says(1, finalized(5))
    assert play.take() == ["5 x by t2 for 10"]


def test_every_late_write_reaches_a_monitor_that_asks_for_all_and_once() -> None:
    every = Monitor("every", accounts=VAULT.accounts, every_write=True)
    play = Play(every, feeds=2)
    play.says(1, created(5), write(5, "x", "t1", 1), meta(5), confirmed(5))
    assert play.take() == ["5 x by t1"]
    play.says(2, created(5), write(5, "x", "t1", 1), write(5, "x", "t2", 2), meta(5))
    assert play.take() == ["5 x by t2 late"]


def test_what_comes_behind_its_meta_in_a_slot_that_this_released_is_handed_on() -> None:
    play = Play(ALL).says(1, created(5)).block(1, 6, tx(6, 0)).says(1, confirmed(6))
    play.says(1, tx(5, 0), meta(5), tx(5, 1))
    assert play.take() == ["5 t0", "6 t0", "5 t1 late"]


def test_late_events_are_counted_and_reported_with_their_slot() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5))
    play.says(2, created(5), tx(5, 0), tx(5, 1), meta(5))
    assert play.kernel.tally.late == 1
    (report,) = [r for r in play.of(Report) if r.sentence == "events of a released slot came late"]
    assert report.facts == {"slot": 5, "events": 1}


def test_a_copy_that_adds_nothing_is_not_reported_late() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5))
    play.block(2, 5, tx(5, 0))
    assert play.kernel.tally.late == 0
    assert "events of a released slot came late" not in play.sentences()


def test_finalized_slots_are_counted_by_whether_they_are_held_whole() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).says(1, finalized(5))
    play.says(2, created(7))
    play.says(1, tx(6, 0), meta(6, transactions=2), finalized(6)).at(2.0)
    assert play.kernel.tally.slots == {"complete": 1, "partial": 1}
    assert "a slot was passed over incomplete" in play.sentences()


def test_a_slot_event_at_processed_names_the_parent_that_was_told() -> None:
    play = Play(SLOTS, level=Commitment.PROCESSED)
    play.says(1, created(5), status(5, SlotStatus.PROCESSED, 4))
    (event,) = [event for event in play.given if event[5][0] == Kind.SLOT]
    assert (event[1], event[5][4]) == (-1, (4, None, False))


def test_a_death_is_told_once_whoever_sees_it() -> None:
    curious = Monitor("curious", slots=SlotsFilter(interslot_updates=True))
    play = Play(curious, feeds=2)
    play.says(1, created(5), dead(5)).says(2, dead(5))
    assert play.take() == ["5 created_bank", "5 dead"]


def test_a_confirmed_slot_of_which_somebody_told_a_death_is_still_to_be_replayed() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), tx(5, 0), dead(5))
    gate, state = play.kernel.gate, play.kernel.join.slots[5]
    assert gate.is_held(state)
    play.says(2, created(5), tx(5, 0), meta(5, transactions=2), confirmed(5))
    assert state.dead is not None
    assert not gate.is_held(state)


def test_the_oldest_held_slots_lose_their_frames_for_want_of_memory_and_are_partial() -> None:
    play = Play(ALL, held_bytes=30)
    play.block(1, 3).block(1, 4, tx(4, 0, "a"), tx(4, 1, "b")).block(1, 5, tx(5, 0, "c"))
    assert play.kernel.tally.shed == 2
    play.says(1, finalized(5)).at(4.0)
    assert play.take() == ["5 c"]
    assert play.certified() == {
        3: SlotEnd.COMPLETE,
        4: SlotEnd.PARTIAL,
        5: SlotEnd.COMPLETE,
    }
    assert play.certificates()[4].proof == "frames were dropped for want of memory"
    assert "held updates were dropped for want of memory" in play.sentences()


def test_what_was_dropped_is_not_missed_by_any_endpoint() -> None:
    play = Play(ALL, feeds=2, held_bytes=20)
    play.block(1, 4, tx(4, 0), tx(4, 1)).block(2, 4, tx(4, 0), tx(4, 1))
    play.says(1, finalized(4)).at(2.0)
    assert play.kernel.tally.missed == [0, 0]


def test_no_bound_on_what_waits_costs_monitors_at_processed_anything() -> None:
    play = Play(ALL, level=Commitment.PROCESSED, held_bytes=0)
    play.block(1, 5, tx(5, 0)).says(1, finalized(5)).at(2.0)
    assert play.take() == ["5 t0"]
    assert play.certified() == {5: SlotEnd.COMPLETE}


def test_a_late_write_that_every_monitor_had_is_not_handed_on_again() -> None:
    every = Monitor("every", accounts=VAULT.accounts, every_write=True)
    play = Play(every, VAULT, FINALLY, feeds=2)
    play.says(1, created(5), write(5, "x", "t1", 1, 3), meta(5, transactions=0), confirmed(5))
    assert play.take() == ["5 x by t1 for 11"]
    play.says(2, created(5), write(5, "x", "t1", 9, 3), write(5, "x", "t2", 8, 3))
    play.says(2, meta(5, transactions=0))
    assert play.take() == ["5 x by t2 late"]


def test_time_in_which_nothing_was_read_does_not_count_as_waiting() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=2).says(1, finalized(5))
    play.now = 10.0
    play.kernel.handle(ReadingResumed(10.0), play.now)
    play.block(1, 6).says(2, tx(5, 1), meta(5, transactions=2))
    assert play.take() == ["5 t0", "5 t1"]
    play.at(10.1)
    assert "a slot was passed over incomplete" not in play.sentences()


def learned_behind(*monitors: Monitor) -> Play:
    """Slot 8 went out without its parent 7; that came late, and names slot 6, which nobody has brought."""
    play = Play(*monitors, feeds=2)
    play.block(1, 5, tx(5, 0, "a")).says(1, finalized(5))
    play.block(1, 8, tx(8, 0, "d")).says(1, confirmed(8)).at(2.0)
    play.take()
    return play.block(2, 7, tx(7, 0, "c"))


def test_a_slot_that_is_known_behind_what_went_before_holds_nothing_back() -> None:
    play = learned_behind(ALL)
    play.block(1, 9, tx(9, 0, "e")).says(1, confirmed(9))
    assert play.take() == ["7 c late", "9 e"]
    play.block(2, 6, tx(6, 0, "b"))
    assert play.take() == ["6 b late"]


def test_it_holds_nothing_back_at_finalized_either() -> None:
    play = learned_behind(FINALLY)
    play.block(1, 9, tx(9, 0, "e")).says(1, finalized(9))
    assert play.take() == ["7 c", "8 d", "9 e"]
    play.block(2, 6, tx(6, 0, "b"))
    assert play.take() == ["6 b late"]


def test_it_is_passed_over_in_its_own_time() -> None:
    play = learned_behind(ALL)
    play.block(1, 10, tx(10, 0), parent=9).says(1, confirmed(10))
    play.at(3.9)
    assert play.sentences().count("a slot was passed over incomplete") == 1
    play.at(4.0)
    assert play.sentences().count("a slot was passed over incomplete") == 3


def test_it_does_not_wait_for_its_own_parent_either() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0, "a")).says(1, finalized(5))
    play.block(1, 9, tx(9, 0, "e")).says(1, confirmed(9)).at(2.0)
    play.take()
    play.block(2, 8, tx(8, 0, "d")).block(2, 7, tx(7, 0, "c"))
    assert play.take() == ["8 d late", "7 c late"]


def test_a_slot_that_is_forgotten_waits_no_more() -> None:
    door, state = gate(ALL), known(5, whole=False)
    door.admit(state, Commitment.CONFIRMED, 0.0)
    door.admit(state, Commitment.FINALIZED, 0.0)
    door.drop(state)
    door.pump(9.0, at_once)
    assert list(door.collect()) == []
    assert door.waiting() == []


def test_slot_events_that_wait_for_a_parent_are_told_once_though_the_block_turns_out_another() -> (
    None
):
    play = Play(SLOTS, feeds=2)
    play.block(1, 4).says(1, confirmed(4)).take()
    play.block(1, 6, parent=5).says(1, confirmed(6)).at(2.0).take()
    play.block(2, 7, parent=5, parent_block="other").says(2, finalized(7)).at(4.0).take()
    play.says(2, created(5), meta(5, "other", transactions=0))
    words = [word for word in play.take() if word.startswith("5")]
    assert len(words) == len(set(words)) > 0


def test_what_a_feed_without_block_meta_brings_of_a_slot_passed_over_is_handed_on() -> None:
    for level in Commitment:
        play = Play(ALL, feeds=2, level=level)
        play.block(1, 5, tx(5, 0), transactions=2).says(1, finalized(5)).at(4.0)
        assert play.take() == ["5 t0"]
        play.says(2, tx(5, 1)).at(8.0)
        assert play.take() == ["5 t1 late"]
        assert play.certified() == {5: SlotEnd.COMPLETE}
