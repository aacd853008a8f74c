"""Trap 6: a losing fork gets no message at all; a slot can die, and can be made again under the same number."""

from tests.core.play import ALL, Play, confirmed, created, dead, finalized, meta, processed, tx
from tests.traps.telling import certificates


def test_a_losing_fork_is_never_handed_on_and_closed_by_the_link_that_jumps_it() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).block(1, 5, tx(5, 0, "lost"))
    play.block(1, 6, tx(6, 0, "c"), parent=4, parent_block="B4").says(1, confirmed(6))
    assert play.take() == ["4 a", "6 c"]
    assert certificates(play) == {}
    play.says(1, finalized(6)).at(4)
    assert certificates(play)[5].end == "forked"
    assert play.take() == []


def test_a_slot_of_which_nothing_was_seen_is_skipped_and_a_dead_one_dead() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).says(1, created(5), tx(5, 0, "gone"), dead(5))
    play.block(1, 7, tx(7, 0, "d"), parent=4, parent_block="B4").says(1, finalized(7)).at(4)
    ends = {slot: str(one.end) for slot, one in certificates(play).items()}
    assert ends == {4: "complete", 5: "dead", 6: "skipped", 7: "complete"}


def test_a_fork_that_is_not_yet_final_is_an_opinion_and_has_no_certificate() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).block(1, 5, tx(5, 0, "b"))
    play.block(1, 6, tx(6, 0, "c"), parent=4, parent_block="B4").says(1, confirmed(6)).at(9)
    assert certificates(play) == {}


def test_a_bank_that_is_made_again_wipes_the_one_before() -> None:
    play = Play(ALL)
    play.says(1, created(5), tx(5, 0, "old"), tx(5, 1, "kept"))
    play.says(1, created(5), tx(5, 0, "kept"), tx(5, 1, "new"))
    play.says(1, meta(5, "again", transactions=2), processed(5), confirmed(5))
    assert play.take() == ["5 kept", "5 new"]


def test_a_slot_that_died_and_is_made_again_lives() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).says(1, created(5), tx(5, 0, "old"), dead(5))
    play.block(1, 5, tx(5, 0, "new")).block(1, 6, tx(6, 0, "c")).says(1, finalized(6)).at(4)
    assert play.take() == ["4 a", "5 new", "6 c"]
    assert certificates(play)[5].end == "complete"
