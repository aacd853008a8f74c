"""What children say of a slot weighs more than an endpoint's status."""

from tests.core.play import ALL, Play, confirmed, meta, tx


def test_a_status_is_not_taken_for_a_block_that_the_child_denies() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0), block="A")
    play.block(1, 6, tx(6, 0, "x0"), parent_block="B")
    play.says(1, confirmed(5))
    assert play.take() == []
    play.says(1, confirmed(6))
    play.at(10)
    assert play.take() == ["6 x0"]


def test_a_status_that_was_misread_gives_way_to_the_link() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), block="A", transactions=2)
    play.says(1, confirmed(5))
    play.block(2, 5, tx(5, 0, "y0"), block="B")
    play.block(1, 6, tx(6, 0, "x0"), parent_block="B")
    play.says(1, confirmed(6))
    play.block(2, 6, tx(6, 0, "x0"), parent_block="B")
    assert play.take() == ["5 y0", "6 x0"]
    play.kernel.check()


def test_a_child_that_names_the_block_denies_nothing() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0), block="A")
    play.says(1, meta(6, "fork", parent=5, parent_block="B"))
    play.block(1, 7, tx(7, 0, "x0"), parent=5, parent_block="A")
    play.says(1, confirmed(5))
    assert play.take() == ["5 t0"]
