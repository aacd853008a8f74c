"""The tip that two endpoints have seen, who is behind it, and who is silent."""

import pytest

from monitor.core.health_tips import KEPT, Tips


def test_a_slot_is_the_tip_when_two_endpoints_have_it() -> None:
    tips = Tips(3)
    assert not tips.met(0, 7, 1.0)
    assert tips.tip == -1
    assert tips.met(1, 7, 2.0)
    assert tips.tip == 7
    assert not tips.met(2, 7, 3.0)


def test_what_one_endpoint_alone_claims_makes_nobody_lag() -> None:
    tips = Tips(3)
    for endpoint in (0, 1, 2):
        tips.met(endpoint, 7, 1.0)
    tips.met(0, 999, 2.0)
    assert tips.tip == 7
    assert [tips.lag(endpoint, 9.0) for endpoint in (0, 1, 2)] == [0.0, 0.0, 0.0]


def test_lag_counts_from_the_first_slot_that_two_others_had() -> None:
    tips = Tips(3)
    for slot in (7, 8, 9):
        tips.met(0, slot, slot)
        tips.met(1, slot, slot + 0.25)
    assert tips.lag(2, 20.0) == 20.0 - 7.25
    tips.met(2, 7, 20.0)
    assert tips.lag(2, 20.0) == 20.0 - 8.25
    tips.met(2, 9, 20.0)
    assert tips.lag(2, 21.0) == 0.0


def test_nobody_lags_behind_a_tip_that_was_never_seen() -> None:
    tips = Tips(2)
    tips.met(0, 7, 1.0)
    assert tips.lag(1, 5.0) is None


def test_a_single_endpoint_is_compared_with_nobody() -> None:
    tips = Tips(1)
    assert not tips.met(0, 7, 1.0)
    assert (tips.tip, tips.lag(0, 5.0)) == (-1, None)


def test_an_older_slot_is_no_progress() -> None:
    tips = Tips(2)
    tips.met(0, 7, 1.0)
    assert not tips.met(0, 6, 4.0)
    assert tips.silent_for(0, 5.0) == 4.0


def test_silence_counts_from_the_opening_and_not_over_a_pause_of_ours() -> None:
    tips = Tips(2)
    tips.met(0, 7, 1.0)
    tips.opened(0, 3.0)
    assert tips.silent_for(0, 5.0) == 2.0
    tips.excuse(1.5, 5.0)
    assert tips.silent_for(0, 5.0) == 0.5
    tips.excuse(9.0, 5.0)
    assert tips.silent_for(0, 5.0) == 0.0


def test_who_is_further_behind_than_is_kept_is_behind_at_least_so_much() -> None:
    tips = Tips(3)
    for slot in range(KEPT + 100):
        tips.met(0, slot, slot)
        tips.met(1, slot, slot)
    assert tips.lag(2, KEPT + 99.0) == pytest.approx(KEPT - 1)
