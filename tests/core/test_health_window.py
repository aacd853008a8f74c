"""Rates and delays of the last slots."""

from monitor.core.endpoint_health import Delay
from monitor.core.health_window import WINDOW, Showing, Window


def of(*showings: Showing) -> Window:
    window = Window()
    for showing in showings:
        window.add(showing)
    return window


def test_nothing_is_known_of_no_slot() -> None:
    window = of()
    assert (window.miss_rate(), window.duplicate_rate(), window.first_share()) == (0.0, 0.0, 0.0)
    assert window.delay() == Delay()


def test_rates_are_shares_of_updates_and_not_of_slots() -> None:
    window = of(
        Showing(0.0, is_first=True, there=90, lacking=1, brought=90, repeated=30),
        Showing(0.1, is_first=False, there=10, lacking=4, brought=10, repeated=10),
    )
    assert (window.miss_rate(), window.duplicate_rate()) == (0.05, 0.4)
    assert window.first_share() == 0.5


def test_a_slot_whose_end_it_did_not_tell_has_no_delay() -> None:
    window = of(Showing(None, is_first=False, there=3, lacking=3))
    assert (window.delay(), window.miss_rate()) == (Delay(), 1.0)


def test_delays_are_told_as_quantiles() -> None:
    window = of(*[Showing(ms / 1000, is_first=False) for ms in range(1, 101)])
    assert window.delay() == Delay(0.05, 0.095, 0.099)
    assert of(Showing(0.25, is_first=False)).delay() == Delay(0.25, 0.25, 0.25)


def test_old_slots_are_forgotten() -> None:
    window = of(Showing(9.0, is_first=True), *[Showing(0.0, is_first=False)] * WINDOW)
    assert (window.first_share(), window.delay().p99) == (0.0, 0.0)
