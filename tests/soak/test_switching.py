"""Rounds of the soaks of switches tell what they met."""

from types import ModuleType

import pytest

from tests.scenarios.test_switching import switches
from tests.soak import switching, switching_killed


@switches
@pytest.mark.parametrize(
    ("soak", "slots", "told"),
    [
        (switching, 130, "6 switches, "),
        pytest.param(switching_killed, 130, "6 switches, 2 kills, "),
    ],
)
def test_a_short_round_holds_and_tells_how_much_was_undone(
    soak: ModuleType, slots: int, told: str
) -> None:
    wrong, size = soak.run_round(1, slots)
    assert wrong is None
    assert size.startswith(told)
    assert size.endswith(" undone")
