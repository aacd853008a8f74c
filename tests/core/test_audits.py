"""Which released slots of a single endpoint are compared with an RPC."""

from monitor.core.audits import AUDITED, Audits
from tests.core.play import ALL, Play, confirmed, finalized, tx


def released(*slots: int) -> Play:
    """Blocks of these slots, each the child of the one before, are released at confirmed."""
    play = Play(ALL)
    for place, slot in enumerate(slots):
        parent = slots[place - 1] if place else slot - 1
        play.block(1, slot, tx(slot, 0), parent=parent)
    return play.says(1, confirmed(slots[-1]))


def test_nothing_is_audited_where_it_is_off() -> None:
    assert Audits(released(AUDITED).kernel.join, is_on=False).begin() is None


def test_nothing_is_audited_before_so_many_slots() -> None:
    assert Audits(released(AUDITED - 1).kernel.join, is_on=True).begin() is None


def test_one_slot_of_so_many_is_audited_and_once() -> None:
    play = released(AUDITED)
    audits = Audits(play.kernel.join, is_on=True)
    assert audits.begin() == AUDITED
    assert audits.begin() is None
    play.block(1, AUDITED + 1).says(1, confirmed(AUDITED + 1))
    assert audits.begin() is None
    play.block(1, 2 * AUDITED, parent=AUDITED + 1).says(1, confirmed(2 * AUDITED))
    assert audits.begin() == 2 * AUDITED


def test_where_the_slot_was_skipped_the_next_block_is_audited() -> None:
    play = released(AUDITED - 1, AUDITED + 2)
    assert Audits(play.kernel.join, is_on=True).begin() == AUDITED + 2


def test_a_slot_that_is_closed_already_is_not_audited() -> None:
    play = released(AUDITED).says(1, finalized(AUDITED)).at(2.0)
    assert AUDITED in play.certified()
    assert Audits(play.kernel.join, is_on=True).begin() is None


def test_an_answer_is_that_of_an_audit_once() -> None:
    audits = Audits(released(AUDITED).kernel.join, is_on=True)
    audits.begin()
    assert not audits.end(AUDITED + 1)
    assert audits.end(AUDITED)
    assert not audits.end(AUDITED)
