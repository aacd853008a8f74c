"""A round of the soak of kills at points of recovery tells how harsh it was."""

from tests.soak.killed_recovery import run_round


def test_a_short_round_holds_and_tells_at_how_many_points_it_killed() -> None:
    wrong, size = run_round(seed=1, points=2)
    assert wrong is None
    assert size.startswith("2 kills at 2 of ")
