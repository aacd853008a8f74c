"""A replay that brings too little in a window of time is slow."""

import pytest

from monitor.core.headway import LEAST, SLOW_WINDOW, Headway


@pytest.mark.parametrize(("reached", "is_slow"), [(LEAST - 1, True), (LEAST, False)])
def test_so_many_slots_are_asked_of_a_window(reached: int, is_slow: bool) -> None:
    headway = Headway.of(100, 0.0)
    headway.met(100 + reached)
    assert not headway.is_slow(1000, SLOW_WINDOW - 0.1)
    assert headway.is_slow(1000, SLOW_WINDOW) is is_slow


def test_each_window_counts_from_what_was_reached_before() -> None:
    headway = Headway.of(100, 0.0)
    headway.met(200)
    headway.met(199)
    assert not headway.is_slow(None, SLOW_WINDOW)
    headway.met(200 + LEAST - 1)
    assert not headway.is_slow(None, 2 * SLOW_WINDOW - 0.1)
    assert headway.is_slow(None, 2 * SLOW_WINDOW)


@pytest.mark.parametrize(("reached", "is_slow"), [(104, True), (105, False)])
def test_the_last_slots_are_fewer_than_a_window_asks_for(reached: int, is_slow: bool) -> None:
    headway = Headway.of(100, 0.0)
    headway.met(reached)
    assert headway.is_slow(105, SLOW_WINDOW) is is_slow
