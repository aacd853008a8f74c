"""A round of the soak of hand-overs tells what was decided, and can fail."""

import pytest

from tests.scenarios import handovers as scene
from tests.soak import handovers


def test_a_short_round_holds_and_tells_what_was_decided() -> None:
    wrong, size = handovers.run_round(seed=6, slots=70)
    assert wrong is None
    assert size.startswith("standby of 3: ")
    assert size.endswith(" decisions")


def test_what_does_not_hold_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "monitors", lambda accounts: ())
    wrong, size = handovers.run_round(seed=6, slots=30)
    assert wrong is not None
    assert size == ""
