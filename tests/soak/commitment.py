"""Random histories of a chain in trouble through the choice of the commitment: what it promises holds at every look."""

from typing import Final

from tests.core.unrest import live

HISTORIES: Final = 10_000
ROUNDS: Final = 1


def run_round(seed: int, histories: int = HISTORIES) -> tuple[str | None, str]:
    """So many histories drawn from the seed: None when all held, else what did not; and what they met."""
    try:
        return None, str(live(seed, histories))
    except AssertionError as broken:
        return str(broken) or "a promise of the commitment did not hold", ""
