"""How good a sound endpoint is, in steps that noise does not cross: only so can equals be left alone.

How this works. Figures are turned into a few whole numbers, each with a margin around the step that it is on, so
that an endpoint's grade changes when its figures really do. Grades are compared one after the other and have a
total order: each exchange makes the set of hot feeds strictly better, so that no ring of exchanges is possible.
Comparing pairs of figures with a tolerance would allow one: A like B, B like C, C better than A.
"""

from dataclasses import dataclass
from typing import Final

from monitor.core.endpoint_health import EndpointHealth
from monitor.core.failover import FailoverPolicy

STEP: Final = 0.02
"""Seconds of delay that make a step: less than that is not worth a move. A guess."""
MARGIN: Final = 0.01
"""Seconds that the delay must be beyond its step to be on another one. A guess, as the bounds below are."""
MOST_STEPS: Final = 1000
MISSES: Final = (0.01, 0.005)
"""Miss rate at which an endpoint is a poor one, and below which it no longer is."""
TRUST: Final = (0.8, 0.9)
"""Trust below which it is a poor one, and from which on it no longer is."""
LAG: Final = (0.5, 0.25)
"""The same of its lag, as a share of the lag that costs it its place."""


@dataclass(frozen=True, slots=True)
class Grade:
    """What an endpoint is worth."""

    misses: bool = False
    is_doubted: bool = False
    lags: bool = False
    delay: int | None = None
    """Steps behind the earliest endpoint; None: nothing was compared yet, which counts as late."""

    @property
    def rank(self) -> tuple[int, int]:
        """The lower, the better: health first, then latency."""
        poor = self.misses + self.is_doubted + self.lags
        return poor, MOST_STEPS if self.delay is None else self.delay


UNGRADED: Final = Grade()
"""Of an endpoint that nothing is known of."""


def graded(was: Grade, health: EndpointHealth, policy: FailoverPolicy) -> Grade:
    """The grade now: the very one before if the figures are no different enough."""
    misses = health.miss_rate >= MISSES[was.misses]
    is_doubted = health.trust < TRUST[was.is_doubted]
    lags = (health.lag or 0.0) >= LAG[was.lags] * policy.lag
    delay = _steps(was.delay, health.delay.p50)
    if (misses, is_doubted, lags, delay) == (was.misses, was.is_doubted, was.lags, was.delay):
        return was
    return Grade(misses, is_doubted, lags, delay)


def told(health: EndpointHealth) -> str:
    """The figures that the grade was made of."""
    parts = [f"misses {health.miss_rate:.2%}", f"trust {health.trust:.2f}"]
    if health.lag is not None:
        parts.append(f"lag {health.lag:.1f} s")
    if health.delay.p50 is not None:
        parts.append(f"delay {health.delay.p50 * 1000:.0f} ms")
    parts.append(f"priority {health.priority}")
    return ", ".join(parts)


def _steps(was: int | None, delay: float | None) -> int | None:
    if delay is None:
        return was
    if was is not None and was * STEP - MARGIN <= delay < (was + 1) * STEP + MARGIN:
        return was
    return min(int(delay / STEP), MOST_STEPS - 1)
