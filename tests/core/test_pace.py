"""The tip, what cannot be it, and the measured slot time."""

import pytest

from monitor.core.pace import AHEAD, LEAP, LEAP_RATE, Pace
from tests.core.play import ALL, Play, confirmed, created, finalized, tx


def test_the_tip_is_the_highest_slot_spoken_of() -> None:
    pace = Pace()
    assert not pace.is_leap(10**12, 0.0)
    for slot in (5, 7, 6):
        pace.spoken_of(slot, 0.0)
    assert pace.tip == 7


def test_the_tip_may_rise_by_as_much_as_time_allows() -> None:
    pace = Pace()
    pace.spoken_of(100, 50.0)
    assert not pace.is_leap(100 + LEAP, 50.0)
    assert pace.is_leap(101 + LEAP, 50.0)
    hours = 20 * 3600.0
    assert not pace.is_leap(100 + LEAP + int(LEAP_RATE * hours), 50.0 + hours)
    pace.spoken_of(99, 60.0)
    assert pace.is_leap(101 + LEAP, 50.0)


def test_the_slot_time_follows_new_tips_alone() -> None:
    pace = Pace()
    pace.measure(10, 0.0)
    for slot in range(11, 100):
        pace.measure(slot, (slot - 10) * 0.2)
        pace.measure(slot - 1, (slot - 10) * 0.2)
    assert pace.slot_time == pytest.approx(0.2, rel=0.01)


def test_a_stop_of_ours_is_no_slot_time() -> None:
    pace = Pace()
    pace.measure(10, 0.0)
    pace.measure(11, 3600.0)
    assert pace.slot_time < 1.0


def test_a_lying_endpoint_closes_no_slot_that_is_to_come() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0))
    far = 10**12
    play.says(2, created(far)).block(2, far, tx(far, 0), parent=5).says(2, finalized(far))
    play.block(1, 6, tx(6, 0)).says(1, confirmed(6))
    assert play.take() == ["5 t0", "6 t0"]
    assert play.kernel.join.tip == 6
    said = [sentence for sentence in play.sentences() if "far beyond" in sentence]
    assert said == ["a slot far beyond the tip was ignored"]


def test_what_is_told_of_slots_far_ahead_is_not_believed() -> None:
    pace = Pace()
    pace.spoken_of(100, 10.0)
    assert not pace.is_ahead(100 + AHEAD, 10.0)
    assert pace.is_ahead(100 + AHEAD + 1, 10.0)
    assert not pace.is_ahead(100 + AHEAD + 30, 13.0)
    assert pace.is_ahead(100 + AHEAD + 31, 13.0)
