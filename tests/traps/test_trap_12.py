"""Trap 12: the first slot after any subscribe is partial, and after a server's restart several slots never seal."""

from tests.core.play import ALL, Play, confirmed, created, finalized, meta, processed, tx
from tests.traps.telling import FEW, certificates


def test_the_slot_that_the_first_subscribe_fell_into_is_none_of_ours() -> None:
    play = Play(FEW)
    play.says(1, tx(5, 1), meta(5, transactions=2), processed(5), confirmed(5))
    play.block(1, 6, tx(6, 0)).says(1, finalized(6)).at(4)
    assert play.take() == ["6 t0"]
    assert list(certificates(play)) == [6]


def test_the_slot_that_a_later_subscribe_fell_into_is_not_whole_by_its_meta() -> None:
    play = Play(FEW, feeds=2)
    play.block(1, 4, tx(4, 0)).says(1, confirmed(4)).ends(1).ends(2).at(1)
    one = play.opened()[-1]
    play.accepts(one).take()
    play.says(one, tx(5, 1), meta(5, transactions=2), processed(5), confirmed(5))
    assert play.take() == []
    play.says(one, finalized(5)).at(9)
    assert certificates(play)[5].end == "partial"


def test_slots_that_a_restarted_server_never_seals_are_closed_by_another() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(4)).says(2, created(4))
    play.says(1, tx(5, 1)).block(2, 5, tx(5, 0), tx(5, 1))
    play.says(1, tx(6, 1)).block(2, 6, tx(6, 0), transactions=2)
    play.block(1, 7, tx(7, 0)).block(2, 7, tx(7, 0)).says(2, finalized(7)).at(9)
    assert [line for line in play.take() if not line.startswith("7")] == [
        "5 t0",
        "5 t1",
        "6 t0",
        "6 t1",
    ]
    assert [certificates(play)[slot].end for slot in (5, 6)] == ["complete"] * 2


def test_a_slot_that_another_sealed_is_judged_anew_by_what_comes_unsealed() -> None:
    play = Play(ALL, feeds=2)
    play.block(2, 5, tx(5, 0), transactions=2).says(1, created(5)).says(2, confirmed(5)).at(0.5)
    assert play.take() == []
    play.says(1, tx(5, 1)).says(2, created(6))
    play.at(2.0)
    assert play.take() == ["5 t0", "5 t1"]
    assert "a slot was passed over incomplete" not in play.sentences()


def test_slots_that_nobody_seals_stay_open_and_are_named() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0)).says(1, finalized(4), tx(5, 1), tx(6, 1))
    play.block(1, 7, tx(7, 0)).says(1, finalized(7)).at(9)
    ends = {slot: str(one.end) for slot, one in certificates(play).items()}
    assert ends == {4: "complete", 5: "partial", 6: "partial", 7: "complete"}
