"""Trap 27: a race between feeds that looks at slot numbers loses the late, lower slots."""

from monitor.core.chain import Commitment
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, tx
from tests.traps.telling import certificates


def test_at_processed_a_lower_slot_of_a_late_feed_is_handed_on_as_it_comes() -> None:
    play = Play(ALL, feeds=2, level=Commitment.PROCESSED)
    play.says(1, created(5)).says(2, created(5))
    play.says(1, tx(9, 0, "high")).says(2, tx(6, 0, "low"))
    assert play.take() == ["9 high", "6 low"]


def test_a_slot_that_the_fastest_feed_never_had_comes_from_a_feed_far_behind() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4))
    play.block(1, 6, tx(6, 0, "c")).says(1, confirmed(6))
    assert play.take() == ["4 a"]
    play.block(2, 4, tx(4, 0, "a")).block(2, 5, tx(5, 0, "b"))
    assert play.take() == ["5 b", "6 c"]


def test_what_comes_of_a_lower_slot_after_it_was_passed_over_is_late_and_not_lost() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0, "a")).says(1, created(5), tx(5, 1, "b1"), meta(5, transactions=2))
    play.block(1, 6, tx(6, 0, "c")).says(1, confirmed(6)).at(3)
    assert play.take() == ["4 a", "5 b1", "6 c"]
    play.says(2, created(5), tx(5, 0, "b0"), tx(5, 1, "b1"), meta(5, transactions=2))
    assert play.take() == ["5 b0 late"]
    play.says(1, finalized(6)).at(9)
    assert certificates(play)[5].end == "complete"
