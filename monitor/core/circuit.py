"""Whether an endpoint is tried, and how soon: the circuit breaker of DESIGN 6.

Closed: it is tried after a back-off that grows. After FAILURES without progress the circuit opens, and the endpoint is
left alone for a while. Then one try is the probe: the circuit is half open. If that fails the next while is longer;
complete slots close the circuit, an opened stream does not.
"""

from typing import Final

from monitor.core.backoff import full_jitter, slow
from monitor.core.endings import NEEDS_PERSON, Ending, EndReason
from monitor.core.endpoint_health import Circuit

FAILURES: Final = 5
"""Without progress, until the circuit opens (DESIGN 6)."""
PROGRESS: Final = 32
"""Complete slots on one stream after which its endpoint counts as well again (DESIGN 6)."""
FIRST_PAUSE: Final = 30.0
"""Seconds until the first probe (DESIGN 6); doubled with each probe that fails."""
LONGEST_PAUSE: Final = 240.0
"""Seconds. Guessed: an endpoint that is back is used within five minutes."""
OURS_LONGEST: Final = 8.0
"""Seconds of back-off at most where the endings are our own fault. Guessed: less than its place is kept for it."""
SPREAD: Final = 0.25
"""Of the pause, at most, added by chance, so that many daemons do not probe at one moment. Guessed."""


class CircuitBreaker:
    """What the endings of one endpoint's streams say of trying it again."""

    def __init__(self) -> None:
        self.state = Circuit.CLOSED
        self.failures = 0
        """Since the last progress; refused replays are none."""
        self._ours = 0
        """Of these, those that were our own fault."""
        self._probes = 0
        """That failed, since the circuit opened first."""

    def tried(self) -> None:
        """A stream is asked for."""
        if self.state is Circuit.OPEN:
            self.state = Circuit.HALF_OPEN

    def progressed(self, complete: int) -> None:
        """The present stream has brought so many complete slots."""
        if complete >= PROGRESS:
            self.state = Circuit.CLOSED
            self.failures = self._ours = self._probes = 0

    def ended(self, ending: Ending, jitter: float, *, refuses: bool) -> float:
        """Seconds until the next try, with `jitter` in [0, 1). `refuses`: the ending is the answer to a question.

        A stream that was read too slowly is our own fault (TRAPS 22): it is waited after, and opens nothing.
        """
        if refuses:
            return full_jitter(1, jitter)
        self.failures += 1
        if ending.reason is EndReason.LAGGED:
            self._ours += 1
            return min(OURS_LONGEST, full_jitter(self.failures, jitter))
        failed_probe = self.state is Circuit.HALF_OPEN
        if failed_probe or self.failures - self._ours >= FAILURES:
            self.state = Circuit.OPEN
            self._probes += failed_probe
        if ending.reason in NEEDS_PERSON:
            return slow(jitter)
        if self.state is Circuit.OPEN:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._probes, 16))
            return pause * (1 + SPREAD * jitter)
        return full_jitter(self.failures, jitter)
