"""What each answer of a source means for the next try."""

import pytest

from monitor.core.backoff import FIRST_DELAY
from monitor.core.recovery_answers import attempts_after, is_final, is_spent, pause, slow_pause
from monitor.core.recovery_places import Place
from monitor.core.rungs import Verdict
from tests.core.recovering import RPC, terms

ALMOST_ONE = 0.999_999
TERMS = terms(RPC)


@pytest.mark.parametrize("verdict", Verdict)
def test_every_answer_but_a_wish_for_a_pause_is_an_attempt(verdict: Verdict) -> None:
    is_counted = verdict is not Verdict.THROTTLED
    assert attempts_after(Place(RPC, 0.0, attempts=1), verdict) == 1 + is_counted


@pytest.mark.parametrize(
    ("verdict", "tries"),
    [
        (Verdict.NOT_YET, 3),
        (Verdict.SKIPPED_CLAIM, 2),
        (Verdict.CANNOT, 1),
        (Verdict.FAILED, 3),
        (Verdict.DISAGREED, 3),
        (Verdict.OURS, 1),
    ],
)
def test_so_many_tries_before_the_next_rung(verdict: Verdict, tries: int) -> None:
    places = [Place(RPC, 0.0, attempts=attempts) for attempts in range(tries)]
    spent = [is_spent(place, verdict, TERMS, has_next=True) for place in places]
    assert spent == [False] * (tries - 1) + [True]


def test_on_the_last_rung_a_claimed_skip_is_asked_as_often_as_anything() -> None:
    twice, thrice = Place(RPC, 0.0, attempts=1), Place(RPC, 0.0, attempts=2)
    assert not is_spent(twice, Verdict.SKIPPED_CLAIM, TERMS, has_next=False)
    assert is_spent(thrice, Verdict.SKIPPED_CLAIM, TERMS, has_next=False)


def test_a_lost_slot_is_asked_for_once_a_rung() -> None:
    lost = Place(RPC, 0.0, rounds=1)
    assert is_spent(lost, Verdict.FAILED, TERMS, has_next=True)
    assert not is_spent(lost, Verdict.THROTTLED, TERMS, has_next=True)


def test_only_two_answers_are_final() -> None:
    assert [each for each in Verdict if is_final(each)] == [Verdict.CANNOT, Verdict.OURS]


@pytest.mark.parametrize("verdict", [Verdict.NOT_YET, Verdict.SKIPPED_CLAIM])
def test_a_block_about_to_come_is_looked_for_within_a_second(verdict: Verdict) -> None:
    assert pause(verdict, 2, TERMS, 0.4, 0.0) == 0.4
    assert pause(verdict, 2, TERMS, 0.4, ALMOST_ONE) == pytest.approx(1.0)
    assert pause(verdict, 2, TERMS, 7.0, 0.5) == 1.0
    assert pause(verdict, 2, TERMS, 0.0, 0.0) == FIRST_DELAY
    assert pause(verdict, 6, TERMS, 0.4, ALMOST_ONE) == pytest.approx(16.0, rel=1e-3)


def test_other_failures_back_off_further_each_time() -> None:
    pauses = [pause(Verdict.FAILED, tries, TERMS, 0.4, ALMOST_ONE) for tries in (1, 2, 3)]
    assert pauses == pytest.approx([0.5, 1.0, 2.0], rel=1e-3)
    assert pause(Verdict.THROTTLED, 0, TERMS, 0.4, 0.0) == FIRST_DELAY


@pytest.mark.parametrize(
    ("verdict", "first"), [(Verdict.CANNOT, 60.0), (Verdict.OURS, 60.0), (Verdict.FAILED, 4.0)]
)
def test_slow_retries_spread_from_the_first_delay_to_a_ceiling_that_doubles(
    verdict: Verdict, first: float
) -> None:
    assert slow_pause(verdict, 1, TERMS, 0.0) == FIRST_DELAY
    longest = [slow_pause(verdict, rounds, TERMS, ALMOST_ONE) for rounds in (1, 2, 12, 10**9)]
    assert longest == pytest.approx([first, 2 * first, 3600.0, 3600.0], rel=1e-3)


def test_no_slow_retry_comes_before_the_first_delay() -> None:
    assert slow_pause(Verdict.CANNOT, 1, terms(RPC, slow_retry=0.1), 0.5) == FIRST_DELAY
