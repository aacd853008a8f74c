"""Trap 28: what is dropped for want of room is evidence lost: the slot is partial and repaired, and statuses stay."""

from monitor.core.certificates import SlotEnd
from monitor.core.commands import Fetch
from tests.core.play import ALL, SLOTS, confirmed, finalized, tx
from tests.core.test_repair import Recovery


def overflown() -> Recovery:
    """Room for one frame: slot 4 has lost its two, slot 5 has its one."""
    play = Recovery(ALL, SLOTS, held_bytes=15)
    play.block(1, 4, tx(4, 0, "a"), tx(4, 1, "b")).block(1, 5, tx(5, 0, "c"))
    assert play.kernel.tally.shed == 2
    return play


def test_a_slot_that_lost_frames_is_partial_and_asked_for_again() -> None:
    play = overflown().says(1, finalized(5)).at(4)
    assert play.certified()[4] is SlotEnd.PARTIAL
    assert play.asked(Fetch)[0].slot == 4


def test_its_statuses_are_told_all_the_same() -> None:
    play = overflown().says(1, confirmed(5), finalized(5)).at(4)
    told = [line for line in play.take() if "for 10" in line]
    assert [line for line in told if line.startswith("4")] == [
        "4 processed for 10",
        "4 confirmed for 10",
        "4 finalized for 10",
    ]


def test_its_parent_link_still_closes_what_it_jumps_over() -> None:
    play = Recovery(ALL, held_bytes=15)
    play.block(1, 2, tx(2, 0, "z")).says(1, finalized(2))
    play.block(1, 5, tx(5, 0, "a"), tx(5, 1, "b"), parent=2, parent_block="B2")
    play.block(1, 6, tx(6, 0, "c")).says(1, finalized(6)).at(4)
    assert [play.certified()[slot] for slot in (3, 4)] == [SlotEnd.SKIPPED] * 2
    assert {each.slot for each in play.asked(Fetch)} == {5}


def test_what_was_dropped_is_got_back() -> None:
    play = overflown().says(1, finalized(5)).at(4)
    play.take()
    play.fetched(4, tx(4, 0, "a"), tx(4, 1, "b"))
    assert [line for line in play.take() if " for " not in line] == ["4 a late", "4 b late"]
    play.at(8)
    assert play.certified()[4] is SlotEnd.RECOVERED
