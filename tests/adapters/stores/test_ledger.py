"""The ledger's file: what is committed is there after a restart, and what cannot be used is refused by name."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from typing_extensions import override

from monitor.adapters.stores import ledger
from monitor.adapters.stores.ledger import SqliteLedger
from monitor.adapters.stores.schema import VERSION
from monitor.core.certificates import SlotEnd
from monitor.core.errors import StoreFailed
from monitor.core.jobs import Job, JobState
from monitor.core.rungs import Rung
from monitor.stored import Cursor, SlotTally, StoredSlot

SLOT = StoredSlot(
    slot=300_000_001,
    end=SlotEnd.COMPLETE,
    proof="transactions 0..41 counted",
    blockhash="5xY",
    parent_slot=300_000_000,
    block_height=280_000_000,
    sources=(("ams", 42, True), ("nyc", 41, False)),
    missed_by=("nyc",),
    delay_ms=(("ams", 0.0), ("nyc", 12.5)),
    recovered_by=None,
    closed_at_ns=1_795_246_920_000_000_000,
)
SKIPPED = StoredSlot(300_000_002, SlotEnd.SKIPPED, "x", None, None, None, (), (), (), None, 7)
CURSOR = Cursor("file", "usdc", 300_000_001, '{"offset":7}')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def reopened(store: SqliteLedger, path: Path) -> SqliteLedger:
    store.close()
    return SqliteLedger(path)


def test_a_new_store_knows_nothing(path: Path) -> None:
    store = SqliteLedger(path)
    assert (store.settled(), store.cursors(), store.slots(0, 2**62, 10)) == (None, [], [])


def test_what_was_committed_is_there_after_a_restart(path: Path) -> None:
    store = SqliteLedger(path)
    store.commit([SLOT, SKIPPED], [CURSOR], 300_000_002)
    store = reopened(store, path)
    assert store.slots(0, 2**62, 10) == [SLOT, SKIPPED]
    assert store.cursors() == [CURSOR]
    assert store.settled() == 300_000_002


def test_what_was_committed_is_seen_by_another_connection_before_the_end(path: Path) -> None:
    SqliteLedger(path).commit([SLOT], [], 7)
    assert SqliteLedger(path).slots(0, 2**62, 10) == [SLOT]


def test_a_later_certificate_takes_the_place_of_the_earlier_one(path: Path) -> None:
    store = SqliteLedger(path)
    store.commit([replace(SLOT, end=SlotEnd.PARTIAL)], [], 1)
    store.commit([SLOT], [], 1)
    assert store.slots(0, 2**62, 10) == [SLOT]


def test_cursors_that_are_not_named_again_are_forgotten(path: Path) -> None:
    store = SqliteLedger(path)
    store.commit([], [CURSOR, replace(CURSOR, monitor="gone")], 1)
    moved = replace(CURSOR, frontier=300_000_009, place="")
    store.commit([], [moved], 1)
    assert store.cursors() == [moved]


def test_the_last_block_is_one_that_was_held_whole(path: Path) -> None:
    store = SqliteLedger(path)
    lost = replace(SKIPPED, slot=300_000_003, end=SlotEnd.LOST)
    store.commit([SLOT, SKIPPED, lost], [], 1)
    assert store.last_block(300_000_009) == SLOT
    recovered = replace(SLOT, slot=300_000_004, end=SlotEnd.RECOVERED)
    store.commit([recovered], [], 1)
    assert store.last_block(300_000_009) == recovered
    assert store.last_block(300_000_004) == SLOT
    assert store.last_block(300_000_001) is None


def test_settled_never_goes_back(path: Path) -> None:
    store = SqliteLedger(path)
    store.commit([], [], 9)
    store.commit([], [], 5)
    assert store.settled() == 9


def test_slots_are_a_range_without_its_end_and_never_more_than_asked(path: Path) -> None:
    store = SqliteLedger(path)
    store.commit([replace(SLOT, slot=slot) for slot in (9, 3, 5, 7)], [], 9)
    assert [s.slot for s in store.slots(3, 9, 10)] == [3, 5, 7]
    assert [s.slot for s in store.slots(3, 9, 2)] == [3, 5]


def test_forgets_old_certificates_but_open_ones(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "FORGET", 2)
    store = SqliteLedger(path)
    ends = {1: SlotEnd.COMPLETE, 2: SlotEnd.PARTIAL, 3: SlotEnd.LOST, 4: SlotEnd.SKIPPED}
    ends |= {5: SlotEnd.DEAD, 6: SlotEnd.FORKED, 7: SlotEnd.RECOVERED, 8: SlotEnd.COMPLETE}
    old = [replace(SLOT, slot=slot, end=end, closed_at_ns=slot) for slot, end in ends.items()]
    store.commit(old, [], 8)
    assert store.forget_before(8) == 5
    assert [s.slot for s in store.slots(0, 100, 100)] == [2, 3, 8]


def test_open_slots_are_ranges_below_a_slot(path: Path) -> None:
    store = SqliteLedger(path)
    partial, lost = SlotEnd.PARTIAL, SlotEnd.LOST
    ends = {3: partial, 4: lost, 5: SlotEnd.COMPLETE, 6: partial, 8: partial, 9: partial}
    store.commit([replace(SLOT, slot=slot, end=end) for slot, end in ends.items()], [], 9)
    assert store.open_before(9) == [(3, 5), (6, 7), (8, 9)]
    assert store.open_before(3) == []


def test_the_tally_follows_amended_certificates_and_outlives_forgotten_ones(path: Path) -> None:
    store = SqliteLedger(path)
    assert store.tally() == SlotTally({}, {})
    store.commit([replace(SLOT, slot=slot, closed_at_ns=slot) for slot in (1, 2, 3)], [], 3)
    store.commit([replace(SLOT, slot=4, end=SlotEnd.PARTIAL, closed_at_ns=1)], [], 4)
    store.commit([replace(SLOT, slot=4, end=SlotEnd.RECOVERED, closed_at_ns=4)], [], 4)
    store.commit([replace(SLOT, slot=3, end=SlotEnd.COMPLETE, closed_at_ns=3)], [], 4)
    store.forget_before(3)
    store = reopened(store, path)
    assert store.tally() == SlotTally(
        ever={SlotEnd.COMPLETE: 3, SlotEnd.RECOVERED: 1},
        kept={SlotEnd.COMPLETE: 1, SlotEnd.RECOVERED: 1},
    )


JOB = Job(5, 9, Rung.RPC, 0, JobState.OPEN)


def test_what_is_committed_together_is_one_transaction(path: Path) -> None:
    store = SqliteLedger(path)
    watcher = SqliteLedger(path)
    with store.together():
        store.commit([SLOT], [CURSOR], 1)
        store.commit_recovery({7: b"x"}, [JOB])
        assert (watcher.settled(), watcher.jobs()) == (None, [])
    assert (watcher.settled(), watcher.jobs(), watcher.given([7])) == (1, [JOB], {7: b"x"})


def test_nothing_is_stored_of_what_fails_in_the_middle(path: Path) -> None:
    store = SqliteLedger(path)
    backwards = Job(9, 5, Rung.RPC, 0, JobState.OPEN)
    with pytest.raises(StoreFailed, match="end > first"), store.together():
        store.commit([SLOT], [CURSOR], 1)
        store.commit_recovery({7: b"x"}, [JOB, backwards])
    assert (store.settled(), store.cursors(), store.jobs(), store.given([7])) == (None, [], [], {})
    assert store.slots(0, 2**62, 9) == []


@pytest.mark.parametrize("content", [b"torn", b"some other file " * 1000])
def test_a_file_that_is_no_database_is_refused_with_its_name(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreFailed) as refused:
        SqliteLedger(path)
    assert str(refused.value) == (
        f"{path}: file is not a database; move it away, and the daemon starts anew at the tip"
    )
    assert path.read_bytes() == content


def test_a_file_that_was_overwritten_in_the_middle_is_refused_with_its_name(path: Path) -> None:
    store = SqliteLedger(path)
    store.commit([replace(SLOT, slot=slot) for slot in range(200)], [], 200)
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreFailed, match=r"ledger\.sqlite: .*; move it away, and the daemon"):
        SqliteLedger(path).slots(0, 2**62, 1000)


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    foreign = apsw.Connection(str(path))
    foreign.execute("CREATE TABLE certificates(slot)")
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(StoreFailed, match=r"ledger\.sqlite: no ledger of ours; move it away"):
        SqliteLedger(path)
    assert path.read_bytes() == before


def test_a_file_of_a_later_release_is_refused(path: Path) -> None:
    SqliteLedger(path).close()
    later = apsw.Connection(str(path))
    later.pragma("user_version", VERSION + 1)
    later.close()
    with pytest.raises(StoreFailed) as refused:
        SqliteLedger(path)
    assert str(refused.value) == (
        f"{path}: version {VERSION + 1}, and this release knows {VERSION}; install the later release, "
        "or move it away, and the daemon starts anew at the tip"
    )


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="unable to open database file; make the folder writable"):
        SqliteLedger(tmp_path / "none" / "ledger.sqlite")


def test_a_sqlite_that_can_corrupt_files_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(StoreFailed, match=r"SQLite 3\.51\.2 can corrupt .*; install the apsw"):
        SqliteLedger(path)
    assert not path.exists()


class FullDisk(apsw.VFS):
    """A file system that can be filled up."""

    def __init__(self) -> None:
        self.full = False
        super().__init__("full", "", makedefault=True)

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return FullFile(self, name, flags)


class FullFile(apsw.VFSFile):
    """A file on it."""

    def __init__(
        self, disk: FullDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self.disk = disk
        super().__init__("unix", name, flags)

    @override
    def xWrite(self, data: bytes, offset: int) -> None:
        if self.disk.full:
            raise apsw.FullError("database or disk is full")
        super().xWrite(data, offset)


@pytest.fixture
def disk() -> Iterator[FullDisk]:
    disk = FullDisk()
    yield disk
    disk.unregister()


def test_a_full_disk_fails_a_commit_whole_and_the_next_one_succeeds(
    path: Path, disk: FullDisk
) -> None:
    store = SqliteLedger(path)
    store.commit([SLOT], [CURSOR], 1)
    disk.full = True
    with pytest.raises(StoreFailed, match=r"ledger\.sqlite: .*; free space; the daemon goes on"):
        store.commit([SKIPPED], [], 2)
    assert (store.settled(), store.cursors(), store.slots(0, 2**62, 9)) == (1, [CURSOR], [SLOT])
    with pytest.raises(StoreFailed, match="free space"), store.together():
        store.commit([SKIPPED], [], 2)
        store.commit_recovery({7: bytes(100_000)}, [JOB])
    assert (store.settled(), store.jobs(), store.given([7])) == (1, [], {})
    disk.full = False
    store.commit([SKIPPED], [], 2)
    assert (store.settled(), store.slots(0, 2**62, 9)) == (2, [SLOT, SKIPPED])
    store.close()
