"""Trap 4: write_version is local to a node, and writes inside a slot come in no promised order."""

from tests.core.play import VAULT, Play, confirmed, created, meta, write


def test_versions_of_two_nodes_are_never_compared() -> None:
    play = Play(VAULT, feeds=2)
    play.says(2, created(5), write(5, "a", "t0", 9000))
    play.says(1, created(5), write(5, "a", "t0", 10), write(5, "a", "t1", 11))
    play.says(1, meta(5, transactions=2), confirmed(5))
    assert play.take() == ["5 a by t1"]


def test_two_whole_nodes_of_different_counters_agree_on_the_last_write() -> None:
    play = Play(VAULT, feeds=2)
    play.says(2, created(5), write(5, "a", "t0", 9000), write(5, "a", "t1", 9001))
    play.says(1, created(5), write(5, "a", "t0", 10), write(5, "a", "t1", 11))
    play.says(1, meta(5, transactions=2)).says(2, meta(5, transactions=2), confirmed(5))
    assert play.take() == ["5 a by t1"]


def test_the_last_write_is_the_highest_version_and_not_the_last_to_arrive() -> None:
    play = Play(VAULT)
    play.says(1, created(5), write(5, "a", "t1", 11), write(5, "a", "t0", 10))
    play.says(1, meta(5, transactions=2), confirmed(5))
    assert play.take() == ["5 a by t1"]
