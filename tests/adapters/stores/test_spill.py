"""Slots on the disk: there whole or not at all, whatever becomes of the process and the disk."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.adapters.stores.spill import SpillFolder, fingerprint
from monitor.core.errors import SpillFailed, SpillFull, SpillTorn
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.spilled import SpilledSlot, SpillIndex

ROOT = Path(__file__).resolve().parents[3]
OWN, OTHER = fingerprint("own"), fingerprint("other")
EMPTY = SpillIndex((), 0, ())
GIB = 2**30


def folder(
    path: Path, own: bytes = OWN, max_bytes: int = GIB, utc: int = 1000
) -> tuple[SpillFolder, SpillIndex]:
    made = SpillFolder(path / "spill", own, max_bytes, lambda stamp: stamp + utc)
    return made, made.open()


def packed(slot: int) -> bytes:
    return b"outline %d" % slot + os.urandom(5000)


def test_a_slot_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    spill, index = folder(tmp_path)
    assert index == EMPTY
    first, second = packed(7), packed(8)
    spill.put(7, 9, first)
    spill.put(8, 9, second)
    assert spill.slots == 2
    assert spill.bytes_used == sum(each.stat().st_size for each in (tmp_path / "spill").iterdir())
    assert spill.get(7) == SpilledSlot(7, first, 0)
    spill.put(7, 9, second)
    assert spill.get(7).packed == second


def test_the_next_process_finds_outlines_and_whole_slots_and_by_what_its_clock_is_ahead(
    tmp_path: Path,
) -> None:
    spill, _ = folder(tmp_path, utc=1000)
    for slot in (10, 9):
        spill.put(slot, 9, packed(slot))
    whole = spill.get(9).packed
    again, index = folder(tmp_path, utc=400)
    assert [(each.slot, each.packed, each.moved_ns) for each in index.slots] == [
        (9, whole[:9], 600),
        (10, b"outline 1", 600),
    ]
    assert (again.slots, again.bytes_used) == (2, spill.bytes_used)
    assert again.get(9) == SpilledSlot(9, whole, 600)


def test_what_is_needed_no_more_is_removed(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path)
    for slot in (7, 8):
        spill.put(slot, 9, packed(slot))
    spill.remove([7, 99])
    assert spill.slots == 1
    spill.remove([8])
    assert (spill.slots, spill.bytes_used) == (0, 0)
    assert list((tmp_path / "spill").iterdir()) == []


def test_at_its_bound_it_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path, max_bytes=8000)
    spill.put(7, 9, packed(7))
    with pytest.raises(SpillFull, match=r"may hold 8000; raise spill\.max_bytes"):
        spill.put(8, 9, packed(8))
    assert spill.slots == 1
    assert len(spill.get(7).packed) == 5009
    spill.remove([7])
    spill.put(8, 9, packed(8))


def test_a_full_disk_is_a_refusal_and_leaves_nothing_behind(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path)
    spill.put(7, 9, packed(7))
    before = spill.get(7)
    (tmp_path / "spill" / "7.unfinished").symlink_to("/dev/full")
    with pytest.raises(SpillFull, match="No space left on device; free space"):
        spill.put(7, 9, packed(7))
    assert [each.name for each in (tmp_path / "spill").iterdir()] == ["7.segment"]
    assert spill.get(7) == before
    spill.put(7, 9, packed(7))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path)
    (tmp_path / "spill" / "7.unfinished").mkdir()
    with pytest.raises(SpillFailed, match=r"7\.segment: Is a directory") as caught:
        spill.put(7, 9, packed(7))
    assert not isinstance(caught.value, SpillFull)


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "spill").write_bytes(b"")
    with pytest.raises(SpillFailed, match="File exists"):
        folder(tmp_path)


def test_another_configuration_removes_what_it_cannot_read(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path)
    spill.put(7, 9, packed(7))
    spill.put(8, 9, packed(8))
    _, index = folder(tmp_path, own=OTHER)
    assert index == SpillIndex((), 2, ())
    assert folder(tmp_path)[1] == EMPTY


@pytest.mark.parametrize("kept", [0, 3, 60, 90, 2000, -1])
def test_a_torn_segment_is_set_aside_and_the_others_are_read(tmp_path: Path, kept: int) -> None:
    spill, _ = folder(tmp_path)
    for slot in (7, 8):
        spill.put(slot, 9, packed(slot))
    path = tmp_path / "spill" / "7.segment"
    path.write_bytes(path.read_bytes()[:kept])
    again, index = folder(tmp_path)
    assert [each.slot for each in index.slots] == [8]
    assert index.torn == ("7.segment",)
    assert path.with_suffix(".torn").exists()
    with pytest.raises(SpillTorn, match="not there any more"):
        again.get(7)
    assert folder(tmp_path)[1].torn == ()


def test_a_segment_under_another_name_is_none(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path)
    spill.put(7, 9, packed(7))
    (tmp_path / "spill" / "7.segment").rename(tmp_path / "spill" / "9.segment")
    assert folder(tmp_path)[1] == SpillIndex((), 0, ("9.segment",))


def test_a_slot_that_the_disk_spoilt_is_set_aside_and_counts_no_more(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path)
    spill.put(7, 9, packed(7))
    path = tmp_path / "spill" / "7.segment"
    spoilt = bytearray(path.read_bytes())
    spoilt[-100] ^= 1
    path.write_bytes(spoilt)
    with pytest.raises(SpillTorn, match="not what was written; see whether the disk is sound"):
        spill.get(7)
    assert path.with_suffix(".torn").exists()
    assert (spill.slots, spill.bytes_used) == (0, 0)


def test_a_whole_segment_of_another_slot_is_not_taken_for_this_one(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path)
    for slot in (7, 8):
        spill.put(slot, 9, packed(slot))
    (tmp_path / "spill" / "8.segment").replace(tmp_path / "spill" / "7.segment")
    with pytest.raises(SpillTorn, match="another segment"):
        spill.get(7)


def test_what_cannot_be_removed_is_said_and_the_others_are_removed(tmp_path: Path) -> None:
    spill, _ = folder(tmp_path)
    for slot in (7, 8):
        spill.put(slot, 9, packed(slot))
    path = tmp_path / "spill" / "7.segment"
    path.unlink()
    path.mkdir()
    with pytest.raises(SpillFailed, match=r"7\.segment"):
        spill.remove([7, 8])
    assert spill.slots == 1
    with pytest.raises(SpillFailed):
        spill.get(7)


def test_a_slot_counts_once_its_file_and_its_name_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill, _ = folder(tmp_path)
    synced: list[tuple[str, list[str]]] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        names = sorted(each.name for each in (tmp_path / "spill").iterdir())
        synced.append((Path(os.readlink(f"/proc/self/fd/{descriptor}")).name, names))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    spill.put(7, 9, packed(7))
    assert synced == [("7.unfinished", ["7.unfinished"]), ("spill", ["7.segment"])]


def test_a_disk_that_fails_while_it_syncs_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill, _ = folder(tmp_path)

    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(SpillFailed, match="Input/output error"):
        spill.put(7, 9, packed(7))
    assert (spill.slots, list((tmp_path / "spill").iterdir())) == (0, [])


DYING = """
import os, signal, sys
from pathlib import Path
from monitor.adapters.stores.spill import SpillFolder, fingerprint
spill = SpillFolder(Path(sys.argv[1]), fingerprint("own"), 2**30, lambda stamp: stamp)
spill.open()
for slot in range(10**6):
    spill.put(slot, 3, b"out" + slot.to_bytes(8, "little") * 4000)
    os.write(1, b"%d\\n" % slot)
"""


def test_a_kill_at_any_moment_leaves_all_that_counted_and_nothing_torn(tmp_path: Path) -> None:
    for most in range(1, 6):
        path = tmp_path / f"{most}" / "spill"
        with subprocess.Popen(
            [sys.executable, "-c", DYING, str(path)], cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            told = [int(process.stdout.readline()) for _ in range(7 * most)]
            process.send_signal(signal.SIGKILL)
            told += [int(line) for line in process.stdout.read().split(b"\n")[:-1]]
        spill, index = folder(path.parent)
        assert index.torn == ()
        found = [each.slot for each in index.slots]
        assert found[: len(told)] == told
        assert all(spill.get(slot).packed[3:11] == slot.to_bytes(8, "little") for slot in found)


def test_a_fingerprint_tells_configurations_apart() -> None:
    monitor = Monitor("a", transactions=TransactionsFilter(vote=False))
    other = Monitor("a", transactions=TransactionsFilter(vote=True))
    assert fingerprint(["ams"], [monitor]) == fingerprint(["ams"], [monitor])
    assert len({fingerprint(["ams"], [each]) for each in (monitor, other)}) == 2
    assert len(fingerprint()) == 16
