"""The bench of reconnects breaks as many streams as it says, and judges the middle of its pairs."""

import pytest

from tests.bench import reconnects


def test_the_middle_of_the_pairs_is_judged() -> None:
    calm, disturbed = [1.0, 2.0, 1.0], [1.1, 2.2, 9.0]
    assert reconnects.goal(calm, disturbed).is_reached
    assert not reconnects.goal([1.0], [1.25]).is_reached
    assert reconnects.rows(calm, disturbed)[-1] == "| 3 | 1.000 | 9.000 | 9.000 |"


@pytest.mark.real_time
def test_streams_break_in_a_disturbed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnects, "COVERED", 2)
    assert reconnects.measure(3, is_disturbed=True) > 0
