"""What monitors at processed have of a slot, what is taken back of it, and what is given anew."""

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.events import Row
from monitor.core.inherited import Inherited
from monitor.core.keys import identity
from monitor.core.monitors import AccountsFilter, Monitor, SlotsFilter, TransactionsFilter
from tests.core.play import (
    ALL,
    Play,
    confirmed,
    created,
    finalized,
    meta,
    processed,
    status,
    tx,
    write,
)

PROCESSED = Commitment.PROCESSED
CONFIRMED = Monitor("c", commitment=Commitment.CONFIRMED, transactions=TransactionsFilter())
STATUSES = Monitor("s", slots=SlotsFilter(), transactions=TransactionsFilter())


def dead(slot: int) -> Row:
    return status(slot, SlotStatus.DEAD, None)


def undone(play: Play) -> list[tuple[int, int, str]]:
    """(slot, version, why) of every undo since the last call; all else is dropped."""
    given, play.given = play.given, []
    return [(r[1], r[2], r[4][1]) for *_, r in given if r[0] == Kind.UNDO]


def test_what_came_of_a_dead_bank_is_taken_back_once_no_feed_goes_on_with_it() -> None:
    play = Play(ALL, feeds=2, level=PROCESSED)
    play.says(1, created(5), tx(5, 0)).says(2, created(5), tx(5, 0), tx(5, 1))
    play.says(1, dead(5))
    assert play.take() == ["5 t0", "5 t1"]
    play.says(2, dead(5))
    assert play.take() == ["5 undo"]
    play.says(2, dead(5))
    assert play.take() == []


def test_a_bank_that_one_feed_alone_created_anew_waits_until_the_others_lost_theirs() -> None:
    play = Play(ALL, feeds=2, level=PROCESSED)
    play.says(1, created(5), tx(5, 0)).says(2, created(5), tx(5, 0))
    play.says(1, created(5), tx(5, 0, "x")).says(2, tx(5, 1))
    assert play.take() == ["5 t0", "5 t1"]
    play.says(2, created(5))
    assert play.take() == ["5 undo", "5.1 x"]
    play.says(2, tx(5, 0, "x"), tx(5, 1, "y"))
    assert play.take() == ["5.1 y"]


def test_a_bank_of_a_feed_that_broke_keeps_nothing() -> None:
    play = Play(ALL, feeds=2, level=PROCESSED)
    play.says(1, created(5), tx(5, 0)).says(2, created(5))
    play.ends(2).says(1, created(5))
    assert play.take() == ["5 t0", "5 undo"]


def test_a_fork_is_taken_back_when_a_confirmed_block_passes_it_by_highest_slot_first() -> None:
    play = Play(ALL, level=PROCESSED)
    play.block(1, 4, tx(4, 0)).block(1, 5, tx(5, 0)).block(1, 6, tx(6, 0))
    play.block(1, 7, tx(7, 0), parent=4)
    play.take()
    play.says(1, confirmed(7))
    reasons = "the chain passes it by: parent link of 7"
    assert undone(play) == [(6, 0, reasons), (5, 0, reasons)]
    play.says(1, tx(6, 1), finalized(7))
    assert play.take() == []


def test_what_the_confirmed_block_has_not_is_taken_back_and_the_block_is_given() -> None:
    play = Play(ALL, feeds=2, level=PROCESSED)
    play.says(1, created(5), tx(5, 0, "x")).says(2, created(5), tx(5, 0, "y"), tx(5, 1, "z"))
    play.says(2, meta(5, "second", transactions=2))
    play.take()
    play.says(1, meta(5, "first")).says(2, confirmed(5))
    assert play.take() == ["5 undo", "5.1 y", "5.1 z"]


def test_a_block_that_nobody_gave_takes_the_place_of_another_the_moment_it_is_confirmed() -> None:
    play = Play(ALL, feeds=2, level=PROCESSED)
    play.block(1, 5, tx(5, 0, "x"), block="first")
    play.take()
    play.says(2, created(5), tx(5, 0, "y"), created(5), tx(5, 0, "z"), meta(5, "second"))
    assert play.take() == ["5 y"]
    play.says(2, confirmed(5))
    assert undone(play) == [(5, 0, "another block of the slot is confirmed")]


def test_statuses_are_told_again_of_the_version_that_stands() -> None:
    play = Play(STATUSES, level=PROCESSED)
    play.says(1, created(5), tx(5, 0), processed(5), created(5), tx(5, 0, "x"))
    play.says(1, meta(5, transactions=1), processed(5), confirmed(5))
    assert play.take() == [
        *("5 t0", "5 processed", "5 undo"),
        *("5.1 x", "5.1 processed", "5.1 confirmed"),
    ]


def test_monitors_at_another_level_take_nothing_back() -> None:
    play = Play(ALL, CONFIRMED, level=PROCESSED)
    play.says(1, created(5), tx(5, 0, mask=3), created(5), tx(5, 0, "x", mask=3))
    play.says(1, meta(5, transactions=1), confirmed(5))
    assert play.take() == ["5 t0", "5 undo", "5.1 x", "5 x for 10"]


def test_a_confirmed_block_that_is_not_final_is_taken_back_at_confirmed() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0)).block(1, 5, tx(5, 0)).says(1, confirmed(5))
    assert play.take() == ["4 t0", "5 t0"]
    play.block(1, 6, tx(6, 0), parent=4).says(1, confirmed(6))
    assert "5 undo" not in play.take()
    play.says(1, finalized(6)).at(2.0)
    assert play.take() == ["5 undo"]


def of_slot(slot: int, *names: str, version: int = 0, level: Commitment = PROCESSED) -> Inherited:
    ids = frozenset(identity(Kind.TRANSACTION, tx(slot, 0, name)[2]) for name in names)
    return Inherited(slot, level, version, 1, {int(Kind.TRANSACTION): ids})


def test_what_sinks_hold_of_a_block_that_lost_meanwhile_is_taken_back() -> None:
    inherited = (of_slot(5, "t0", version=2),)
    play = Play(ALL, level=PROCESSED, resume_slot=5, inherited=inherited)
    play.block(1, 6, tx(6, 0), parent=4).says(1, confirmed(6))
    assert play.take() == ["6 t0", "5.2 undo"]


def test_what_sinks_hold_of_another_block_of_the_slot_is_taken_back() -> None:
    for level in (PROCESSED, Commitment.CONFIRMED):
        inherited = (of_slot(5, "t0", "stranger", level=level),)
        play = Play(ALL, level=level, resume_slot=5, inherited=inherited)
        play.block(1, 5, tx(5, 0)).says(1, confirmed(5))
        assert play.take()[-2:] == ["5 undo", "5.1 t0"]


def test_what_sinks_hold_of_the_block_stands() -> None:
    play = Play(ALL, level=PROCESSED, resume_slot=5, inherited=(of_slot(5, "t0", version=1),))
    play.block(1, 5, tx(5, 0), tx(5, 1)).says(1, confirmed(5))
    assert play.take() == ["5.1 t0", "5.1 t1"]


def test_a_slot_whose_frames_were_dropped_is_brought_again_when_it_turns_out_another_block() -> (
    None
):
    play = Play(ALL, feeds=2, level=PROCESSED, held_bytes=0)
    play.says(1, created(5), tx(5, 0, "x")).says(2, created(5), tx(5, 0, "y"))
    play.says(2, meta(5, "second")).says(1, meta(5, "first")).says(2, confirmed(5)).at(2.0)
    assert "5 undo" in play.take()
    assert play.kernel.join.slots[5].shed


def test_a_write_that_a_replay_left_out_is_no_stranger() -> None:
    vault = Monitor("vault", accounts=AccountsFilter())
    first, last = write(5, "x", "t1", 1)[2], write(5, "x", "t2", 2)[2]
    for names, told in (((first, last), ["5 x by t2"]), ((write(5, "y", "t1", 1)[2],), None)):
        held = Inherited(5, PROCESSED, 0, 1, {int(Kind.ACCOUNT): frozenset(names)})
        play = Play(vault, level=PROCESSED, resume_slot=5, inherited=(held,))
        play.block(1, 5, write(5, "x", "t2", 2))
        (bank,) = play.kernel.join.slots[5].banks
        bank.by_replay = True
        play.says(1, confirmed(5))
        assert play.take() == (told or ["5 x by t2", "5 undo", "5.1 x by t2"])


def test_what_a_feed_gave_alone_of_another_block_than_the_empty_one_is_taken_back() -> None:
    play = Play(ALL, feeds=2, level=PROCESSED)
    play.block(1, 5, tx(5, 0), block="first")
    play.says(2, created(5), meta(5, "second", transactions=0), confirmed(5))
    assert play.take() == ["5 t0", "5 undo"]


def test_what_was_dropped_for_want_of_memory_leaves_the_slot_whole_if_it_was_the_block() -> None:
    play = Play(ALL, level=PROCESSED, held_bytes=0)
    play.block(1, 5, tx(5, 0)).says(1, finalized(5)).at(2.0)
    assert not play.kernel.tally.shed
    assert play.certified() == {5: SlotEnd.COMPLETE}


def test_a_slot_whose_frames_were_dropped_is_not_complete_if_the_chain_comes_back_to_it() -> None:
    play = Play(ALL, level=PROCESSED, held_bytes=0)
    play.block(1, 4, tx(4, 0)).block(1, 5, tx(5, 0)).block(1, 6, tx(6, 0), parent=4)
    play.says(1, confirmed(6))
    assert play.take() == ["4 t0", "5 t0", "6 t0", "5 undo"]
    play.block(1, 7, tx(7, 0), parent=5).says(1, finalized(7)).at(2.0)
    assert play.certified()[5] == SlotEnd.PARTIAL


def test_it_is_not_complete_if_they_were_dropped_after_the_chain_passed_it_by_either() -> None:
    play = Play(ALL, level=PROCESSED, held_bytes=40)
    play.block(1, 5, tx(5, 0)).block(1, 6, tx(6, 0), parent=4).says(1, confirmed(6))
    assert play.take() == ["5 t0", "6 t0", "5 undo"]
    assert not play.kernel.join.slots[5].is_let_go
    play.says(1, created(7), *[tx(7, index) for index in range(4)])
    assert play.kernel.join.slots[5].is_let_go
    play.says(1, meta(7, parent=5, transactions=4), finalized(7)).at(2.0)
    assert play.certified()[5] == SlotEnd.PARTIAL


def test_states_that_are_read_after_an_undo_are_of_the_version_that_stands() -> None:
    vault = Monitor("vault", accounts=AccountsFilter())
    play = Play(vault, level=PROCESSED)
    play.says(1, created(5), write(5, "x", "t0", 1), created(5), write(5, "x", "t1", 2)).take()
    play.kernel.gate.hand_on_states([write(5, "x", "read", 9)], 0, play.kernel.join.slots)
    assert play.at(1.0).take() == ["5.1 x by read late"]
