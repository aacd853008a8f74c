"""From which slots on which commitment held, in the ledger's file: so that slots in flight end at the level they had."""

from collections.abc import Iterable
from typing import Any, Final

import apsw

from monitor.core.chain import Commitment
from monitor.core.level_history import Switch
from monitor.stored import StoredSwitch

_PUT: Final = "INSERT OR REPLACE INTO switches VALUES (?, ?, ?, ?, ?)"
_FORGET: Final = """
DELETE FROM switches WHERE at_ns < ? AND first_slot < (
    SELECT max(first_slot) FROM switches WHERE first_slot <= (
        SELECT coalesce(
            (SELECT min(slot) FROM certificates WHERE state IN ('partial', 'lost')),
            (SELECT slot FROM settled))))
"""


class SwitchTable:
    """This table of one connection. Transactions, and the names of errors, are the caller's. All raise apsw.Error."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def put(self, switches: Iterable[StoredSwitch]) -> None:
        """Each over one of the same first slot."""
        self._connection.executemany(_PUT, map(_row, switches))

    def all(self) -> list[StoredSwitch]:
        """By first slot, ascending."""
        rows: Iterable[Any] = self._connection.execute("SELECT * FROM switches ORDER BY first_slot")
        return [_stored(*row) for row in rows]

    def forget_before(self, at_ns: int) -> None:
        """Drop older ones, but those that hold for a slot that is open or not settled."""
        self._connection.execute(_FORGET, (at_ns,))


def _row(stored: StoredSwitch) -> tuple[int, str, str, str, int]:
    switch = stored.switch
    levels = (switch.level.name.lower(), switch.came_from.name.lower())
    return (switch.first_slot, *levels, switch.reason, stored.at_ns)


def _stored(first_slot: int, level: str, came_from: str, reason: str, at_ns: int) -> StoredSwitch:
    levels = (Commitment[level.upper()], Commitment[came_from.upper()])
    return StoredSwitch(Switch(first_slot, *levels, reason), at_ns)
