"""Fleets meet nothing that no endpoint could meet."""

from random import Random

from tests.core.fleet import STEP, draw


def test_no_stream_is_cut_off_before_it_was_opened() -> None:
    for seed in range(500):
        fleet, _ = draw(Random(seed))
        fleet.step(0.0, STEP)
        assert [each.lagged for each in fleet.machines] == [0] * len(fleet.machines), seed
        assert not any(each.cut_until for each in fleet.machines), seed
