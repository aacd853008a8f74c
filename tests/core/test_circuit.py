"""When an endpoint is tried again, and when it is left alone."""

import pytest

from monitor.core.backoff import full_jitter, slow
from monitor.core.circuit import (
    FAILURES,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    OURS_LONGEST,
    PROGRESS,
    SPREAD,
    CircuitBreaker,
)
from monitor.core.endings import NEEDS_PERSON, Ending, EndReason
from monitor.core.endpoint_health import Circuit


def state(breaker: CircuitBreaker) -> Circuit:
    return breaker.state


def fails(
    breaker: CircuitBreaker,
    times: int = 1,
    reason: EndReason = EndReason.TRANSIENT,
    *,
    jitter: float = 0.0,
    refuses: bool = False,
) -> list[float]:
    """So many tries that end for this reason, and the pause after each."""
    pauses = []
    for _ in range(times):
        breaker.tried()
        pauses.append(breaker.ended(Ending(reason, "X", "x"), jitter, refuses=refuses))
    return pauses


def test_while_it_is_closed_pauses_grow() -> None:
    breaker = CircuitBreaker()
    pauses = fails(breaker, FAILURES - 1, jitter=0.5)
    assert pauses == [full_jitter(failures, 0.5) for failures in range(1, FAILURES)]
    assert state(breaker) is Circuit.CLOSED


def test_after_so_many_failures_the_endpoint_is_left_alone() -> None:
    breaker = CircuitBreaker()
    assert fails(breaker, FAILURES)[-1] == FIRST_PAUSE
    assert state(breaker) is Circuit.OPEN


def test_the_next_try_is_a_probe_and_each_that_fails_makes_the_pause_longer() -> None:
    breaker = CircuitBreaker()
    fails(breaker, FAILURES)
    breaker.tried()
    assert state(breaker) is Circuit.HALF_OPEN
    assert fails(breaker, 5) == [60.0, 120.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert state(breaker) is Circuit.OPEN


def test_chance_lengthens_a_pause_a_little() -> None:
    breaker = CircuitBreaker()
    fails(breaker, FAILURES - 1)
    assert fails(breaker, jitter=0.999)[0] == pytest.approx(FIRST_PAUSE * (1 + SPREAD), rel=0.01)


def test_only_complete_slots_close_it_and_all_is_forgotten_then() -> None:
    breaker = CircuitBreaker()
    fails(breaker, FAILURES + 2)
    breaker.tried()
    breaker.progressed(PROGRESS - 1)
    assert (state(breaker), breaker.failures) == (Circuit.HALF_OPEN, FAILURES + 2)
    breaker.progressed(PROGRESS)
    assert (state(breaker), breaker.failures) == (Circuit.CLOSED, 0)
    assert fails(breaker, FAILURES)[-1] == FIRST_PAUSE


def test_a_refused_replay_is_no_failure_and_is_tried_again_at_once() -> None:
    breaker = CircuitBreaker()
    fails(breaker, FAILURES)
    breaker.tried()
    assert fails(breaker, 9, EndReason.REPLAY_EXPIRED, refuses=True) == [0.25] * 9
    assert (state(breaker), breaker.failures) == (Circuit.HALF_OPEN, FAILURES)


def test_a_stream_that_we_read_too_slowly_is_waited_after_and_opens_nothing() -> None:
    breaker = CircuitBreaker()
    pauses = fails(breaker, 20, EndReason.LAGGED, jitter=0.999)
    assert state(breaker) is Circuit.CLOSED
    assert pauses[-1] == OURS_LONGEST
    fails(breaker, FAILURES - 1)
    assert state(breaker) is Circuit.CLOSED
    fails(breaker)
    assert state(breaker) is Circuit.OPEN


def test_a_probe_that_we_read_too_slowly_did_not_fail() -> None:
    breaker = CircuitBreaker()
    fails(breaker, FAILURES)
    fails(breaker, 1, EndReason.LAGGED)
    assert state(breaker) is Circuit.HALF_OPEN


@pytest.mark.parametrize("reason", sorted(NEEDS_PERSON))
def test_what_a_person_must_cure_is_tried_slowly_and_never_more_slowly(reason: EndReason) -> None:
    breaker = CircuitBreaker()
    assert fails(breaker, 20, reason, jitter=0.5) == [slow(0.5)] * 20
    assert state(breaker) is Circuit.OPEN
