"""What is dropped for want of memory, and what is not."""

from monitor.core.chain import Commitment
from monitor.core.shedding import shed
from tests.core.play import ALL, VAULT, Play, confirmed, created, tx, write

FRAME = len(tx(5, 0)[6] or b"")


def holding(*slots: int) -> Play:
    """Two transactions of each of these slots are held."""
    play = Play(ALL)
    for slot in slots:
        play.says(1, created(slot), tx(slot, 0), tx(slot, 1))
    return play


def dropped(play: Play, bound: int) -> list[int]:
    """The slots that lose their frames to this bound."""
    kernel = play.kernel
    shed(kernel.gate, kernel.join.slots, bound)
    kernel.check()
    return [number for number, state in sorted(kernel.join.slots.items()) if state.shed]


def test_nothing_is_dropped_within_the_bound() -> None:
    assert dropped(holding(5, 6, 7), 6 * FRAME) == []


def test_the_oldest_slots_go_until_the_rest_fits() -> None:
    play = holding(5, 7, 6)
    assert dropped(play, 3 * FRAME) == [5, 6]
    assert play.kernel.gate.held_bytes == 2 * FRAME
    assert play.kernel.tally.shed == 4


def test_a_slot_that_holds_nothing_is_not_partial_for_it() -> None:
    play = holding(6)
    play.says(1, created(5))
    assert dropped(play, FRAME) == [6]


def test_what_comes_of_a_slot_that_lost_its_frames_is_dropped_too() -> None:
    play = holding(5)
    dropped(play, 0)
    play.says(1, tx(5, 2))
    assert (play.kernel.gate.held_bytes, play.kernel.tally.shed) == (0, 3)


def test_what_waits_for_the_loss_of_another_bank_is_lost_when_it_is_dropped() -> None:
    play = Play(ALL, feeds=2, level=Commitment.PROCESSED)
    play.says(1, created(5), tx(5, 0)).says(2, created(5))
    play.says(1, created(5), tx(5, 0), tx(5, 1))
    assert play.take() == ["5 t0"]
    assert dropped(play, 0) == [5]


def test_what_all_monitors_had_at_once_is_not_lost_when_it_is_dropped() -> None:
    play = Play(ALL, VAULT, feeds=2, level=Commitment.PROCESSED)
    play.says(1, created(5), tx(5, 0), write(5, "x", "t0", 1, mask=2))
    play.says(2, created(5), tx(5, 1))
    assert dropped(play, 0) == []
    assert play.kernel.gate.held_bytes == 0


def test_nor_is_what_the_chain_passes_by() -> None:
    play = Play(ALL, level=Commitment.PROCESSED)
    play.block(1, 5, tx(5, 0)).block(1, 6, tx(6, 0), parent=4).says(1, confirmed(6))
    assert dropped(play, 0) == []
    assert play.kernel.join.slots[5].is_let_go
