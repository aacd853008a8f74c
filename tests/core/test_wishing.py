"""Wishes for events sooner: when they come, and that granting one does not end it."""

from typing import Any

from monitor.core.chain import Commitment
from monitor.core.conditions import Conditions, RecentDelay
from monitor.core.wishing import Wishing

PROCESSED, CONFIRMED, FINALIZED = Commitment


def seen(
    latency: float | None = None,
    confirms: float | None = None,
    finalizes: float | None = None,
    throughput: float | None = None,
) -> Conditions:
    def delay(p95: float | None) -> Any:
        return None if p95 is None else RecentDelay(p95 / 2, p95, p95 / 2)

    return Conditions(
        latency=latency,
        throughput=throughput,
        confirmation_delay=delay(confirms),
        finalization_delay=delay(finalizes),
    )


def test_nothing_is_wished_for_where_nothing_is_configured() -> None:
    wishing = Wishing(CONFIRMED, None, None)
    assert wishing.look(seen(99.0, 99.0, 99.0, 1e9), CONFIRMED) == ""


def test_a_latency_that_is_too_long_is_told() -> None:
    wishing = Wishing(CONFIRMED, 0.5, None)
    assert wishing.look(seen(0.5, 0.6), CONFIRMED) == ""
    words = "events took 0.52 s where 0.5 s are wished for"
    assert wishing.look(seen(0.52, 0.6), CONFIRMED) == words
    assert wishing.look(seen(None, 0.6), CONFIRMED) == words
    assert wishing.look(seen(0.41, 0.6), CONFIRMED) != ""
    assert wishing.look(seen(0.4, 0.6), CONFIRMED) == ""


def test_what_our_own_slowness_costs_is_no_reason() -> None:
    wishing = Wishing(CONFIRMED, 0.5, None)
    assert wishing.look(seen(3.0, 0.4), CONFIRMED) == ""


def test_a_wish_that_was_granted_ends_when_the_chain_gives_it_at_the_base() -> None:
    wishing = Wishing(CONFIRMED, 0.5, None)
    assert wishing.look(seen(0.7, 0.7), CONFIRMED) != ""
    assert wishing.look(seen(0.01, 0.7), PROCESSED) != ""
    assert wishing.look(seen(0.01, None), PROCESSED) != ""
    assert wishing.look(seen(0.01, 0.41), PROCESSED) != ""
    assert wishing.look(seen(0.01, 0.4), PROCESSED) == ""


def test_the_latency_of_a_higher_level_is_not_that_of_the_base() -> None:
    wishing = Wishing(CONFIRMED, 0.7, None)
    assert wishing.look(seen(13.0, 0.6, 13.0), FINALIZED) == ""


def test_at_finalized_the_wait_is_for_finality() -> None:
    wishing = Wishing(FINALIZED, 5.0, None)
    assert wishing.look(seen(13.0, 0.6, 13.0), FINALIZED) != ""
    assert wishing.look(seen(0.6, 0.6, 0.6), CONFIRMED) == ""


def test_more_than_is_wished_for_lasts_until_a_fifth_less() -> None:
    wishing = Wishing(CONFIRMED, None, 100.0)
    assert wishing.look(seen(throughput=100.0), CONFIRMED) == ""
    words = "150 events/s came where 100 are the most"
    assert wishing.look(seen(throughput=150.0), CONFIRMED) == words
    assert wishing.look(seen(throughput=81.0), PROCESSED) != ""
    assert wishing.look(seen(throughput=80.0), PROCESSED) == ""


def test_both_wishes_are_told() -> None:
    wishing = Wishing(CONFIRMED, 0.5, 100.0)
    assert wishing.look(seen(0.6, 0.6, throughput=150.0), CONFIRMED) == (
        "events took 0.60 s where 0.5 s are wished for; 150 events/s came where 100 are the most"
    )
