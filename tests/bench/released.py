"""How long after what allows it the events of a slot are handed on: the first one, and the last.

At confirmed and finalized a slot is allowed by the status that says so; at processed each event by its own arrival. What
was held when the level changed is allowed by that, all of it together. Moments are those of the daemon's clock, frames
having theirs from when the reading thread took them.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Final

from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Release
from monitor.core.events import Row

NS_AN_EVENT: Final = 15_000
"""That the last event may come later for each of its slot."""
LEVELS: Final = (Commitment.CONFIRMED, Commitment.FINALIZED)
KEPT: Final = 4096
"""Statuses that are remembered."""

_row: Final = itemgetter(5)
_slot: Final = itemgetter(1)
_stamp: Final = itemgetter(5)

Key = tuple[str, int]
"""A level and a slot; or `pin` and the moment of a change."""


@dataclass(slots=True)
class Unit:
    """What is allowed by one thing. Delays in nanoseconds."""

    first: int
    last: int
    events: int = 0
    is_each_alone: bool = False
    """At processed: no event waits for others."""

    @property
    def over(self) -> int:
        """Delay of the last event, less what all of them may take."""
        return self.last - (0 if self.is_each_alone else self.events * NS_AN_EVENT)


class Delays:
    """Of a run."""

    def __init__(self) -> None:
        self.units: dict[Key, Unit] = {}
        self._told: dict[tuple[int, int], int] = {}
        self._pinned_at = -1

    def saw(self, rows: Iterable[Row]) -> None:
        """These came, and go to the kernel."""
        for row in rows:
            if row[0] == Kind.SLOT and row[2] in LEVELS:
                self._told.setdefault((row[1], row[2]), row[5])
        for key in list(islice(self._told, max(0, len(self._told) - KEPT))):
            del self._told[key]

    def pinned(self, now_ns: int) -> None:
        """The level is changed now."""
        self._pinned_at = now_ns

    def handed_on(self, release: Release, now_ns: int) -> None:
        """This has been handed on by now."""
        rows = [_row(each) for each in release.released if _row(each)[0] < Kind.UNDO]
        counts = Counter(map(_slot, rows))
        oldest = dict(zip(map(_slot, reversed(rows)), map(_stamp, reversed(rows)), strict=True))
        level = release.commitment
        for slot, events in counts.items():
            alone = level is Commitment.PROCESSED
            cause = oldest[slot] if alone else self._told.get((slot, level))
            if cause is None:
                continue  # It was told before the run began.
            key: Key = (level.name.lower(), slot)
            if cause < self._pinned_at:
                key, cause, alone = ("pin", self._pinned_at), self._pinned_at, False
            delay = now_ns - cause
            unit = self.units.setdefault(key, Unit(delay, delay, is_each_alone=alone))
            unit.events += events
            unit.last = max(unit.last, delay)

    def firsts(self) -> dict[str, list[int]]:
        """Delays of the first events, by level or `pin`."""
        return self._by_word(lambda unit: unit.first)

    def overs(self) -> dict[str, list[int]]:
        """Delays of the last events less what their number allows, by level or `pin`."""
        return self._by_word(lambda unit: unit.over)

    def _by_word(self, delay: Callable[[Unit], int]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for (word, _), unit in self.units.items():
            found.setdefault(word, []).append(delay(unit))
        return found
