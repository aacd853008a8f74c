"""What the recovery queue is told, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from monitor.core.rungs import Rung, Verdict


@dataclass(frozen=True, slots=True)
class Terms:
    """How jobs are worked off. Times are seconds; raises ValueError without any rung that is asked for a slot."""

    rungs: tuple[Rung, ...]
    """Those there are, in the order of the ladder."""
    workers: Mapping[Rung, int]
    """Leases at a time; a replay is one lease however many slots it brings. None at a rung that is missing here."""
    lease_seconds: Mapping[Rung, float]
    """How long sources have once they are asked: then the lease is void, and the try has failed. For ever at a rung that
    is missing here."""
    attempts: int = 3
    """Failures on one rung before the next one is asked (DESIGN 8)."""
    patience: float = 15.0
    """No slot is LOST before the last rung has failed for so long, unless it says that it never can serve: a block is
    final after 13 s on a healthy chain (32 slots of 0.4 s), and an RPC that lags has it no sooner. 0: none."""
    turn_seconds: float = 600.0
    """How long a lease waits until a source is asked: then it is void. Two hundred calls at one in three seconds; a guess."""
    slow_retry: float = 60.0
    """The longest pause before the first retry of a LOST slot that no source will ever have; doubles up to an hour."""
    quick_retry: float = 4.0
    """As `slow_retry`, where sources failed, paused or disagreed. A guess: the order of a reconnection."""
    proof_seconds: float = 600.0
    """How long a block that was brought waits for the link that proves it, before it is asked for again. A guess."""
    pressing: float = 60.0
    """A deadline that is further away presses nobody. RPCs bring slots several times faster than the chain makes
    them, so that what expires within a minute is saved by beginning then. A guess."""
    frontier_span: int = 64
    """A gap at the frontier of so many slots goes before all others; a longer one is a catch-up, which gets one worker
    for itself and else waits for its turn. A guess."""
    ageing: int = 8
    """Every so many-th lease of a rung goes to the job that is open for longest, whatever its standing. A guess."""
    replay_span: int = 512
    """Slots that one replay may be asked for: what is known of them is called back at once, which takes a second where
    there are ten thousand, and another endpoint can begin with those behind them. A guess."""
    replay_gap: int = 32
    """Slots that nobody misses, which a replay brings along rather than be asked twice. A guess."""

    unasked_seconds: float = 60.0
    """A slot is not LOST before so long after a rung could not be asked that may have it, and a rung that wants nothing but
    pauses is passed by after as long. A guess: an endpoint comes back, or ends what it replays."""

    def turn_until(self, rung: Rung, now: float) -> float:
        """Until when a lease of now waits for its turn."""
        return now + self.turn_seconds if rung in self.lease_seconds else inf

    def __post_init__(self) -> None:
        if not self.rungs:
            raise ValueError("recovery needs a rung that can be asked for a slot")


@dataclass(frozen=True, slots=True)
class Lease:
    """Work to begin now, until the slots are closed, fetched, failed, or it is void."""

    rung: Rung
    first: int
    end: int
    """Excluded. Slots between that are not open, or are somebody else's, are none of it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What endpoints would replay now."""

    most: int | None = None
    """Replays that may begin; None: as many as there are workers for."""
    waits_from: int = 0
    waits_to: int = 0
    """The lowest slot that a free endpoint may have. Those from `waits_from` on below it wait for a busy one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why nothing came of a lease."""

    verdict: Verdict
    jitter: float = 0.0
    """Uniform in [0, 1)."""
    retry_after: float = 0.0
    """Seconds for which the sources do not want to be asked."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Adjacent jobs that are over, for statistics."""

    first: int
    end: int
    """Excluded."""
    rung: Rung | None
    """Of the last lease; None: there was none."""
    opened_at: float
