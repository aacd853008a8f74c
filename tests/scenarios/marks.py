"""Points at which a daemon that recovers slots can be killed, and who decides at which of them it is.

The points are reached in what a test puts around the daemon's ports and parts; nothing of them is in the product.
"""

from collections import Counter
from enum import Enum, auto
from random import Random
from typing import Final

import anyio

PATIENCE: Final = 4.0
"""Seconds for which a life may go on without its point; then any will do."""
PASSES: Final = 4
"""A point is passed less often than that in a life, before it kills."""


class Mark(Enum):
    """A point. What is "queued" or "told" is in memory alone."""

    START_FORGOT_JOBS = auto()
    """A start dropped what the store knew of slots that are watched anew, and has committed nothing else."""
    JOBS_TOLD = auto()
    """The books were told of jobs."""
    JOBS_UNCOMMITTED = auto()
    """Jobs are in a transaction that has not ended."""
    JOBS_COMMITTED = auto()
    FETCH_BEGUN = auto()
    FETCH_UNDER_WAY = auto()
    FETCH_ANSWERED = auto()
    """A block is there, and the kernel does not know."""
    BLOCK_JUDGED = auto()
    """The kernel has taken a block, and nothing that follows was done."""
    LINES_QUEUED = auto()
    """Recovered events are in an outbox."""
    LINES_TORN = auto()
    """A half of a batch with recovered events is in the file."""
    LINES_WRITTEN = auto()
    LINES_SYNCED = auto()
    CERTIFICATE_TOLD = auto()
    """The books were told of a recovered slot."""
    CERTIFICATE_UNCOMMITTED = auto()
    CERTIFICATE_COMMITTED = auto()
    GIVEN_TOLD = auto()
    """The books were told what was handed on of an open slot."""
    GIVEN_UNCOMMITTED = auto()
    GIVEN_COMMITTED = auto()
    RECALL_BEGUN = auto()
    RECALLED = auto()
    """The kernel knows again what was handed on of a slot, and nothing that follows was done."""
    REPLAY_OPENED = auto()
    REPLAY_UNDER_WAY = auto()
    ACCOUNTS_ASKED = auto()
    ACCOUNTS_ANSWERED = auto()
    STATES_JUDGED = auto()
    STATES_QUEUED = auto()
    """Account states are in an outbox."""
    LOST_TOLD = auto()
    LOST_COMMITTED = auto()
    SIGN_OFF_TOLD = auto()
    """The books were told that a slot is signed off, and the kernel was not."""
    SIGN_OFF_JUDGED = auto()
    SIGN_OFF_UNCOMMITTED = auto()
    SIGN_OFF_COMMITTED = auto()


class Killed(Exception):
    """The daemon is dead."""


class Executioner:
    """Kills at points drawn from a seed: those first at which it killed least."""

    def __init__(self, dice: Random, kills: int) -> None:
        self.kills: Final = kills
        self.killed_at: list[Mark] = []
        """In order."""
        self.reached = Counter[Mark]()
        """In all lives."""
        self._dice = dice
        self._is_dead = True
        self._target = Mark.JOBS_TOLD
        self._passes = 0
        self._impatient_at = 0.0

    @property
    def is_done(self) -> bool:
        """Whether it kills no more."""
        return len(self.killed_at) >= self.kills

    def begin(self) -> None:
        """A daemon is born."""
        counts = Counter(self.killed_at)
        fewest = min(counts[mark] for mark in Mark)
        self._target = self._dice.choice([mark for mark in Mark if counts[mark] == fewest])
        self._passes = self._dice.randrange(PASSES)
        self._impatient_at = anyio.current_time() + PATIENCE
        self._is_dead = False

    def check(self) -> None:
        """To be called before anything that outlives the daemon. Raises Killed when it is dead."""
        if self._is_dead:
            raise Killed

    def reach(self, mark: Mark) -> None:
        """The daemon is at this point. Raises Killed when that is its end, and ever after."""
        self.check()
        self.reached[mark] += 1
        if self.is_done:
            return
        is_target = mark is self._target
        if (is_target and not self._passes) or anyio.current_time() >= self._impatient_at:
            self._is_dead = True
            self.killed_at.append(mark)
            raise Killed
        self._passes -= is_target

    def end(self) -> None:
        """The daemon is gone."""
        self._is_dead = True
