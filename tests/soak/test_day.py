"""A round of the soak of a day can fail, and says what did."""

from tests.soak import day


def test_a_day_too_short_to_be_settled_fails_and_says_where() -> None:
    wrong, size = day.run_round(1, slots=3)
    assert wrong is not None
    assert wrong.startswith("prove:")
    assert size == ""
