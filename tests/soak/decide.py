"""Random health histories through `decide`, in steps of ten seconds, and finer ones after trouble: what it promises holds at every step."""

from typing import Final

from tests.core.fleet import live

HOURS: Final = 10_000
ROUNDS: Final = 1


def run_round(seed: int, hours: int = HOURS) -> tuple[str | None, str]:
    """So many hours of fleets drawn from the seed: None when all held, else what did not; and what it met."""
    try:
        return None, live(seed, hours)
    except AssertionError as broken:
        return str(broken) or "a promise of decide did not hold", ""
