"""Terms that no queue could work with are refused."""

import pytest

from tests.core.recovering import REPLAY, terms


def test_a_rung_that_can_be_asked_is_needed() -> None:
    with pytest.raises(ValueError, match="rung"):
        terms()
    assert terms(REPLAY).rungs == (REPLAY,)
