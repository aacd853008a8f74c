"""A stream recorded from mainnet in February 2026 reads without a loss."""

from collections import Counter
from collections.abc import Iterator

import zstandard

from monitor.core.chain import Kind, SlotStatus
from monitor.core.events import Row
from monitor.wire.names import NameTable
from monitor.wire.peek import peek
from tests.shared_data import SHARED, needs_shared_data

RECORDED = SHARED / "streams" / "yellowstone-richat-20260205.part1.bin.zst"

pytestmark = needs_shared_data


def recorded_frames() -> Iterator[bytes]:
    """Each frame follows its length, u32 big-endian."""
    whole = zstandard.ZstdDecompressor().stream_reader(RECORDED.read_bytes()).read()
    at = 0
    while at < len(whole):
        size = int.from_bytes(whole[at : at + 4], "big")
        yield whole[at + 4 : at + 4 + size]
        at += 4 + size


def recorded_rows() -> list[Row]:
    names = NameTable(1, {}, judge=lambda _kind, _frame: 1)
    return peek(list(enumerate(recorded_frames())), names)


def test_every_frame_is_a_row() -> None:
    counts = Counter(row[0] for row in recorded_rows())

    assert counts[Kind.ENTRY] == 21_001
    assert counts[Kind.SLOT] == 183
    assert counts[Kind.BLOCK_META] == 31


def test_the_rows_agree_with_each_other_as_the_chain_does() -> None:
    rows = recorded_rows()
    metas = [row for row in rows if row[0] == Kind.BLOCK_META]
    entries = Counter(row[1] for row in rows if row[0] == Kind.ENTRY)
    last_hashes = {row[1]: row[2] for row in rows if row[0] == Kind.ENTRY}
    processed = {
        row[1]: row[4][0] for row in rows if row[0] == Kind.SLOT and row[2] == SlotStatus.PROCESSED
    }
    hashes = {row[1]: row[2] for row in metas}

    whole = [row for row in metas if entries[row[1]] == row[4][4]]
    assert len(whole) == 30  # the first is cut by the start of the recording
    assert all(last_hashes[row[1]][:32] == row[4][6] for row in whole)
    assert all(processed.get(row[1], row[4][0]) == row[4][0] for row in metas)
    assert all(hashes.get(row[4][0], row[4][1]) == row[4][1] for row in metas)
