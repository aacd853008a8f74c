"""Two hundred hours of random troubles, looked at every ten seconds."""

from tests.core.fleet import live


def test_what_is_decided_holds_for_two_hundred_hours_of_troubles() -> None:
    told = live(seed=5, hours=200)
    assert " planned moves, " in told
    assert not told.startswith("0 ")
    assert ", 0 failovers" not in told
