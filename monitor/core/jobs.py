"""Recovery jobs as the store keeps them, so that a restart goes on where the queue was."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.core.rungs import Rung


class JobState(StrEnum):
    """Where a job is. The values are the words in the store, metrics and views."""

    OPEN = "open"
    """It waits for its turn."""
    LEASED = "leased"
    """Somebody works on it; void after a restart."""
    LOST = "lost"
    """Every rung failed: told as critical, and tried again slowly for ever."""


@dataclass(frozen=True, slots=True)
class Job:
    """Adjacent slots that are at the same place of the ladder."""

    first: int
    end: int
    """Excluded."""
    rung: Rung
    attempts: int
    """Failed ones on this rung."""
    state: JobState


@dataclass(frozen=True, slots=True)
class JobsDone:
    """The store may forget the jobs of these slots: first to `end`, `end` excluded."""

    first: int
    end: int
