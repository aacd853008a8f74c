"""The machine's clocks and dice, as far as anything of them can be known."""

import time

import pytest

from monitor.adapters.clock import SystemClock, SystemDice

pytestmark = pytest.mark.real_time


def test_now_never_goes_back() -> None:
    clock = SystemClock()
    moments = [clock.now() for _ in range(100)]
    assert moments == sorted(moments)


def test_a_stamp_of_this_moment_is_the_time_of_day() -> None:
    before = time.time_ns()
    said = SystemClock().utc_ns(time.monotonic_ns())
    assert before - 1_000_000_000 < said < time.time_ns() + 1_000_000_000


def test_stamps_keep_their_distance() -> None:
    clock = SystemClock()
    hour = 3_600_000_000_000
    apart = clock.utc_ns(hour) - clock.utc_ns(0)
    assert abs(apart - hour) < 1_000_000_000


def test_dice_fall_in_the_half_open_unit() -> None:
    dice = SystemDice()
    thrown = [dice.jitter() for _ in range(1000)]
    assert all(0.0 <= jitter < 1.0 for jitter in thrown)
    assert len(set(thrown)) > 900
