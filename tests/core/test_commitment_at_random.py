"""A thousand random histories: bounds hold, trouble tightens at once, and at most one step down comes in a dwell."""

from tests.core.unrest import live

SEED = 20261122


def test_what_is_promised_holds_in_a_thousand_histories() -> None:
    met = live(SEED, 1000)
    assert min(met.tightened, met.loosened) > 1000
    assert met.longest >= 600.0
