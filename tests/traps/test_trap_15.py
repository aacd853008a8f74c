"""Trap 15: what a replay and the live stream both hold comes twice, and a slot in flight may be whole in neither."""

from monitor.core.chain import Commitment
from monitor.core.commands import AmendFeed
from monitor.core.monitors import Monitor, SlotsFilter
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, processed, tx
from tests.traps.telling import FEW, certificates

TOLD = Monitor("told", commitment=Commitment.PROCESSED, slots=SlotsFilter())


def reopened(play: Play) -> int:
    """Slot 4 was whole; the feed broke and is back, and has covered slot 8."""
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4), created(5), tx(5, 0, "b0"))
    play.ends(1).at(1).take()
    back = play.opened()[-1]
    play.accepts(back).says(back, tx(7, 1, "d1"), meta(7, transactions=2), processed(7))
    play.says(back, created(8), tx(8, 0, "e"), meta(8), processed(8))
    return back


def test_what_comes_twice_at_the_seam_is_handed_on_once() -> None:
    play = Play(ALL)
    back = reopened(play)
    assert play.of(AmendFeed)[-1].from_slot == 5
    play.says(back, tx(5, 0, "b0"), tx(5, 1, "b1"), meta(5, transactions=2), processed(5))
    play.says(back, tx(6, 0, "c"), meta(6), processed(6))
    play.says(back, tx(7, 0, "d0"), tx(7, 1, "d1"), meta(7, transactions=2), processed(7))
    play.says(back, tx(8, 0, "e"), meta(8), processed(8), confirmed(8))
    assert play.take() == ["5 b0", "5 b1", "6 c", "7 d0", "7 d1", "8 e"]


def test_statuses_that_come_twice_at_the_seam_change_nothing() -> None:
    play = Play(ALL, TOLD)
    back = reopened(play)
    play.says(back, tx(5, 0, "b0"), meta(5), tx(6, 0, "c"), meta(6), tx(7, 0, "d0"))
    play.says(back, tx(7, 1, "d1"), meta(7, transactions=2), tx(8, 0, "e"), meta(8), confirmed(8))
    told = [line for line in play.take() if line.startswith("8")]
    assert told == ["8 processed for 10", "8 confirmed for 10", "8 e"]
    play.says(back, processed(8), confirmed(8), created(9), confirmed(8))
    assert play.take() == []


def test_the_slot_in_flight_at_the_opening_is_whole_by_the_replay_and_not_by_its_meta() -> None:
    play = Play(FEW)
    back = reopened(play)
    play.says(back, confirmed(8))
    assert play.take() == []
    play.says(back, tx(5, 0, "b0"), meta(5), tx(6, 0, "c"), meta(6))
    assert play.take() == ["5 b0", "6 c"]
    play.says(back, tx(7, 0, "d0"), tx(7, 1, "d1"), meta(7, transactions=2))
    assert play.take() == ["7 d0", "7 d1", "8 e"]


def test_a_slot_in_flight_that_is_in_neither_part_is_never_called_complete() -> None:
    play = Play(FEW, can_amend=False)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4), created(5), tx(5, 0, "b0"))
    play.ends(1).at(1).take()
    back = play.opened()[-1]
    play.accepts(back).says(back, tx(5, 0, "b0"), meta(5), processed(5))
    play.says(back, tx(6, 1, "c1"), created(7), meta(6, transactions=2), processed(6))
    play.says(back, tx(7, 0, "d"), meta(7), processed(7), finalized(7)).at(9)
    assert certificates(play)[6].end == "partial"
    assert certificates(play)[5].end == "complete"
