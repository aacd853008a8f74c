"""How the chain does, as measured in windows of seconds: what the commitment is chosen by."""

from dataclasses import dataclass
from typing import Final

WINDOW: Final = 60.0
"""Seconds that shares and counts are of. Guessed."""


@dataclass(frozen=True, slots=True)
class RecentDelay:
    """From the first sight of a slot to a commitment, in seconds."""

    p50: float
    p95: float
    usual: float | None = None
    """The median of a long while; None: not learned yet."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Every input of the choice (DESIGN 7). None: unknown, which says neither good nor bad."""

    slots: int = 0
    """Slots that were seen or closed within the window: what the shares are of."""
    fork_rate: float | None = None
    """Share of them with a block that lost."""
    dead_rate: float | None = None
    """Share of them whose bank died."""
    disagreements: int | None = None
    """Times within the window that endpoints named different blocks of one slot as confirmed."""
    equivocations: int | None = None
    """Slots of which two blocks were seen within the window."""
    confirmation_delay: RecentDelay | None = None
    finalization_delay: RecentDelay | None = None
    tip_age: float | None = None
    """Seconds since any slot advanced: of a halt, or of an outage of all endpoints."""
    confirmed_age: float | None = None
    """Seconds since the confirmed chain advanced."""
    finalized_age: float | None = None
    """Seconds since the finalized chain advanced."""
    slot_lag: float | None = None
    """Seconds that what we hold is behind the highest slot spoken of."""
    slot_time: float = 0.0
    """Seconds a slot, as measured."""
    latency: float | None = None
    """p95 of the seconds from first arrival to hand-on, of what was released lately."""
    throughput: float | None = None
    """Events a second that were released lately."""
