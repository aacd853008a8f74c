"""The newest decisions, for people who ask why an endpoint is used as it is."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.core.failover import PLANNED, Explanation

NEWEST: Final = 200
"""Decisions that are kept."""


@dataclass(frozen=True, slots=True)
class Told:
    """A decision with names in the place of numbers. Names are None where no endpoint loses, or gains."""

    at: float
    what: str
    source: str | None
    target: str | None
    why: str
    is_planned: bool


class DecisionHistory:
    """At most the newest 200."""

    def __init__(self) -> None:
        self._kept: deque[Explanation] = deque(maxlen=NEWEST)

    def add(self, words: Iterable[Explanation]) -> None:
        """Keep what came of one look; the oldest ones are forgotten for it."""
        self._kept.extend(words)

    def told(self, names: Sequence[str], endpoint: int | None = None) -> list[Told]:
        """The oldest first; those about one endpoint alone where it is given, and what concerns all."""
        return [
            Told(
                at=each.at,
                what=each.what.value,
                source=None if each.source is None else names[each.source],
                target=None if each.target is None else names[each.target],
                why=each.why,
                is_planned=each.what in PLANNED,
            )
            for each in self._kept
            if endpoint is None or _concerns(each, endpoint)
        ]


def _concerns(each: Explanation, endpoint: int) -> bool:
    is_about_all = each.source is None and each.target is None
    return is_about_all or endpoint in (each.source, each.target)
