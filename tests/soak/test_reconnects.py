"""A round of the soak of reconnects tells how many there were, and can fail."""

import pytest

from tests.scenarios import test_reconnects
from tests.scenarios.run import Rpcs
from tests.soak import reconnects


def test_a_short_round_holds_and_tells_how_many_there_were() -> None:
    wrong, size = reconnects.run_round(seed=4, reconnects=6)
    assert wrong is None
    count, word = size.split()
    assert int(count) >= 6
    assert word == "reconnects"


def test_what_nobody_can_bring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_reconnects, "LATE_RPCS", Rpcs(0))
    wrong, size = reconnects.run_round(seed=4, reconnects=12)
    assert wrong is not None
    assert "were lost" in wrong
    assert size == ""
