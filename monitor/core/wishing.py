"""Whether events are wished for sooner than the configuration's level gives them: by a latency, or by a throughput.

How this works. One level less helps against the wait for a commitment and nothing else, so what our own slowness costs is no
reason. A wish that was granted has made the latency small; that is no reason to take it back, or it would come and go for
ever. It is over when the chain itself would give what is wished for at the configuration's level.
"""

from typing import Final

from monitor.core.chain import Commitment
from monitor.core.conditions import Conditions

ENDS: Final = 0.8
"""Of what is wished for: a wish ends at it. Guessed."""


class Wishing:
    """Both wishes, each with a memory, so that a figure near a bound does not come and go."""

    def __init__(
        self, base: Commitment, max_latency: float | None, max_throughput: float | None
    ) -> None:
        """`base`: the configuration's level. None: nothing is wished for."""
        self._base = base
        self._max_latency = max_latency
        self._max_throughput = max_throughput
        self._late: float | None = None
        self._much: float | None = None
        """What they last were, while it is more than is wished for."""

    def look(self, conditions: Conditions, level: Commitment) -> str:
        """Why one level less is wished for, at the level in force; empty: it is not."""
        words = []
        if self._max_latency is not None:
            took = self._latency(conditions, level)
            self._late = _kept(took, self._max_latency, self._late)
            if self._late is not None:
                words.append(
                    f"events took {self._late:.2f} s where {self._max_latency:g} s are wished for"
                )
        if self._max_throughput is not None:
            self._much = _kept(conditions.throughput, self._max_throughput, self._much)
            if self._much is not None:
                words.append(
                    f"{self._much:.0f} events/s came where {self._max_throughput:g} are the most"
                )
        return "; ".join(words)

    def _latency(self, conditions: Conditions, level: Commitment) -> float | None:
        """Seconds at the base that a lower level would save: measured only while it is in force."""
        final = self._base is Commitment.FINALIZED
        delay = conditions.finalization_delay if final else conditions.confirmation_delay
        wait = None if delay is None else delay.p95
        if level is not self._base or wait is None:
            return wait
        return None if conditions.latency is None else min(conditions.latency, wait)


def _kept(figure: float | None, wished: float, last: float | None) -> float | None:
    """The figure while it is too much. What is unknown is as it was."""
    if figure is None:
        return last
    bound = wished if last is None else ENDS * wished
    return figure if figure > bound else None
