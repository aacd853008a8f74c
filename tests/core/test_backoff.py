"""Delays before the next try: their bounds, their growth, and what only a person can cure."""

import pytest

from monitor.core.backoff import FIRST_DELAY, LONGEST_DELAY, full_jitter, slow

ALMOST_ONE = 0.999_999


@pytest.mark.parametrize(
    ("failures", "longest"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (6, 16.0), (7, 30.0)]
)
def test_the_upper_end_doubles_with_each_failure_up_to_the_longest(
    failures: int, longest: float
) -> None:
    assert full_jitter(failures, ALMOST_ONE) == pytest.approx(longest, rel=1e-4)


@pytest.mark.parametrize("failures", [0, 1, 7, 1000, 10**9])
def test_no_try_follows_at_once_however_lucky(failures: int) -> None:
    assert full_jitter(failures, 0.0) == FIRST_DELAY


def test_failures_without_end_never_wait_longer_than_the_longest() -> None:
    assert full_jitter(10**9, ALMOST_ONE) < LONGEST_DELAY


def test_delays_spread_over_the_whole_range() -> None:
    assert full_jitter(1, 0.5) == pytest.approx((FIRST_DELAY + 0.5) / 2)


def test_what_needs_a_person_waits_between_half_the_longest_and_the_longest() -> None:
    assert slow(0.0) == LONGEST_DELAY / 2
    assert slow(0.5) == LONGEST_DELAY * 0.75
    assert slow(ALMOST_ONE) == pytest.approx(LONGEST_DELAY)
