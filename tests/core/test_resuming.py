"""After a restart: feeds begin live, and a replay fills what lies between, told as dialogue."""

from monitor.core.certificates import Certificate, Coverage, SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import AmendFeed, OpenFeed
from tests.core.play import ALL, SOME, Play, confirmed, created, finalized, meta, processed, tx


def resumed(*, can_amend: bool = True) -> Play:
    """Slots up to 6 were settled before; the chain goes on at 9."""
    return Play(ALL, resume_slot=7, can_amend=can_amend)


def test_feeds_open_live_and_the_first_covered_slot_asks_for_what_lies_between() -> None:
    play = resumed()
    assert [command.from_slot for command in play.of(OpenFeed)] == [None]
    play.block(1, 9, tx(9, 0))
    assert play.of(AmendFeed) == [AmendFeed(1, 1, 7)]


def test_a_slot_whose_beginning_was_missed_asks_for_nothing() -> None:
    play = resumed()
    play.says(1, processed(8), tx(9, 1), meta(9, transactions=2))
    assert play.of(AmendFeed) == []


def test_rows_of_slots_that_were_settled_are_ignored() -> None:
    play = resumed()
    play.says(1, created(6), tx(6, 0), meta(6), confirmed(6), finalized(6)).at(2.0)
    assert (play.take(), play.certified()) == ([], {})
    assert play.kernel.join.slots == {}


def test_slots_that_the_replay_brings_are_whole_and_in_order() -> None:
    play = resumed()
    play.block(1, 9, tx(9, 0, "c")).says(1, confirmed(9))
    assert play.take() == []
    play.says(1, tx(7, 0, "a"), meta(7), processed(7), tx(8, 0, "b"), meta(8), processed(8))
    play.says(1, tx(9, 0, "c"), meta(9), finalized(9)).at(2.0)
    assert play.take() == ["7 a", "8 b", "9 c"]
    assert play.certified() == dict.fromkeys((7, 8, 9), SlotEnd.COMPLETE)
    assert play.settled() == 9
    assert play.kernel.frontier(Commitment.FINALIZED) == 9


def test_where_no_second_request_can_be_sent_the_first_one_asks() -> None:
    play = resumed(can_amend=False)
    assert [command.from_slot for command in play.of(OpenFeed)] == [7]


def test_a_named_first_slot_goes_before_the_one_to_resume_at() -> None:
    play = Play(ALL, start_slot=4, resume_slot=7)
    assert [command.from_slot for command in play.of(OpenFeed)] == [4]
    assert play.kernel.join.floor == 4


def closed(slot: int, end: SlotEnd, height: int | None = None) -> Certificate:
    block = None if height is None else f"B{slot}"
    return Certificate(slot, end, "proof", block, slot - 1, height)


def test_slots_that_were_closed_before_the_restart_are_neither_asked_for_nor_given_again() -> None:
    before = (closed(8, SlotEnd.COMPLETE, 5), closed(9, SlotEnd.SKIPPED))
    play = Play(ALL, resume_slot=7, closed=before)
    play.block(1, 12, tx(12, 0))
    assert play.of(AmendFeed)[-1].from_slot == 7
    play.says(1, tx(7, 0), meta(7, height=4), finalized(7), tx(8, 0), meta(8, height=5))
    play.says(1, tx(10, 0), meta(10, parent=8, height=6), finalized(10))
    play.says(1, tx(11, 0), meta(11, height=7), finalized(11), tx(12, 0), meta(12, height=8))
    play.block(1, 13)
    assert play.take() == ["7 t0", "10 t0", "11 t0"]
    assert list(play.certified()) == [7, 10, 11]
    assert play.settled() == 11
    assert play.kernel.coverage() == Coverage(4, 4, by_height=True)


def above_a_gap(slots: range) -> tuple[Certificate, ...]:
    return tuple(closed(slot, SlotEnd.COMPLETE, slot) for slot in slots)


def test_a_gap_under_what_was_closed_is_asked_for_though_the_stream_goes_on_right_behind() -> None:
    play = Play(ALL, resume_slot=7, closed=above_a_gap(range(8, 12)))
    play.block(1, 12, tx(12, 0), height=12)
    assert play.of(AmendFeed) == [AmendFeed(1, 1, 7)]
    play.says(1, tx(7, 0, "a"), meta(7, height=7), meta(12, height=12))
    play.says(1, confirmed(12), finalized(12)).block(1, 13)
    assert play.take() == ["7 a", "12 t0"]
    assert play.certified() == dict.fromkeys((7, 12), SlotEnd.COMPLETE)
    assert play.settled() == 12


def test_a_gap_under_what_was_closed_is_partial_when_nobody_brings_it() -> None:
    play = Play(ALL, resume_slot=5, closed=above_a_gap(range(8, 12)))
    play.block(1, 12, tx(12, 0)).says(1, meta(12), confirmed(12), finalized(12)).at(2.0)
    assert play.certified() == {**dict.fromkeys((5, 6, 7), SlotEnd.PARTIAL), 12: SlotEnd.COMPLETE}
    assert play.settled() == 12


def cut_short_beside_a_fork() -> Play:
    """A feed that came back in the middle of slot 12, and had all of slot 13 before 12 ended."""
    play = Play(SOME).block(1, 10, tx(10, 0)).says(1, confirmed(10), finalized(10))
    play.ends(1).at(2.0).accepts(2).says(2, tx(12, 1))
    play.block(2, 13, tx(13, 0), parent=10, parent_block="B10")
    assert play.of(AmendFeed) == [AmendFeed(2, 1, 11)]
    return play.says(2, meta(12, parent=10, parent_block="B10", transactions=2))


def the_other_branch_wins(play: Play) -> Play:
    play.says(2, meta(13, parent=10, parent_block="B10")).block(2, 14, parent=12)
    return play.says(2, confirmed(14), finalized(14)).at(play.now + 2.0)


def test_the_live_end_of_a_slot_in_flight_is_no_end_of_its_replay() -> None:
    play = the_other_branch_wins(cut_short_beside_a_fork())
    assert play.certified()[12] == SlotEnd.PARTIAL


def test_a_slot_in_flight_is_whole_once_the_replay_brought_it() -> None:
    play = cut_short_beside_a_fork()
    play.says(2, tx(12, 0), tx(12, 1), meta(12, parent=10, parent_block="B10", transactions=2))
    assert the_other_branch_wins(play).certified()[12] == SlotEnd.COMPLETE
