"""Which commitment the daemon releases at: higher at once when the chain is unsteady, lower again after a calm dwell."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.core.chain import Commitment
from monitor.core.conditions import Conditions


class LevelStrategy(StrEnum):
    """Who chooses. The values are the words of the configuration."""

    FIXED = "fixed"
    """The configuration; an operator may pin another level."""
    ADAPTIVE = "adaptive"
    """The daemon, by what the network does."""


@dataclass(frozen=True, slots=True)
class LevelPolicy:
    """What may be chosen. `lowest` <= `base` <= `highest`.

    Profiles: aggressive processed, processed..finalized; balanced confirmed, processed..finalized; conservative
    finalized, finalized..finalized.
    """

    strategy: LevelStrategy
    base: Commitment
    """What is chosen while the chain is calm."""
    lowest: Commitment
    highest: Commitment
    max_latency: float | None = None
    """Seconds (p95) that events are wished to take at most."""
    max_throughput: float | None = None
    """Events a second above which one level less is wished for."""
    dwell: float = 60.0
    """Seconds without trouble before a step down."""
    longest_dwell: float = 900.0
    """Seconds that relapses make of it at most."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of the level, kept for people who ask why."""

    at: float
    """Monotonic seconds."""
    came_from: Commitment
    level: Commitment
    reason: str
    """A sentence with figures."""
    conditions: Conditions
