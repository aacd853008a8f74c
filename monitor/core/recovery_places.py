"""Where a slot is on its way up the ladder. One value is shared by all slots that are at the same place."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from monitor.core.jobs import JobState
from monitor.core.rungs import Rung

Rank = tuple[int, int]
"""(standing, age): what is ready goes in ascending order. The standing of unknown slots is odd."""

_AGE_SECONDS: Final = 10.0
"""Jobs opened within so many seconds are equally old, so that few ranks stand for many slots."""


@dataclass(eq=False, slots=True)
class Grant:
    """A lease, and how many of its slots are still out. Counted by `Places`."""

    rung: Rung
    first: int
    end: int
    until: float
    """When it is void."""
    is_waiting: bool = True
    """No source has been asked yet, or one of them waits for its turn."""
    left: int = 0


class Owed(NamedTuple):
    """A rung that could not be asked though it may have the slot."""

    rung: Rung
    since: float
    is_last: bool = False
    """All others have failed: the slot waits for this one."""


class Place(NamedTuple):
    """All that is known of an open slot. A slot moves to another one, by `_replace`: a tuple, since every move makes one."""

    rung: Rung
    opened_at: float
    is_unknown: bool = False
    """Nobody has named the slot as one that holds a block."""
    attempts: int = 0
    failing_since: float | None = None
    """The first failure on the rung; None: there was none."""
    rounds: int = 0
    """How often the whole ladder has failed; above 0 the slot is LOST."""
    due: float | None = None
    """When it is looked at again; None: it is ready, or leased."""
    is_fetched: bool = False
    """A block was brought, which waits for its proof until `due`."""
    is_hopeless: bool = False
    """The last rung there is has no longer what it takes."""
    grant: Grant | None = None
    last: Rung | None = None
    """Of the last lease."""
    owed: Owed | None = None
    """Not LOST before this rung is asked, for a while."""

    @property
    def state(self) -> JobState:
        """A LOST slot stays LOST while it is tried again."""
        if self.rounds:
            return JobState.LOST
        return JobState.LEASED if self.grant or self.is_fetched else JobState.OPEN

    @property
    def is_ready(self) -> bool:
        """Whether it may be leased at once."""
        return self.due is None and self.grant is None

    @property
    def rank(self) -> Rank:
        """Those with hope, then hopeless and LOST ones; among each named before unknown, and older before younger ones."""
        standing = 4 if self.rounds else 2 if self.is_hopeless else 0
        return standing + self.is_unknown, int(self.opened_at // _AGE_SECONDS)

    @property
    def kept(self) -> tuple[Rung, int, bool]:
        """What is stored of it; a lease is not, for it would be void after a restart."""
        return self.rung, self.attempts, self.rounds > 0
