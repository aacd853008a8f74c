"""The tables of the ledger's file, and how a file of an earlier release gets them."""

from typing import Final

import apsw

VERSION: Final = 5
"""Version of the tables; a file of a later one is refused."""
APPLICATION: Final = 0x63686D6F
"""SQLite's application_id of our files: `chmo`."""

_OPEN: Final = "('partial', 'lost')"
_CERTIFICATES: Final = f"""
CREATE TABLE certificates(
    slot INTEGER PRIMARY KEY, state TEXT NOT NULL, proof TEXT NOT NULL, blockhash TEXT, parent_slot INTEGER,
    block_height INTEGER, sources TEXT NOT NULL, missed_by TEXT NOT NULL, delay_ms TEXT NOT NULL, recovered_by TEXT,
    closed_at_ns INTEGER NOT NULL);
CREATE INDEX certificates_by_age ON certificates(closed_at_ns) WHERE state NOT IN {_OPEN};
CREATE TABLE cursors(
    sink TEXT NOT NULL, monitor TEXT NOT NULL, frontier INTEGER NOT NULL, place TEXT NOT NULL,
    PRIMARY KEY (sink, monitor)) WITHOUT ROWID;
CREATE TABLE settled(only INTEGER PRIMARY KEY CHECK (only = 0), slot INTEGER NOT NULL);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = 1;
"""
# Counts are kept by triggers: a month is millions of certificates, and counting them takes seconds.
# Triggers see no row that INSERT OR REPLACE replaces, so certificates are written by an upsert.
_RECOVERY: Final = f"""
ALTER TABLE certificates ADD COLUMN parent_blockhash TEXT;
CREATE INDEX certificates_open ON certificates(slot) WHERE state IN {_OPEN};
CREATE TABLE given(slot INTEGER PRIMARY KEY, given BLOB NOT NULL);
CREATE TABLE held(
    slot INTEGER NOT NULL, sink TEXT NOT NULL, monitor TEXT NOT NULL, ids BLOB NOT NULL,
    PRIMARY KEY (slot, sink, monitor)) WITHOUT ROWID;
CREATE TABLE jobs(
    first INTEGER PRIMARY KEY, end INTEGER NOT NULL CHECK (end > first), rung TEXT NOT NULL,
    attempts INTEGER NOT NULL, state TEXT NOT NULL);
CREATE TABLE signed_off(slot INTEGER PRIMARY KEY, reason TEXT NOT NULL, at_ns INTEGER NOT NULL);
CREATE TABLE tally(state TEXT PRIMARY KEY, ever INTEGER NOT NULL, kept INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO tally SELECT state, count(*), count(*) FROM certificates GROUP BY state;
CREATE TRIGGER certified AFTER INSERT ON certificates BEGIN
    INSERT INTO tally VALUES (new.state, 1, 1)
        ON CONFLICT DO UPDATE SET ever = ever + 1, kept = kept + 1;
END;
CREATE TRIGGER amended AFTER UPDATE OF state ON certificates WHEN old.state <> new.state BEGIN
    UPDATE tally SET ever = ever - 1, kept = kept - 1 WHERE state = old.state;
    INSERT INTO tally VALUES (new.state, 1, 1)
        ON CONFLICT DO UPDATE SET ever = ever + 1, kept = kept + 1;
END;
CREATE TRIGGER forgotten AFTER DELETE ON certificates BEGIN
    UPDATE tally SET kept = kept - 1 WHERE state = old.state;
END;
PRAGMA user_version = 2;
"""
_ABANDONED: Final = """
CREATE TABLE abandoned(
    first INTEGER PRIMARY KEY, end INTEGER NOT NULL CHECK (end > first), reason TEXT NOT NULL,
    closed_at_ns INTEGER NOT NULL);
PRAGMA user_version = 3;
"""
_DRAINS: Final = """
CREATE TABLE drains(endpoint TEXT PRIMARY KEY, at_ns INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 4;
"""
_SWITCHES: Final = f"""
CREATE TABLE switches(
    first_slot INTEGER PRIMARY KEY, level TEXT NOT NULL, came_from TEXT NOT NULL, reason TEXT NOT NULL,
    at_ns INTEGER NOT NULL);
PRAGMA user_version = {VERSION};
"""
_STEPS: Final = (_CERTIFICATES, _RECOVERY, _ABANDONED, _DRAINS, _SWITCHES)
"""By the version that they begin with; each is one transaction."""


def bring_up(connection: apsw.Connection) -> None:
    """Give a file all tables, whichever of our releases wrote it; what is in it stays. Raises apsw.Error."""
    while (version := connection.pragma("user_version")) < VERSION:
        with connection:
            connection.execute(_STEPS[version])
