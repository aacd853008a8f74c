"""Recovery's tables in the ledger's file: jobs, what was handed on of open slots, and what was signed off.

Jobs are ranges that never overlap. A change of a part of a stored range leaves the rest as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import apsw

from monitor.adapters.stores.cutting import CutTable
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.rungs import Rung
from monitor.stored import HeldEvents, SignOff

_PUT_GIVEN: Final = "INSERT OR REPLACE INTO given VALUES (?, ?)"
_PUT_HELD: Final = "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)"
_PUT_SIGN_OFF: Final = "INSERT OR REPLACE INTO signed_off VALUES (?, ?, ?)"
_LEAVE: Final = """
DELETE FROM {table} WHERE slot >= ? AND slot < ?
    AND (slot IN (SELECT slot FROM signed_off)
        OR slot NOT IN (SELECT slot FROM certificates WHERE state IN ('partial', 'lost')))
"""
_LEAVE_GIVEN: Final = _LEAVE.format(table="given")
_LEAVE_HELD: Final = _LEAVE.format(table="held")
_ASKED: Final = 500
"""Slots in one question: SQLite takes so many parameters in all its builds."""


class RecoveryTables:
    """These tables of one connection. Transactions, and the names of errors, are the caller's. All raise apsw.Error."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._jobs = CutTable(connection, "jobs", columns=5)

    def put_given(self, given: Mapping[int, bytes]) -> None:
        """What was handed on of open slots, over what was stored."""
        self._connection.executemany(_PUT_GIVEN, given.items())

    def put_held(self, held: Iterable[HeldEvents]) -> None:
        """What sinks held of open slots, over what was stored of the same slot, sink and monitor."""
        rows = ((h.slot, h.sink, h.monitor, b"\n".join(h.ids)) for h in held)
        self._connection.executemany(_PUT_HELD, rows)

    def change(self, changes: Sequence[Job | JobsDone]) -> None:
        """Each over what is stored of its slots, in this order."""
        for change in changes:
            self._jobs.cut(change.first, change.end)
            match change:
                case Job():
                    self._jobs.put(_row(change))
                case JobsDone():
                    self.leave(change.first, change.end)

    def leave(self, first: int, end: int) -> None:
        """Forget what was handed on of these slots, but of those that are still certified as open."""
        self._connection.execute(_LEAVE_GIVEN, (first, end))
        self._connection.execute(_LEAVE_HELD, (first, end))

    def watch_anew(self, first: int) -> None:
        """Forget everything of slots from this one on, but what was signed off."""
        row = self._connection.execute("SELECT max(end) FROM jobs").fetchone()
        if row is not None and row[0] is not None and row[0] > first:
            self._jobs.cut(first, row[0])
        self._connection.execute("DELETE FROM given WHERE slot >= ?", (first,))
        self._connection.execute("DELETE FROM held WHERE slot >= ?", (first,))

    def given(self, slots: Sequence[int]) -> dict[int, bytes]:
        """What was handed on of those of these slots of which something is stored."""
        found: dict[int, bytes] = {}
        for start in range(0, len(slots), _ASKED):
            part = slots[start : start + _ASKED]
            places = ", ".join("?" * len(part))
            asked = f"SELECT slot, given FROM given WHERE slot IN ({places})"
            rows: Iterable[Any] = self._connection.execute(asked, part)
            found.update((slot, given) for slot, given in rows)
        return found

    def held(self) -> list[HeldEvents]:
        """What sinks held, by slot."""
        rows: Iterable[Any] = self._connection.execute(
            "SELECT slot, sink, monitor, ids FROM held ORDER BY slot, sink, monitor"
        )
        return [HeldEvents(s, sink, name, tuple(ids.split(b"\n"))) for s, sink, name, ids in rows]

    def jobs(self) -> list[Job]:
        """By slot; leases are void."""
        rows: Iterable[Any] = self._connection.execute("SELECT * FROM jobs ORDER BY first")
        return [_job(row) for row in rows]

    def sign_off(self, signed: SignOff) -> None:
        """Over what was said of this slot before."""
        self._connection.execute(_PUT_SIGN_OFF, (signed.slot, signed.reason, signed.at_ns))

    def signed_off(self) -> list[SignOff]:
        """By slot."""
        rows: Iterable[Any] = self._connection.execute("SELECT * FROM signed_off ORDER BY slot")
        return [SignOff(*row) for row in rows]


def _row(job: Job) -> tuple[int, int, str, int, str]:
    return (job.first, job.end, job.rung.value, job.attempts, job.state.value)


def _job(row: Any) -> Job:
    first, end, rung, attempts, state = row
    kept = JobState(state)
    return Job(first, end, Rung(rung), attempts, JobState.OPEN if kept is JobState.LEASED else kept)
