"""A round of the soak of machines can fail, and says what did."""

import pytest
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.soak import machine


class Counting(RuleBasedStateMachine):
    """Two steps are one too many."""

    steps = 0

    @rule()
    def counts(self) -> None:
        self.steps += 1
        assert self.steps < 2, "two steps"


def test_what_does_not_hold_is_told_with_the_steps_to_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong, size = machine.run_round(1, 5, (Counting,))
    assert wrong is not None
    assert wrong.startswith("Counting: two steps")
    assert size == ""
    assert capsys.readouterr().out.count("state.counts()") == 2
