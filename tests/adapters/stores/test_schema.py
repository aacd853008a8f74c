"""The tables: a file of an earlier release keeps what is in it, whenever it was interrupted."""

from pathlib import Path

import apsw
import pytest

from monitor.adapters.stores import schema
from monitor.adapters.stores.ledger import SqliteLedger
from monitor.adapters.stores.schema import APPLICATION, VERSION, bring_up
from monitor.core.certificates import SlotEnd
from monitor.stored import Cursor, SlotTally, StoredSlot

FIRST_RELEASE = f"""
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
PRAGMA user_version = 1;
INSERT INTO certificates VALUES
    (7, 'complete', 'p', 'h', 6, 5, '[["ams",1,true]]', '["nyc"]', '[["ams",0.5]]', NULL, 9),
    (8, 'partial', 'q', NULL, NULL, NULL, '[]', '[]', '[]', NULL, 9);
INSERT INTO cursors VALUES ('file', 'a', 8, 'place');
INSERT INTO settled VALUES (0, 8);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def earlier(path: Path) -> Path:
    """A file that the first release left."""
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.execute(FIRST_RELEASE)
    connection.close()
    return path


def tables(path: Path) -> set[tuple[str, str]]:
    connection = apsw.Connection(str(path))
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    ).fetchall()
    connection.close()
    return {(str(name), " ".join(str(sql).split())) for name, sql in rows}


def test_what_the_first_release_stored_is_kept(earlier: Path) -> None:
    store = SqliteLedger(earlier)
    ams = (("ams", 1, True),)
    assert store.slots(0, 100, 100) == [
        StoredSlot(7, SlotEnd.COMPLETE, "p", "h", 6, 5, ams, ("nyc",), (("ams", 0.5),), None, 9),
        StoredSlot(8, SlotEnd.PARTIAL, "q", None, None, None, (), (), (), None, 9),
    ]
    assert (store.cursors(), store.settled()) == ([Cursor("file", "a", 8, "place")], 8)


def test_certificates_of_the_first_release_are_counted_and_its_open_slots_known(
    earlier: Path,
) -> None:
    store = SqliteLedger(earlier)
    counts = {SlotEnd.COMPLETE: 1, SlotEnd.PARTIAL: 1}
    assert store.tally() == SlotTally(counts, counts)
    assert store.open_before(100) == [(8, 9)]


def test_an_earlier_file_comes_to_the_tables_of_a_new_one(earlier: Path, tmp_path: Path) -> None:
    SqliteLedger(earlier).close()
    SqliteLedger(tmp_path / "new.sqlite").close()
    assert tables(earlier) == tables(tmp_path / "new.sqlite")


def test_the_file_says_its_version_and_is_brought_up_once(path: Path) -> None:
    SqliteLedger(path).close()
    before = tables(path)
    connection = apsw.Connection(str(path))
    bring_up(connection)
    assert (connection.pragma("user_version"), VERSION) == (5, 5)
    connection.close()
    assert tables(path) == before


def test_a_step_that_fails_leaves_the_file_as_it_was(
    earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(earlier)
    first, second, *others = schema._STEPS
    connection = apsw.Connection(str(earlier))
    with monkeypatch.context() as patch, pytest.raises(apsw.SQLError):
        patch.setattr(schema, "_STEPS", (first, second + "CREATE TABLE jobs(again);", *others))
        bring_up(connection)
    assert connection.pragma("user_version") == 1
    connection.close()
    assert tables(earlier) == before
    assert SqliteLedger(earlier).settled() == 8
