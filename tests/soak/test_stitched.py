"""A round of the stitched soak can fail, and says what did."""

from tests.soak import stitched


def test_a_run_too_short_to_show_every_end_of_a_slot_fails_and_says_where() -> None:
    wrong, size = stitched.run_round(1, slots=10)
    assert wrong is not None
    assert wrong.startswith(("assert_whole_together:", "assert_certified:"))
    assert size == ""
