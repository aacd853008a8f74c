"""Slots of which no finalized block speaks, on their way to a certificate that says so.

A gap may be of many thousands, and live slots wait while certificates are made: so it is done some at a time.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from monitor.core.ranges import Ranges

A_TURN: Final = 256
"""Certificates made at a time. Guessed: some milliseconds."""


class Unspoken:
    """What is left to do."""

    def __init__(self) -> None:
        self.is_due = False
        """Some are left."""
        self._ranges = Ranges()

    def add(self, first: int, end: int) -> None:
        """These slots are to be certified, those that have no certificate by then."""
        self._ranges.add(first, end)
        self.is_due = len(self._ranges) > 0

    def take(self) -> list[int]:
        """The next ones, lowest first; they are done."""
        if not self.is_due:
            return []
        taken = list(islice(self._numbers(), A_TURN))
        self._ranges.remove(taken[0], taken[-1] + 1)
        self.is_due = len(self._ranges) > 0
        return taken

    def _numbers(self) -> Iterator[int]:
        for first, end in self._ranges:
            yield from range(first, end)
