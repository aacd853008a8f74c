"""The last slots of one endpoint, and the rates and delays that they come to."""

from collections import deque
from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple

from monitor.core.endpoint_health import Delay

WINDOW: Final = 512
"""Slots that rates and delays are of: over three minutes. Guessed."""


class Showing(NamedTuple):
    """One slot as the endpoint told it."""

    delay: float | None
    """Seconds after the earliest endpoint; None: it did not tell the end of the slot."""
    is_first: bool
    there: int = 0
    """Updates that there are of it, where it should have brought all."""
    lacking: int = 0
    """Those that it did not bring."""
    brought: int = 0
    repeated: int = 0
    """Of those that it brought, how many another copy preceded."""


class Window:
    """The last WINDOW slots."""

    def __init__(self) -> None:
        self._slots: deque[Showing] = deque(maxlen=WINDOW)

    def add(self, showing: Showing) -> None:
        """One slot more; the oldest one goes."""
        self._slots.append(showing)

    def miss_rate(self) -> float:
        """Share of what there was that it did not bring."""
        return _share(
            sum(each.lacking for each in self._slots), sum(each.there for each in self._slots)
        )

    def duplicate_rate(self) -> float:
        """Share of what it brought that another copy preceded."""
        return _share(
            sum(each.repeated for each in self._slots), sum(each.brought for each in self._slots)
        )

    def first_share(self) -> float:
        """Share of slots whose end it told first."""
        return _share(sum(each.is_first for each in self._slots), len(self._slots))

    def delay(self) -> Delay:
        """How far behind the earliest endpoint it is, slot by slot."""
        known = sorted(each.delay for each in self._slots if each.delay is not None)
        if not known:
            return Delay()
        return Delay(_at(known, 0.5), _at(known, 0.95), _at(known, 0.99))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _at(ordered: Sequence[float], share: float) -> float:
    """The least number that so much of them does not exceed."""
    return ordered[ceil(share * len(ordered)) - 1]
