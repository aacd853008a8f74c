"""Hedging: after the pool's p95, and within a tenth of all calls."""

import pytest

from monitor.core.hedging import FIRST_DELAY, SHARE, SHORTEST_DELAY, HedgeBudget, HedgeDelay


def test_begins_with_the_documented_delay() -> None:
    delay = HedgeDelay()
    for _ in range(7):
        delay.answered(0.1)
    assert delay.delay() == FIRST_DELAY


def test_takes_the_95th_percentile_of_good_answers() -> None:
    delay = HedgeDelay()
    for hundredth in range(1, 21):
        delay.answered(hundredth / 100)
    assert delay.delay() == pytest.approx(0.19)
    for _ in range(40):
        delay.answered(0.05)
    assert delay.delay() == pytest.approx(0.17)


def test_forgets_old_answers() -> None:
    delay = HedgeDelay()
    for seconds in [9.0] * 64 + [0.1] * 64:
        delay.answered(seconds)
    assert delay.delay() == pytest.approx(0.1)


def test_is_never_shorter_than_our_own_noise() -> None:
    delay = HedgeDelay()
    for _ in range(20):
        delay.answered(0.001)
    assert delay.delay() == SHORTEST_DELAY


def test_hedges_stay_within_their_share_of_all_calls() -> None:
    budget, hedges = HedgeBudget(), 0
    for _ in range(1000):
        budget.called()
        hedges += budget.take()
    assert SHARE * 1000 - 1 <= hedges <= SHARE * 1000 + 2


def test_quiet_times_save_up_a_few_hedges_only() -> None:
    budget = HedgeBudget()
    for _ in range(10_000):
        budget.called()
    assert sum(budget.take() for _ in range(100)) == 5
