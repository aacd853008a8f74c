"""A round of the soak of outages tells what it met."""

from tests.soak import outages


def test_a_short_round_holds_and_tells_what_brought_the_slots_back() -> None:
    wrong, met = outages.run_round(seed=1, slots=120, tail=120)
    assert wrong is None
    assert " by rpc" in met
    assert met.endswith("account writes reconciled")
