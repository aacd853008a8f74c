"""Slots given up by the million, in the ledger's file: ranges that never overlap, and hold no slot with a certificate.

The counts of certificates include them.
"""

from collections.abc import Iterable
from typing import Any, Final

import apsw

from monitor.core.certificates import SlotEnd
from monitor.stored import AbandonedSlots

_OVERLAPPING: Final = """
SELECT first, end, reason, closed_at_ns FROM abandoned
WHERE first >= coalesce((SELECT max(first) FROM abandoned WHERE first <= :first), :first)
    AND first < :end AND end > :first
ORDER BY first
"""
_PUT: Final = "INSERT INTO abandoned VALUES (?, ?, ?, ?)"
_UNCOUNT: Final = """
UPDATE tally SET ever = ever - (
    SELECT count(*) FROM certificates WHERE state = tally.state AND slot >= :first AND slot < :end)
"""
_COUNT: Final = """
INSERT INTO tally VALUES (:state, :slots, :slots)
    ON CONFLICT DO UPDATE SET ever = ever + excluded.ever, kept = kept + excluded.kept
"""


class AbandonedTable:
    """This table of one connection. Transactions, and the names of errors, are the caller's. All raise apsw.Error."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def put(self, abandoned: AbandonedSlots) -> None:
        """In place of all that was said of these slots."""
        first, end = abandoned.first, abandoned.end
        self.cut(first, end)
        self._connection.execute(_UNCOUNT, {"first": first, "end": end})
        self._connection.execute(
            "DELETE FROM certificates WHERE slot >= ? AND slot < ?", (first, end)
        )
        self._insert(abandoned)
        self._count(end - first)

    def cut(self, first: int, end: int) -> None:
        """These slots get another certificate."""
        for found in self.between(first, end):
            self._connection.execute("DELETE FROM abandoned WHERE first = ?", (found.first,))
            self._count(max(first, found.first) - min(end, found.end))
            for begin, stop in ((found.first, first), (end, found.end)):
                if begin < stop:
                    rest = AbandonedSlots(begin, stop, found.reason, found.closed_at_ns)
                    self._insert(rest)

    def between(self, first: int, end: int) -> list[AbandonedSlots]:
        """Whole ranges of which a part is between, ascending."""
        rows: Iterable[Any] = self._connection.execute(_OVERLAPPING, {"first": first, "end": end})
        return [AbandonedSlots(*row) for row in rows]

    def first_kept(self, slot: int) -> int:
        """The lowest slot from this one on that is in none."""
        while found := self.between(slot, slot + 1):
            slot = found[0].end
        return slot

    def _insert(self, abandoned: AbandonedSlots) -> None:
        row = (abandoned.first, abandoned.end, abandoned.reason, abandoned.closed_at_ns)
        self._connection.execute(_PUT, row)

    def _count(self, slots: int) -> None:
        self._connection.execute(_COUNT, {"state": SlotEnd.LOST.value, "slots": slots})
