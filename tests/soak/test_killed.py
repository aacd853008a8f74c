"""The soak of kills runs its scenario in virtual time and tells how harsh it was."""

from tests.soak.killed import run_round


def test_a_short_run_holds_and_tells_how_often_it_was_killed() -> None:
    wrong, size = run_round(seed=1, slots=60)
    assert wrong is None
    assert size.endswith("slots partial")
    assert int(size.split(" ")[0]) >= 3
