"""Frontiers at the three levels: how far nothing of ours is open."""

from monitor.core.chain import Commitment
from tests.core.play import ALL, Play, confirmed, created, finalized, tx

LEVELS = (Commitment.PROCESSED, Commitment.CONFIRMED, Commitment.FINALIZED)


def frontiers(play: Play) -> list[int | None]:
    """At processed, confirmed and finalized."""
    return [play.kernel.frontier(level) for level in LEVELS]


def test_nothing_is_done_before_the_first_slot_of_ours() -> None:
    play = Play(ALL)
    assert frontiers(play) == [None, None, None]
    play.says(1, created(5))
    assert frontiers(play) == [None, None, None]


def test_each_level_has_a_frontier_of_its_own() -> None:
    play = Play(ALL)
    for slot in (4, 5, 6):
        play.block(1, slot, tx(slot, 0))
    assert frontiers(play) == [6, None, None]
    play.says(1, confirmed(5))
    assert frontiers(play) == [6, 5, None]
    play.says(1, finalized(4))
    assert frontiers(play) == [6, 5, 4]


def test_slots_that_the_chain_jumps_over_hold_no_frontier_back() -> None:
    play = Play(ALL)
    play.block(1, 4).block(1, 5).block(1, 7, parent=4).block(1, 8)
    assert frontiers(play) == [8, None, None]
    play.says(1, confirmed(8))
    assert frontiers(play) == [8, 8, None]
    play.says(1, finalized(7)).at(2.0)
    assert frontiers(play) == [8, 8, 7]


def test_a_slot_that_is_not_whole_holds_every_frontier_below_it() -> None:
    play = Play(ALL)
    play.block(1, 4).block(1, 5, tx(5, 0), transactions=2).block(1, 6)
    assert frontiers(play) == [4, None, None]
    play.says(1, finalized(6)).at(2.0)
    assert frontiers(play) == [4, 4, 4]


def test_a_parent_that_nobody_brought_holds_every_frontier_below_it() -> None:
    play = Play(ALL)
    play.block(1, 4).says(1, confirmed(4)).block(1, 6).says(1, confirmed(6)).at(2.0)
    assert frontiers(play) == [4, 4, None]


def test_a_block_that_is_not_released_yet_is_beyond_the_frontier_at_confirmed() -> None:
    play = Play(ALL, feeds=2)
    play.block(2, 3).block(1, 4).says(1, confirmed(4)).block(1, 6).says(1, confirmed(6))
    assert frontiers(play) == [4, 4, None]


def test_a_contested_slot_is_on_no_branch() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4).block(1, 5, block="first").block(2, 5, block="second")
    assert frontiers(play) == [4, None, None]
    play.block(1, 6, parent=5, parent_block="first")
    assert frontiers(play) == [6, None, None]
    play.block(1, 7, parent=6).block(1, 9, parent=8)
    assert frontiers(play) == [None, None, None]


def test_a_branch_by_a_block_that_nobody_told_ends_there() -> None:
    play = Play(ALL)
    play.block(1, 4).block(1, 5).block(1, 6, parent=5, parent_block="another")
    assert frontiers(play) == [None, None, None]
