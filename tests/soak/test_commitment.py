"""A round of the soak of the commitment tells what it met, and can fail."""

import pytest

from monitor.core.commitment import Adapting
from tests.core import unrest
from tests.soak import commitment


def test_a_short_round_holds_and_tells_what_was_decided() -> None:
    wrong, met = commitment.run_round(seed=1, histories=20)
    assert wrong is None
    assert " tightened, " in met


def test_a_relapse_that_does_not_double_the_dwell_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Adapting, "_relapse", lambda adapting, now: None)
    wrong, met = commitment.run_round(seed=1, histories=200)
    assert wrong is not None
    assert wrong.startswith("loosened without a dwell at ")
    assert met == ""


def test_trouble_that_is_seen_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.core.strain._COUNTS", {})
    wrong, _ = commitment.run_round(seed=1, histories=200)
    assert wrong is not None
    assert wrong.startswith("not tightened at once at ")


def test_histories_are_the_same_for_the_same_seed() -> None:
    assert unrest.live(seed=2, histories=5) == unrest.live(seed=2, histories=5)
