"""Certificates, cursors and recovery in one SQLite file of the state directory.

Every commit is on the disk when it returns (WAL, synchronous=FULL). Calls block, and are made one at a time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from heapq import merge
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import apsw
import orjson

from monitor.adapters.stores.abandoned import AbandonedTable
from monitor.adapters.stores.drains import DrainTable
from monitor.adapters.stores.recovery import RecoveryTables
from monitor.adapters.stores.schema import APPLICATION, VERSION, bring_up
from monitor.adapters.stores.switches import SwitchTable
from monitor.core.certificates import CLOSED, SlotEnd
from monitor.core.errors import StoreFailed
from monitor.core.jobs import Job, JobsDone
from monitor.stored import (
    AbandonedSlots,
    Cursor,
    HeldEvents,
    SignOff,
    SlotTally,
    StoredSlot,
    StoredSwitch,
)

LEAST_SQLITE: Final = (3, 51, 3)
"""Earlier ones can corrupt a file in WAL mode (sqlite.org, the WAL reset bug)."""
PATIENCE_MS: Final = 5000
"""How long a call waits for somebody who reads or writes the file besides us. Guessed."""
FORGET: Final = 5000
"""Certificates dropped in one transaction, so that the log of changes stays small. Guessed."""

_PUT_SLOT: Final = f"""
INSERT INTO certificates VALUES ({", ".join("?" * 12)}) ON CONFLICT (slot) DO UPDATE SET
    state = excluded.state, proof = excluded.proof, blockhash = excluded.blockhash,
    parent_slot = excluded.parent_slot, block_height = excluded.block_height, sources = excluded.sources,
    missed_by = excluded.missed_by, delay_ms = excluded.delay_ms, recovered_by = excluded.recovered_by,
    closed_at_ns = excluded.closed_at_ns, parent_blockhash = excluded.parent_blockhash
"""
_PUT_CURSOR: Final = "INSERT INTO cursors VALUES (?, ?, ?, ?)"
_PUT_SETTLED: Final = (
    "INSERT INTO settled VALUES (0, ?) ON CONFLICT DO UPDATE SET slot = max(slot, excluded.slot)"
)
_FORGET: Final = """
DELETE FROM certificates WHERE slot IN (
    SELECT slot FROM certificates WHERE closed_at_ns < ? AND state NOT IN ('partial', 'lost') LIMIT ?)
"""
_LAST_BLOCK: Final = """
SELECT * FROM certificates WHERE slot < ? AND state IN ('complete', 'recovered') ORDER BY slot DESC LIMIT 1
"""
_OPEN_BEFORE: Final = """
SELECT slot FROM certificates WHERE state IN ('partial', 'lost') AND slot < ?
    AND slot NOT IN (SELECT slot FROM signed_off) ORDER BY slot
"""

_NEW_START: Final = "move it away, and the daemon starts anew at the tip"
_REMEDIES: Final[tuple[tuple[type[apsw.Error], str], ...]] = (
    (apsw.FullError, "free space; the daemon goes on by itself"),
    (apsw.NotADBError, _NEW_START),
    (apsw.CorruptError, _NEW_START),
    (apsw.SQLError, _NEW_START),
    (apsw.BusyError, "end the program that holds it"),
    (apsw.CantOpenError, "make the folder writable or change state_dir"),
    (apsw.ReadOnlyError, "make it writable or change state_dir"),
)


class SqliteLedger:
    """The `Store` of a state directory."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises StoreFailed."""
        self._path = path
        if sqlite_version() < LEAST_SQLITE:
            raise StoreFailed(
                f"SQLite {apsw.sqlite_lib_version()} can corrupt {path}; install the apsw that "
                "this release asks for"
            )
        with self._named():
            self._connection = apsw.Connection(str(path))
        self._recovery = RecoveryTables(self._connection)
        self._abandoned = AbandonedTable(self._connection)
        self._drains = DrainTable(self._connection)
        self._switches = SwitchTable(self._connection)
        try:
            with self._named():
                self._prepare()
        except StoreFailed:
            self._connection.close()
            raise

    @contextmanager
    def together(self) -> Iterator[None]:
        """As `LedgerStore.together`. Raises StoreFailed; nothing of it is stored then."""
        with self._named(), self._connection:
            yield

    def commit(self, slots: Sequence[StoredSlot], cursors: Sequence[Cursor], settled: int) -> None:
        """As `LedgerStore.commit`. Raises StoreFailed; nothing of it is stored then."""
        with self._named(), self._connection:
            for slot in slots:
                self._abandoned.cut(slot.slot, slot.slot + 1)
            self._connection.executemany(_PUT_SLOT, map(_row, slots))
            for slot in slots:
                if slot.end in CLOSED:
                    self._recovery.leave(slot.slot, slot.slot + 1)
            self._connection.execute("DELETE FROM cursors")
            self._connection.executemany(
                _PUT_CURSOR, ((c.sink, c.monitor, c.frontier, c.place) for c in cursors)
            )
            self._connection.execute(_PUT_SETTLED, (settled,))

    def abandon(self, abandoned: Sequence[AbandonedSlots]) -> None:
        """As `LedgerStore.abandon`. Raises StoreFailed; nothing of it is stored then."""
        with self._named(), self._connection:
            for each in abandoned:
                self._abandoned.put(each)
                self._recovery.leave(each.first, each.end)

    def first_kept(self, slot: int) -> int:
        """As `LedgerStore.first_kept`. Raises StoreFailed."""
        with self._named():
            return self._abandoned.first_kept(slot)

    def settled(self) -> int | None:
        """As `LedgerStore.settled`. Raises StoreFailed."""
        with self._named():
            found = self._connection.execute("SELECT slot FROM settled").fetchone()
            return None if found is None else int(found[0])

    def cursors(self) -> list[Cursor]:
        """As `LedgerStore.cursors`, by sink and monitor. Raises StoreFailed."""
        asked = "SELECT sink, monitor, frontier, place FROM cursors ORDER BY sink, monitor"
        with self._named():
            rows: list[Any] = self._connection.execute(asked).fetchall()
            return [Cursor(*row) for row in rows]

    def slots(self, first: int, end: int, limit: int) -> list[StoredSlot]:
        """As `LedgerStore.slots`. Raises StoreFailed."""
        asked = "SELECT * FROM certificates WHERE slot >= ? AND slot < ? ORDER BY slot LIMIT ?"
        with self._named():
            certified = map(_stored, self._connection.execute(asked, (first, end, limit)))
            abandoned = [each.slots(first, end) for each in self._abandoned.between(first, end)]
            return list(islice(merge(certified, *abandoned, key=attrgetter("slot")), limit))

    def last_block(self, before: int) -> StoredSlot | None:
        """As `LedgerStore.last_block`. Raises StoreFailed."""
        with self._named():
            row = self._connection.execute(_LAST_BLOCK, (before,)).fetchone()
            return None if row is None else _stored(row)

    def open_before(self, slot: int) -> list[tuple[int, int]]:
        """As `LedgerStore.open_before`. Raises StoreFailed."""
        ranges: list[tuple[int, int]] = []
        with self._named():
            rows: Iterable[Any] = self._connection.execute(_OPEN_BEFORE, (slot,))
            for (found,) in rows:
                if ranges and ranges[-1][1] == found:
                    ranges[-1] = (ranges[-1][0], found + 1)
                else:
                    ranges.append((found, found + 1))
        return ranges

    def tally(self) -> SlotTally:
        """As `LedgerStore.tally`. Raises StoreFailed."""
        with self._named():
            rows: list[Any] = self._connection.execute("SELECT * FROM tally").fetchall()
            return SlotTally(
                {SlotEnd(state): ever for state, ever, _ in rows if ever},
                {SlotEnd(state): kept for state, _, kept in rows if kept},
            )

    def forget_before(self, closed_at_ns: int) -> int:
        """As `LedgerStore.forget_before`. Raises StoreFailed."""
        with self._named():
            self._switches.forget_before(closed_at_ns)
        forgotten = 0
        while True:
            with self._named():
                self._connection.execute(_FORGET, (closed_at_ns, FORGET))
                changes = self._connection.changes()
            forgotten += changes
            if changes < FORGET:
                return forgotten

    def commit_recovery(
        self,
        given: Mapping[int, bytes],
        changes: Sequence[Job | JobsDone],
        held: Sequence[HeldEvents] = (),
    ) -> None:
        """As `RecoveryStore.commit_recovery`. Raises StoreFailed; nothing of it is stored then."""
        with self._named(), self._connection:
            self._recovery.put_given(given)
            self._recovery.put_held(held)
            self._recovery.change(changes)

    def given(self, slots: Sequence[int]) -> dict[int, bytes]:
        """As `RecoveryStore.given`. Raises StoreFailed."""
        with self._named():
            return self._recovery.given(slots)

    def held(self) -> list[HeldEvents]:
        """As `RecoveryStore.held`. Raises StoreFailed."""
        with self._named():
            return self._recovery.held()

    def jobs(self) -> list[Job]:
        """As `RecoveryStore.jobs`. Raises StoreFailed."""
        with self._named():
            return self._recovery.jobs()

    def watch_anew(self, first: int) -> None:
        """As `RecoveryStore.watch_anew`. Raises StoreFailed; nothing of it is stored then."""
        with self._named(), self._connection:
            self._recovery.watch_anew(first)

    def sign_off(self, signed: SignOff) -> None:
        """As `RecoveryStore.sign_off`. Raises StoreFailed."""
        with self._named():
            self._recovery.sign_off(signed)

    def signed_off(self) -> list[SignOff]:
        """As `RecoveryStore.signed_off`. Raises StoreFailed."""
        with self._named():
            return self._recovery.signed_off()

    def keep_drain(self, endpoint: str, at_ns: int | None) -> None:
        """As `DrainStore.keep_drain`. Raises StoreFailed."""
        with self._named():
            if at_ns is None:
                self._drains.take_out(endpoint)
            else:
                self._drains.put(endpoint, at_ns)

    def drains(self) -> dict[str, int]:
        """As `DrainStore.drains`. Raises StoreFailed."""
        with self._named():
            return self._drains.all()

    def keep_switches(self, switches: Sequence[StoredSwitch]) -> None:
        """As `SwitchStore.keep_switches`. Raises StoreFailed; nothing of it is stored then."""
        with self._named(), self._connection:
            self._switches.put(switches)

    def switches(self) -> list[StoredSwitch]:
        """As `SwitchStore.switches`. Raises StoreFailed."""
        with self._named():
            return self._switches.all()

    def close(self) -> None:
        """Close the file. Raises StoreFailed."""
        with self._named():
            self._connection.close()

    def _prepare(self) -> None:
        connection = self._connection
        connection.set_busy_timeout(PATIENCE_MS)
        application = connection.pragma("application_id")
        schema = connection.pragma("user_version")
        is_new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        if not is_new and application != APPLICATION:
            raise StoreFailed(f"{self._path}: no ledger of ours; {_NEW_START}")
        if schema > VERSION:
            raise StoreFailed(
                f"{self._path}: version {schema}, and this release knows {VERSION}; "
                f"install the later release, or {_NEW_START}"
            )
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "FULL")
        bring_up(connection)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Errors of SQLite, with the file's name and a remedy."""
        try:
            yield
        except apsw.Error as error:
            remedies = (remedy for kind, remedy in _REMEDIES if isinstance(error, kind))
            remedy = next(remedies, "look at the disk; the daemon goes on by itself")
            why = str(error).partition(": ")[2] or str(error)
            raise StoreFailed(f"{self._path}: {why}; {remedy}") from error


def sqlite_version() -> tuple[int, ...]:
    """Of the SQLite in use."""
    return tuple(map(int, apsw.sqlite_lib_version().split(".")))


def _row(slot: StoredSlot) -> tuple[str | int | None, ...]:
    return (
        slot.slot,
        slot.end.value,
        slot.proof,
        slot.blockhash,
        slot.parent_slot,
        slot.block_height,
        orjson.dumps(slot.sources).decode(),
        orjson.dumps(slot.missed_by).decode(),
        orjson.dumps(slot.delay_ms).decode(),
        slot.recovered_by,
        slot.closed_at_ns,
        slot.parent_blockhash,
    )


def _stored(row: Any) -> StoredSlot:
    slot, state, proof, blockhash, parent, height, sources, missed, delays, recovered, closed = row[
        :11
    ]
    return StoredSlot(
        slot=slot,
        end=SlotEnd(state),
        proof=proof,
        blockhash=blockhash,
        parent_slot=parent,
        block_height=height,
        sources=tuple((name, count, covers) for name, count, covers in orjson.loads(sources)),
        missed_by=tuple(orjson.loads(missed)),
        delay_ms=tuple((name, delay) for name, delay in orjson.loads(delays)),
        recovered_by=recovered,
        closed_at_ns=closed,
        parent_blockhash=row[11],
    )
