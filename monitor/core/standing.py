"""How far recovery is: what views and metrics show of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.core.jobs import JobState
from monitor.core.rungs import Rung

REPAIR_BOUNDS: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Upper bounds, in seconds, of the buckets of the times to repair."""

MOST_RANGES: Final = 100
"""Ranges of lost slots that are shown. Guessed: nobody signs off more by hand."""


@dataclass(frozen=True, slots=True)
class CatchUp:
    """The gap that a start found between what was settled and the tip."""

    slots: int
    """Of the gap."""
    done: int
    """Of these, closed since."""
    began_at: float
    """Seconds of the clock."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A moment of the queue. Counts are slots."""

    jobs: Mapping[tuple[JobState, Rung], int]
    recovered: Mapping[Rung, int]
    """Closed by what a rung brought, since the start."""
    lost: int
    """Given up since the start, signed off or not."""
    signed_off: int
    oldest_deadline: float | None
    """When the first job's cheapest rung will no longer serve it, seconds of the clock; None: nothing expires."""
    repairs: tuple[int, ...]
    """Repairs that took up to each of `REPAIR_BOUNDS`, and all of them last; cumulative."""
    repair_seconds: float
    """Sum of the times of all repairs, from the opening of the job to the closing of its slot."""
    catch_up: CatchUp | None
    lost_ranges: tuple[tuple[int, int], ...] = ()
    """What an operator may sign off: lost slots not signed off, first to `end`, `end` excluded; ascending.

    The first `MOST_RANGES` of them.
    """
