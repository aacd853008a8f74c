"""Counts and delays of the last seconds, and what is usual."""

import pytest

from monitor.core.sliding import MINUTES, MOST, Counts, Recent, Usual, at_share


def test_counts_what_happened_within_the_window() -> None:
    counts = Counts(60.0)
    for second in range(200):
        counts.add(2, second + 0.5)
        counts.add(1, second + 0.7)
    assert counts.total(199.9) == 3 * 60
    assert counts.total(229.9) == 3 * 30
    assert counts.total(260.0) == 0


def test_a_rate_is_of_the_seconds_that_are_counted() -> None:
    counts = Counts(10.0)
    for tenth in range(1000):
        counts.add(5, tenth / 10)
    assert counts.rate(99.95) == pytest.approx(50.0, rel=0.02)
    assert counts.rate(100.4) == pytest.approx(50.0, rel=0.05)
    assert counts.rate(200.0) == 0.0


def test_recent_measures_are_forgotten_by_time_and_by_number() -> None:
    recent = Recent(30.0)
    assert recent.ordered(0.0) == []
    for second in range(100):
        recent.add(100.0 - second, float(second))
    assert recent.ordered(99.0) == [float(left) for left in range(1, 31)]
    for each in range(10 * MOST):
        recent.add(float(each), 100.0)
    assert recent.ordered(100.0) == [float(each) for each in range(9 * MOST, 10 * MOST)]


def test_the_usual_delay_is_not_known_in_the_first_minute() -> None:
    usual = Usual()
    for second in range(60):
        usual.add(0.6, float(second))
    assert usual.delay is None
    usual.add(9.0, 60.0)
    assert usual.delay == 0.6


def test_a_few_delays_of_a_minute_say_nothing() -> None:
    usual = Usual()
    for second in (0.0, 59.0, 60.0, 61.0, 121.0):
        usual.add(5.0, second)
    assert usual.delay is None


def test_trouble_of_less_than_half_an_hour_does_not_become_the_usual() -> None:
    usual = Usual()
    for second in range(MINUTES * 60):
        usual.add(0.6, float(second))
    for second in range(3600, 3600 + 29 * 60):
        usual.add(4.0, float(second))
    assert usual.delay == 0.6
    for second in range(3600 + 29 * 60, 3600 + 33 * 60):
        usual.add(4.0, float(second))
    assert usual.delay == 4.0


def test_a_minute_of_very_many_delays_takes_bounded_memory() -> None:
    usual = Usual()
    for _ in range(MOST):
        usual.add(1.0, 0.0)
    for _ in range(10 * MOST):
        usual.add(2.0, 1.0)
    usual.add(2.0, 61.0)
    assert usual.delay == 1.0


def test_a_share_is_the_least_number_that_so_much_does_not_exceed() -> None:
    ordered = [float(each) for each in range(1, 101)]
    assert at_share(ordered, 0.5) == 50.0
    assert at_share(ordered, 0.95) == 95.0
    assert at_share([7.0], 0.95) == 7.0
