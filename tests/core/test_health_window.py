"""Rates and delays of the last slots."""

from monitor.core.endpoint_health import Delay
from monitor.core.health_window import WINDOW, Rates, Share, Window


def ms(*delays: float) -> dict[int, int]:
    """Endpoints told the end of a slot so many milliseconds after a moment."""
    return {endpoint: int(delay * 1e6) for endpoint, delay in enumerate(delays)}


def test_nothing_is_known_of_no_slot() -> None:
    assert Window(2).rates() == [Rates(), Rates()]
    assert Rates().delay == Delay()


def test_rates_are_shares_of_updates_and_not_of_slots() -> None:
    window = Window(2)
    window.add(ms(0), {0: Share(90, 1, 90, 30), 1: Share(5, 5, 0, 0)})
    window.add(ms(0), {0: Share(10, 4, 10, 10)})
    first, second = window.rates()
    assert (first.miss_rate, first.duplicate_rate) == (0.05, 0.4)
    assert (second.miss_rate, second.duplicate_rate) == (1.0, 0.0)


def test_delays_and_firsts_are_of_slots_whose_end_it_told() -> None:
    window = Window(3)
    window.add(ms(100, 130), {})
    window.add(ms(50, 40), {})
    first, second, third = window.rates()
    assert (first.first_share, second.first_share, third.first_share) == (0.5, 0.5, 0.0)
    assert (first.delay, second.delay) == (Delay(0.0, 0.01, 0.01), Delay(0.0, 0.03, 0.03))
    assert third.delay == Delay()


def test_delays_are_told_as_quantiles() -> None:
    window = Window(2)
    for delay in reversed(range(1, 101)):
        window.add(ms(0, delay), {})
    assert window.rates()[1].delay == Delay(0.05, 0.095, 0.099)


def test_who_is_told_after_the_fact_is_counted_too() -> None:
    window, stamps = Window(2), ms(0)
    window.add(stamps, {})
    stamps[1] = 5_000_000
    assert window.rates()[1].delay.p50 == 0.005


def test_old_slots_are_forgotten() -> None:
    window = Window(2)
    window.add(ms(9000, 0), {})
    for _ in range(WINDOW):
        window.add(ms(0, 0), {})
    assert window.rates()[0].delay.p99 == 0.0
