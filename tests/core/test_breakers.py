"""Breakers: dead RPCs are left alone for longer and longer, and none for ever."""

import pytest

from monitor.core.breakers import (
    FAILURES,
    FIRST_PAUSE,
    FLOOR_TRUSTED,
    LONGEST_ASKED_PAUSE,
    LONGEST_PAUSE,
    UNABLE_PAUSE,
    Breaker,
)
from monitor.core.rungs import Verdict


def test_a_few_failures_bar_nobody() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(0.0, 0.0)
    assert breaker.pause(0.0) is None


def test_failures_in_a_row_pause_for_longer_each_time() -> None:
    breaker, now, pauses = Breaker(), 0.0, []
    for _ in range(FAILURES - 1):
        breaker.failed(now, 0.0)
    for _ in range(12):
        breaker.failed(now, 0.0)
        paused = breaker.pause(now)
        assert paused is not None
        assert paused[1] is Verdict.FAILED
        pauses.append(paused[0])
        now += paused[0]
        assert breaker.pause(now) is None
    assert pauses[0] == pytest.approx(FIRST_PAUSE)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE / 2)


def test_an_answer_makes_an_rpc_sound_again() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(0.0, 0.0)
    breaker.answered()
    breaker.failed(0.0, 0.0)
    assert breaker.pause(0.0) is None


def test_one_call_finds_out_whether_a_dead_rpc_lives() -> None:
    breaker = Breaker()
    breaker.asked(0.0, 0.0)
    assert breaker.pause(0.0) is None
    for _ in range(FAILURES):
        breaker.failed(0.0, 0.0)
    assert breaker.pause(5.0) is None
    breaker.asked(5.0, 0.0)
    assert breaker.pause(5.0) == (FIRST_PAUSE, Verdict.FAILED)
    breaker.answered()
    assert breaker.pause(5.0) is None


def test_an_answer_ends_no_pause_that_was_asked_for() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(0.0, 0.0)
    breaker.throttled(0.0, 9.0, 0.0)
    breaker.answered()
    assert breaker.pause(0.0) == (9.0, Verdict.THROTTLED)


def test_a_pause_that_was_asked_for_is_kept() -> None:
    breaker = Breaker()
    assert breaker.throttled(10.0, 7.0, 0.0) == 7.0
    assert breaker.pause(10.0) == (7.0, Verdict.THROTTLED)
    assert breaker.pause(17.0) is None


def test_a_complaint_without_a_pause_backs_off_and_a_good_answer_forgives() -> None:
    breaker = Breaker()
    assert breaker.throttled(0.0, 0.0, 0.0) == pytest.approx(FIRST_PAUSE)
    assert breaker.throttled(1.0, 0.0, 0.0) == pytest.approx(2 * FIRST_PAUSE)
    breaker.answered()
    assert breaker.throttled(9.0, 0.0, 0.999) == pytest.approx(2 * FIRST_PAUSE, rel=0.01)


def test_an_endless_pause_is_not_believed() -> None:
    assert Breaker().throttled(0.0, 1e9, 0.0) == LONGEST_ASKED_PAUSE


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.unable(0.0)
    breaker.throttled(0.0, 1.0, 0.0)
    assert breaker.pause(2.0) == (UNABLE_PAUSE - 2.0, Verdict.CANNOT)


def test_a_refusal_is_believed_when_it_is_repeated() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        for _ in range(FAILURES - 1):
            breaker.unable(0.0)
        breaker.answered()
    assert breaker.pause(0.0) is None
    for _ in range(FAILURES):
        breaker.unable(0.0)
    assert breaker.pause(0.0) == (UNABLE_PAUSE, Verdict.CANNOT)
    breaker.unable(UNABLE_PAUSE)
    assert breaker.pause(UNABLE_PAUSE) == (UNABLE_PAUSE, Verdict.CANNOT)


def test_a_floor_is_believed_for_a_while() -> None:
    breaker = Breaker()
    assert breaker.keeps(5, 0.0)
    breaker.begins_at(100, 0.0)
    assert not breaker.keeps(99, FLOOR_TRUSTED - 1)
    assert breaker.keeps(100, 0.0)
    assert breaker.keeps(99, FLOOR_TRUSTED)
