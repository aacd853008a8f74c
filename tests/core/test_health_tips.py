"""The tip that two endpoints have seen, who is behind it, and who is silent."""

import pytest

from monitor.core.health_tips import ALONE, CATCHING_UP, KEPT, Tips
from monitor.core.pace import AHEAD


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


def test_who_is_silent_while_others_are_not_is_told_apart() -> None:
    tips = Tips(3)
    for endpoint in (0, 1, 2):
        tips.met(endpoint, 7, 1.0)
    tips.met(0, 8, 1.4)
    tips.met(1, 8, 1.5)
    assert tips.silences((0, 1, 2), 2.0) == pytest.approx({0: 0.5, 1: 0.5, 2: 0.5})
    assert tips.silences((0, 1, 2), 3.0) == pytest.approx({0: 1.5, 1: 1.5, 2: 2.0})


def test_where_the_chain_stands_still_all_are_equally_silent() -> None:
    tips = Tips(3)
    for endpoint in (0, 1, 2):
        tips.met(endpoint, 7, 1.0 + endpoint)
    assert tips.silences((0, 1, 2), 9.0) == {0: 6.0, 1: 6.0, 2: 6.0}
    tips.met(1, 8, 9.0)
    assert tips.silences((0, 1, 2), 9.1) == pytest.approx({0: 0.1, 1: 0.1, 2: 0.1})
    assert tips.silences((0, 1), 10.5) == pytest.approx({0: 9.5, 1: 1.5})
    assert Tips(1).silences((), 3.0) == {}


def test_who_has_replayed_is_not_behind_while_it_comes_nearer_to_the_tip() -> None:
    tips = Tips(3)
    for slot in range(100):
        for endpoint in (0, 1):
            tips.met(endpoint, slot, slot)
    assert tips.catches_up(2, 98.0, 99.0)
    assert not tips.catches_up(2, 98.0, 98.0 + CATCHING_UP)
    for slot in (50, 60):
        tips.met(2, slot, 102.0)
    assert tips.lag(2, 102.0) == 102.0 - 61
    assert tips.catches_up(2, 98.0, 104.0)
    tips.met(2, 61, 110.0)
    assert not tips.catches_up(2, 98.0, 110.0)
    tips.met(2, 99, 111.0)
    assert not tips.catches_up(2, 98.0, 111.0)


def test_a_pause_of_ours_makes_nobody_lag() -> None:
    tips = Tips(3)
    for endpoint in (0, 1):
        tips.met(endpoint, 7, 1.0)
    tips.excuse(8.0, 10.0)
    assert tips.lag(2, 10.0) == 1.0


def test_what_one_alone_tells_far_ahead_is_no_progress_of_the_chain() -> None:
    tips = Tips(3)
    for endpoint in (0, 1, 2):
        tips.met(endpoint, 100, 1.0)
    tips.met(2, 100 + AHEAD + 1, 1.0)
    assert not tips.believes(2)
    assert tips.is_beyond(100 + AHEAD + 1, 1.0)
    assert not tips.is_beyond(100 + AHEAD + 1, 2.0)
    assert (tips.tip, tips.reached(1.0)) == (100, 100)
    tips.met(2, 101, 1.4)
    assert tips.silent_for(2, 1.4) == 0.0
    tips.met(1, 101, 1.4)
    assert tips.tip == 101


def test_where_two_are_far_ahead_the_chain_is_there() -> None:
    tips = Tips(3)
    for endpoint in (0, 1, 2):
        tips.met(endpoint, 100, 1.0)
    assert not tips.met(2, 5000, 1.0)
    assert tips.met(1, 5001, 1.0)
    assert tips.reached(1.0) == 5000


def test_where_no_two_go_on_one_alone_is_followed() -> None:
    tips = Tips(2)
    assert tips.reached(0.0) == -1
    for endpoint in (0, 1):
        tips.met(endpoint, 100, 1.0)
    tips.met(0, 110, 5.0)
    assert tips.reached(5.0) == 100
    assert tips.reached(1.0 + ALONE) == 110


def test_who_is_further_behind_than_is_kept_is_behind_at_least_so_much() -> None:
    tips = Tips(3)
    for slot in range(KEPT + 100):
        tips.met(0, slot, slot)
        tips.met(1, slot, slot)
    assert tips.lag(2, KEPT + 99.0) == pytest.approx(KEPT - 1)


def test_who_goes_on_slot_by_slot_is_believed_however_far_the_others_fall_behind() -> None:
    tips = Tips(3)
    for slot in range(100, 100 + 3 * AHEAD):
        now = slot * 0.4
        tips.met(2, slot, now)
        for endpoint in (0, 1):
            tips.met(endpoint, 100 + (slot - 100) // 3, now)
        assert tips.believes(2)
        assert tips.silent_for(2, now) == 0.0
    assert tips.highest(2) - tips.tip > AHEAD


def test_who_leapt_alone_and_goes_on_from_there_is_believed_after_a_while() -> None:
    tips = Tips(3)
    believed = []
    for n in range(100):
        now = n * 0.4
        for endpoint in (0, 1):
            tips.met(endpoint, 100 + n, now)
        tips.met(2, 1000 + n, now)
        believed.append(tips.believes(2))
    assert believed.index(True) == ALONE / 0.4
    assert all(believed[believed.index(True) :])
    assert tips.tip == 199


def test_who_comes_back_from_far_ahead_goes_on_from_there() -> None:
    tips = Tips(3)
    for endpoint in (0, 1):
        tips.met(endpoint, 100, 1.0)
    tips.met(2, 100 + 2 * AHEAD, 0.0)
    for n in range(200):
        tips.met(2, 100 + 2 * AHEAD + n, 1.0 + ALONE * n / 100)
        for endpoint in (0, 1):
            tips.met(endpoint, 101 + n, 1.0 + ALONE * n / 100)
    assert tips.has(2, 100 + 2 * AHEAD + 199)
    now = 1.0 + 2 * ALONE
    tips.met(2, 290, now)
    assert (tips.highest(2), tips.silent_for(2, now)) == (290, 0.0)
