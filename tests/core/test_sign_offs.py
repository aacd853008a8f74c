"""A lost slot that is signed off is closed at once, and what its parent link proves is not lost with it."""

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.events import SignedOff
from monitor.core.rungs import Verdict
from tests.core.play import ALL, confirmed, finalized, tx
from tests.core.test_repair import Recovery


def lost(*slots: int, parent: int = 5) -> Recovery:
    """Slot 5 is closed. Of these, each the child of the one before, a transaction is missing that no RPC has."""
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    for slot in slots:
        play.block(1, slot, tx(slot, 0), parent=parent, transactions=2).says(1, confirmed(slot))
        parent = slot
    play.block(1, slots[-1] + 1, tx(slots[-1] + 1, 0))
    for _ in range(4):
        for slot in slots:
            play.not_fetched(slot, Verdict.CANNOT)
        play.at(play.now + 20)
    assert all(play.kernel.is_lost(slot) for slot in slots)
    return play


def signed(play: Recovery, *slots: int) -> Recovery:
    for slot in slots:
        play.hears(SignedOff(slot, "for good"))
    return play


def made_final(play: Recovery, slot: int) -> Recovery:
    """A child that names the last lost slot is final."""
    play.says(1, confirmed(slot), finalized(slot)).block(1, slot + 1)
    return play.at(play.now + 5)


def test_what_is_lost_of_a_range_is_told_from_the_lowest_up() -> None:
    play = lost(7, 8)
    assert play.kernel.lost_between(0, 100, 9) == [7, 8]
    assert play.kernel.lost_between(0, 100, 1) == [7]
    assert play.kernel.lost_between(8, 9, 9) == [8]
    assert signed(play, 7).kernel.lost_between(0, 8, 9) == []


def test_slots_below_one_that_was_signed_off_before_it_was_final_are_closed_by_its_link() -> None:
    play = made_final(signed(lost(8), 8), 9)
    assert play.certified() == {
        5: SlotEnd.COMPLETE,
        6: SlotEnd.SKIPPED,
        7: SlotEnd.SKIPPED,
        8: SlotEnd.LOST,
        9: SlotEnd.COMPLETE,
    }
    assert play.kernel.frontier(Commitment.FINALIZED) == 9
    assert play.settled() == 9


def test_the_link_proves_nothing_before_the_block_is_final() -> None:
    play = signed(lost(8), 8)
    assert play.certified() == {5: SlotEnd.COMPLETE, 8: SlotEnd.LOST}
    assert play.settled() == 5


def test_links_of_several_in_a_row_lead_down_from_one_to_the_next() -> None:
    play = made_final(signed(lost(8, 10, 13), 10, 13, 8), 14)
    assert play.kernel.frontier(Commitment.FINALIZED) == 14
    skipped = [slot for slot, end in play.certified().items() if end == SlotEnd.SKIPPED]
    assert skipped == [6, 7, 9, 11, 12]


def test_a_block_below_whose_finality_nobody_told_is_final_by_the_link() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 6, tx(6, 0)).says(1, confirmed(6))
    play.block(1, 8, tx(8, 0), parent=6, transactions=2).says(1, confirmed(8))
    play.block(1, 9, tx(9, 0))
    for _ in range(4):
        play.not_fetched(8, Verdict.CANNOT)
        play.at(play.now + 20)
    made_final(signed(play, 8), 9)
    assert play.certified()[6] == SlotEnd.COMPLETE
    assert play.kernel.frontier(Commitment.FINALIZED) == 9


def test_one_that_is_final_already_proves_its_link_at_once() -> None:
    play = lost(8)
    play.says(1, confirmed(9), finalized(9))
    assert 7 not in play.certified()
    signed(play, 8)
    assert play.certified()[7] == SlotEnd.SKIPPED


def test_what_is_not_lost_is_not_closed() -> None:
    play = lost(8)
    signed(play, 9)
    assert 9 in play.kernel.join.slots
    assert play.kernel.standing().signed_off == 0
