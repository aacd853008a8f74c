"""Rates: no schedule of calls reaches a server above its rate; concurrency falls fast and grows slowly."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.rates import ALLOWANCE, FIRST_CALLS, MOST_CALLS, WINDOW, Concurrency, RateWindow

ASKS = st.lists(
    st.tuples(
        st.floats(0, 0.6),
        st.floats(0, 3),
        st.floats(0, 1),
    ),
    max_size=80,
)
"""Of each call: how long after the one before it is wanted, how long its answer takes, when on the way it arrives."""


@given(st.integers(1, 20), ASKS)
def test_no_schedule_of_asks_reaches_the_server_above_the_rate(
    rate: int, asks: list[tuple[float, float, float]]
) -> None:
    window = RateWindow(float(rate))
    now, arrivals = 0.0, []
    answers: list[tuple[float, float]] = []
    for pause, latency, share in asks:
        now += pause
        while True:
            for answer in sorted(answers):
                if answer[0] <= now:
                    window.reached(answer[1], answer[0])
                    answers.remove(answer)
            if (delay := window.delay(now)) == 0:
                break
            now = min([now + delay, *(at for at, _ in answers)])
        answers.append((now + latency, window.take(now)))
        arrivals.append(now + share * min(latency, ALLOWANCE))
    arrivals.sort()
    for first, after in zip(arrivals, arrivals[rate:], strict=False):
        assert after - first >= WINDOW - 1e-9


@given(st.floats(0.01, 0.99), st.integers(1, 20))
def test_below_one_call_a_second_the_window_is_longer(rate: float, calls: int) -> None:
    window, now, sent = RateWindow(rate), 0.0, []
    for _ in range(calls):
        now += window.delay(now)
        assert window.delay(now) == 0
        window.reached(window.take(now), now)
        sent.append(now)
    assert all(b - a >= 1 / rate - 1e-9 for a, b in pairwise(sent))


def test_without_a_rate_every_call_goes_at_once() -> None:
    window = RateWindow(None)
    for _ in range(1000):
        assert window.delay(0.0) == 0
        window.reached(window.take(0.0), 0.0)


def test_the_rate_is_used_up_when_answers_are_quick() -> None:
    window, now, sent = RateWindow(10.0), 0.0, 0
    while now < 10:
        delay = window.delay(now)
        if delay:
            now += delay
        else:
            window.reached(window.take(now), now + 0.001)
            sent += 1
    assert sent >= 99


def test_an_answer_that_never_comes_holds_a_place_for_the_allowance_alone() -> None:
    window = RateWindow(1.0)
    window.take(0.0)
    assert window.delay(0.0) == pytest.approx(WINDOW + ALLOWANCE)
    assert window.delay(WINDOW + ALLOWANCE) == 0


def test_a_late_answer_does_not_lengthen_the_wait() -> None:
    window = RateWindow(1.0)
    place = window.take(0.0)
    window.reached(place, 1.0)
    assert window.delay(1.0) == pytest.approx(WINDOW + ALLOWANCE - 1.0)
    window.reached(place, WINDOW + ALLOWANCE + 5)
    assert window.delay(WINDOW + ALLOWANCE + 5) == 0


def test_an_answer_told_twice_frees_no_place_of_another_call() -> None:
    window = RateWindow(2.0)
    first = window.take(0.0)
    window.take(0.1)
    window.reached(first, 0.01)
    window.reached(first, 0.02)
    assert window.delay(0.2) == pytest.approx(0.01 + WINDOW - 0.2)


def test_a_complaint_halves_the_calls_at_once() -> None:
    calls = Concurrency()
    calls.throttled(0.0, 1.0)
    assert calls.limit == FIRST_CALLS // 2


def test_complaints_about_calls_of_before_the_halving_count_once() -> None:
    calls = Concurrency()
    for _ in range(8):
        calls.throttled(0.5, 1.0)
    assert calls.limit == FIRST_CALLS // 2
    calls.throttled(1.1, 1.2)
    assert calls.limit == FIRST_CALLS // 4


def test_one_call_is_always_left() -> None:
    calls = Concurrency()
    for sent in range(20):
        calls.throttled(sent + 0.5, sent + 1.0)
    assert calls.limit == 1


def test_grows_by_one_for_as_many_good_answers() -> None:
    calls = Concurrency()
    for _ in range(FIRST_CALLS):
        calls.answered(FIRST_CALLS)
    assert calls.limit == FIRST_CALLS
    calls.answered(FIRST_CALLS)
    assert calls.limit == FIRST_CALLS + 1


def test_does_not_grow_while_it_is_not_used() -> None:
    calls = Concurrency()
    for _ in range(1000):
        calls.answered(FIRST_CALLS - 1)
    assert calls.limit == FIRST_CALLS


def test_growth_has_an_end() -> None:
    calls = Concurrency()
    for _ in range(10_000):
        calls.answered(MOST_CALLS)
    assert calls.limit == MOST_CALLS
