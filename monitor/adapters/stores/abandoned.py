"""Slots given up by the million, in the ledger's file: ranges that never overlap, and hold no slot with a certificate.

The counts of certificates include them.
"""

from typing import Final

import apsw

from monitor.adapters.stores.cutting import CutTable
from monitor.core.certificates import SlotEnd
from monitor.stored import AbandonedSlots

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
        self._ranges = CutTable(connection, "abandoned", columns=4)

    def put(self, abandoned: AbandonedSlots) -> None:
        """In place of all that was said of these slots."""
        first, end = abandoned.first, abandoned.end
        self.cut(first, end)
        self._connection.execute(_UNCOUNT, {"first": first, "end": end})
        self._connection.execute(
            "DELETE FROM certificates WHERE slot >= ? AND slot < ?", (first, end)
        )
        self._ranges.put((first, end, abandoned.reason, abandoned.closed_at_ns))
        self._count(end - first)

    def cut(self, first: int, end: int) -> None:
        """These slots get another certificate."""
        taken = self._ranges.cut(first, end)
        if taken:
            self._count(-taken)

    def between(self, first: int, end: int) -> list[AbandonedSlots]:
        """Whole ranges of which a part is between, ascending."""
        return [AbandonedSlots(*row) for row in self._ranges.between(first, end)]

    def first_kept(self, slot: int) -> int:
        """The lowest slot from this one on that is in none."""
        while found := self.between(slot, slot + 1):
            slot = found[0].end
        return slot

    def _count(self, slots: int) -> None:
        self._connection.execute(_COUNT, {"state": SlotEnd.LOST.value, "slots": slots})
