"""A long gap is certified some slots at a time, so that live slots have their turn."""

from monitor.core.unspoken import A_TURN, Unspoken


def test_at_first_there_is_nothing_to_do() -> None:
    unspoken = Unspoken()
    assert not unspoken.is_due
    assert unspoken.take() == []


def test_a_short_gap_is_done_at_once_lowest_first() -> None:
    unspoken = Unspoken()
    unspoken.add(20, 22)
    unspoken.add(5, 8)
    assert unspoken.is_due
    assert unspoken.take() == [5, 6, 7, 20, 21]
    assert not unspoken.is_due


def test_of_a_long_gap_each_slot_has_its_turn_once() -> None:
    unspoken = Unspoken()
    unspoken.add(5, 5 + A_TURN + 2)
    unspoken.add(6, 9)
    assert unspoken.take() == list(range(5, 5 + A_TURN))
    assert unspoken.is_due
    assert unspoken.take() == [5 + A_TURN, 6 + A_TURN]
    assert not unspoken.is_due
