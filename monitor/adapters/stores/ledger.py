"""Certificates and cursors in one SQLite file of the state directory.

Every commit is on the disk when it returns (WAL, synchronous=FULL). Calls block, and are made one at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
import orjson

from monitor.core.certificates import SlotEnd
from monitor.core.errors import StoreFailed
from monitor.ports import Cursor, StoredSlot

SCHEMA: Final = 1
"""Version of the tables; a file of a later one is refused."""
APPLICATION: Final = 0x63686D6F
"""SQLite's application_id of our files: `chmo`."""
LEAST_SQLITE: Final = (3, 51, 3)
"""Earlier ones can corrupt a file in WAL mode (sqlite.org, the WAL reset bug)."""
PATIENCE_MS: Final = 5000
"""How long a call waits for somebody who reads or writes the file besides us. Guessed."""
FORGET: Final = 5000
"""Certificates dropped in one transaction, so that the log of changes stays small. Guessed."""

_TABLES: Final = f"""
CREATE TABLE certificates(
    slot INTEGER PRIMARY KEY, state TEXT NOT NULL, proof TEXT NOT NULL, blockhash TEXT, parent_slot INTEGER,
    block_height INTEGER, sources TEXT NOT NULL, missed_by TEXT NOT NULL, delay_ms TEXT NOT NULL, recovered_by TEXT,
    closed_at_ns INTEGER NOT NULL);
CREATE INDEX certificates_by_age ON certificates(closed_at_ns) WHERE state NOT IN ('partial', 'lost');
CREATE TABLE cursors(
    sink TEXT NOT NULL, monitor TEXT NOT NULL, frontier INTEGER NOT NULL, place TEXT NOT NULL,
    PRIMARY KEY (sink, monitor)) WITHOUT ROWID;
CREATE TABLE settled(only INTEGER PRIMARY KEY CHECK (only = 0), slot INTEGER NOT NULL);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {SCHEMA};
"""
_PUT_SLOT: Final = f"INSERT OR REPLACE INTO certificates VALUES ({', '.join('?' * 11)})"
_PUT_CURSOR: Final = "INSERT INTO cursors VALUES (?, ?, ?, ?)"
_PUT_SETTLED: Final = (
    "INSERT INTO settled VALUES (0, ?) ON CONFLICT DO UPDATE SET slot = max(slot, excluded.slot)"
)
_FORGET: Final = """
DELETE FROM certificates WHERE slot IN (
    SELECT slot FROM certificates WHERE closed_at_ns < ? AND state NOT IN ('partial', 'lost') LIMIT ?)
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
    """The `LedgerStore` of a state directory."""

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
        try:
            with self._named():
                self._prepare()
        except StoreFailed:
            self._connection.close()
            raise

    def commit(self, slots: Sequence[StoredSlot], cursors: Sequence[Cursor], settled: int) -> None:
        """As `LedgerStore.commit`. Raises StoreFailed; nothing of it is stored then."""
        with self._named(), self._connection:
            self._connection.executemany(_PUT_SLOT, map(_row, slots))
            self._connection.execute("DELETE FROM cursors")
            self._connection.executemany(
                _PUT_CURSOR, ((c.sink, c.monitor, c.frontier, c.place) for c in cursors)
            )
            self._connection.execute(_PUT_SETTLED, (settled,))

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
            return [_stored(row) for row in self._connection.execute(asked, (first, end, limit))]

    def forget_before(self, closed_at_ns: int) -> int:
        """As `LedgerStore.forget_before`. Raises StoreFailed."""
        forgotten = 0
        while True:
            with self._named():
                self._connection.execute(_FORGET, (closed_at_ns, FORGET))
                changes = self._connection.changes()
            forgotten += changes
            if changes < FORGET:
                return forgotten

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
        if schema > SCHEMA:
            raise StoreFailed(
                f"{self._path}: version {schema}, and this release knows {SCHEMA}; "
                f"install the later release, or {_NEW_START}"
            )
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "FULL")
        if is_new:
            with connection:
                connection.execute(_TABLES)

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
    )


def _stored(row: Any) -> StoredSlot:
    slot, state, proof, blockhash, parent, height, sources, missed, delays, recovered, closed = row
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
    )
