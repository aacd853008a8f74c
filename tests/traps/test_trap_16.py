"""Trap 16: a replay brings no lifecycle statuses and no forks: neither makes its slots less whole."""

from monitor.core.commands import AmendFeed
from tests.core.play import Play, confirmed, created, finalized, meta, processed, tx
from tests.traps.telling import FEW, certificates


def replaying() -> tuple[Play, int]:
    """Slot 4 was whole, then came an outage; slot 9 is covered, and the replay from 4 is asked for."""
    play = Play(FEW)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4)).ends(1).at(1).take()
    back = play.opened()[-1]
    play.accepts(back).block(back, 9, tx(9, 0, "f"), parent=7, parent_block="B7")
    assert play.of(AmendFeed)[-1].from_slot in (4, 5)
    return play, back


def test_replayed_slots_are_whole_without_a_bank_that_was_seen_to_begin() -> None:
    play, back = replaying()
    play.says(back, tx(5, 0, "b"), meta(5), processed(5), tx(7, 0, "d"))
    play.says(back, meta(7, parent=5, parent_block="B5"), processed(7))
    play.says(back, tx(9, 0, "f"), meta(9, parent=7, parent_block="B7"), confirmed(9))
    assert play.take() == ["5 b", "7 d", "9 f"]
    assert "a slot was passed over incomplete" not in play.sentences()


def test_a_fork_that_the_replay_leaves_out_is_closed_by_the_link_that_jumps_it() -> None:
    play, back = replaying()
    play.says(back, tx(5, 0, "b"), meta(5), tx(7, 0, "d"), meta(7, parent=5, parent_block="B5"))
    play.says(back, tx(9, 0, "f"), meta(9, parent=7, parent_block="B7"), finalized(9)).at(9)
    ends = {slot: str(one.end) for slot, one in certificates(play).items()}
    assert ends == {
        4: "complete",
        5: "complete",
        6: "skipped",
        7: "complete",
        8: "skipped",
        9: "complete",
    }


def test_a_bank_seen_before_the_outage_and_left_out_by_the_replay_is_a_fork() -> None:
    play = Play(FEW)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4), created(5), tx(5, 0, "lost"))
    play.ends(1).at(1).take()
    back = play.opened()[-1]
    play.accepts(back).block(back, 7, tx(7, 0, "d"))
    play.says(back, tx(6, 0, "c"), meta(6, parent=4, parent_block="B4"))
    play.says(back, tx(7, 0, "d"), meta(7), finalized(7)).at(9)
    assert play.take() == ["6 c", "7 d"]
    assert certificates(play)[5].end == "forked"
