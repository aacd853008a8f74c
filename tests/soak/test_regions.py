"""A round of the soak can fail, and says what did."""

from pathlib import Path

import pytest

from tests.scenarios.run import Fault, watch
from tests.scenarios.test_three_regions import MONITORS, assert_complete
from tests.soak.regions import round_seeds


def test_the_first_round_has_the_given_seed_and_the_others_follow_from_it() -> None:
    assert round_seeds(7, 1) == [7]
    assert round_seeds(7, 3) == round_seeds(7, 3)
    assert len(set(round_seeds(7, 3))) == 3


async def test_an_event_that_no_region_could_bring_is_missed(tmp_path: Path) -> None:
    everywhere = [Fault(0, region, "drop-tx", "0.5") for region in ("ams", "nyc", "tyo")]
    outcome = await watch(MONITORS, tmp_path, slots=8, faults=everywhere)
    with pytest.raises(AssertionError, match="events were lost"):
        assert_complete(outcome)
