"""How long to wait before the next try."""

from typing import Final

FIRST_DELAY: Final = 0.25
"""Seconds; DESIGN 6."""
LONGEST_DELAY: Final = 30.0
"""Seconds; DESIGN 6."""


def full_jitter(failures: int, jitter: float) -> float:
    """Seconds to wait after `failures` (1 or more) without progress, with `jitter` in [0, 1).

    Never less than FIRST_DELAY, so that an endpoint which refuses at once is no busy loop; the
    upper end doubles with each failure up to LONGEST_DELAY.
    """
    ceiling = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures, 16))
    return FIRST_DELAY + jitter * (ceiling - FIRST_DELAY)


def slow(jitter: float) -> float:
    """Seconds to wait when only a person can cure the cause (token, limit, wrong server)."""
    return LONGEST_DELAY * (0.5 + 0.5 * jitter)
