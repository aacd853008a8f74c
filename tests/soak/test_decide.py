"""A round of the soak of decisions tells what it met, and can fail."""

import pytest

from tests.core import fleet
from tests.soak import decide


def test_a_short_round_holds_and_tells_what_was_decided() -> None:
    wrong, met = decide.run_round(seed=1, hours=10)
    assert wrong is None
    assert " planned moves, " in met


def test_a_promise_that_is_broken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.core.deliberation.PLANNED_PAUSE", 10.0)
    wrong, met = decide.run_round(seed=3, hours=100)
    assert wrong is not None
    assert wrong.startswith("two planned moves within a minute at ")
    assert met == ""


def test_one_that_pays_for_our_slowness_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.core.deliberation.FORGIVEN", 3.0)
    wrong, _ = decide.run_round(seed=1, hours=100)
    assert wrong is not None
    assert " lost its place for nothing: its stream is closed for 3.0 s; " in wrong


def test_fleets_are_the_same_for_the_same_seed() -> None:
    assert fleet.live(seed=2, hours=2) == fleet.live(seed=2, hours=2)
