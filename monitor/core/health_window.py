"""The last slots as endpoints told them, and the rates and delays that they come to."""

from collections import deque
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final, NamedTuple

from monitor.core.endpoint_health import Delay

WINDOW: Final = 512
"""Slots that rates and delays are of: over three minutes. Guessed."""


class Share(NamedTuple):
    """What one endpoint brought of one slot, in updates."""

    there: int
    """That anybody brought of the block, where this endpoint should have brought all; else 0."""
    lacking: int
    """Those of them that it did not bring."""
    brought: int
    repeated: int
    """Those that it brought after another copy."""


class Rates(NamedTuple):
    """Of one endpoint, as `EndpointHealth` tells them."""

    miss_rate: float = 0.0
    duplicate_rate: float = 0.0
    first_share: float = 0.0
    delay: Delay = Delay()


class Window:
    """The last WINDOW slots. Adding one is cheap; what they come to is reckoned when somebody asks."""

    def __init__(self, endpoints: int) -> None:
        self._endpoints = endpoints
        self._slots: deque[tuple[Mapping[int, int], Mapping[int, Share]]] = deque(maxlen=WINDOW)
        self._rates: list[Rates] | None = None  # None since a slot was added

    def add(self, stamps: Mapping[int, int], shares: Mapping[int, Share]) -> None:
        """One slot more: by endpoint, when it told its end (nanoseconds), and what it brought."""
        self._slots.append((stamps, shares))
        self._rates = None

    def rates(self) -> list[Rates]:
        """What the slots come to, by endpoint."""
        if self._rates is None:
            self._rates = self._reckoned()
        return self._rates

    def _reckoned(self) -> list[Rates]:
        sums = [[0, 0, 0, 0] for _ in range(self._endpoints)]
        firsts = [0] * self._endpoints
        delays: list[list[float]] = [[] for _ in range(self._endpoints)]
        for stamps, shares in self._slots:
            earliest = min(stamps.values(), default=0)
            for endpoint, stamp in stamps.items():
                firsts[endpoint] += stamp == earliest
                delays[endpoint].append((stamp - earliest) / 1e9)
            for endpoint, share in shares.items():
                sums[endpoint] = [
                    one + more for one, more in zip(sums[endpoint], share, strict=True)
                ]
        return [
            Rates(
                _share(lacking, there),
                _share(repeated, brought),
                _share(firsts[endpoint], len(delays[endpoint])),
                _delay(delays[endpoint]),
            )
            for endpoint, (there, lacking, brought, repeated) in enumerate(sums)
        ]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _delay(delays: list[float]) -> Delay:
    if not delays:
        return Delay()
    delays.sort()
    return Delay(_at(delays, 0.5), _at(delays, 0.95), _at(delays, 0.99))


def _at(ordered: Sequence[float], share: float) -> float:
    """The least number that so much of them does not exceed."""
    return ordered[ceil(share * len(ordered)) - 1]
