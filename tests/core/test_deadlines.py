"""The earliest of several deadlines."""

from monitor.core.deadlines import earliest


def test_the_earliest_of_those_that_there_are_counts_wherever_it_stands() -> None:
    assert earliest(3.0, None, 1.0, 2.0) == 1.0
    assert earliest(None, 0.0, 5.0) == 0.0


def test_where_nothing_is_waited_for_there_is_none() -> None:
    assert earliest(None, None) is None
    assert earliest() is None
