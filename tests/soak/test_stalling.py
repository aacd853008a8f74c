"""A round of the soak of stalls tells what waited, and can fail."""

from tests.soak import stalling


def test_a_short_round_holds_where_there_is_room_for_all() -> None:
    wrong, size = stalling.run_round(1, slots=40)
    assert wrong is None
    assert size.endswith("KB waited in memory")
