"""A segment is read as it was written, or not at all."""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.stores.spill_segments import (
    HEAD_BYTES,
    head_of,
    outline_in,
    packed_in,
    segment,
)
from monitor.core.errors import SpillTorn

OWN = b"o" * 16
OUTLINE, REST = b"outline", b"rows of the slot " * 50
WRITTEN = b"".join(segment(OWN, 77, -5, len(OUTLINE), OUTLINE + REST))


def test_a_slot_comes_back_and_its_outline_by_itself() -> None:
    head = head_of(WRITTEN)
    assert (head.fingerprint, head.slot, head.utc_ns) == (OWN, 77, -5)
    assert head.segment_bytes == len(WRITTEN) < len(OUTLINE + REST)
    assert outline_in(head, WRITTEN[: HEAD_BYTES + len(OUTLINE)]) == OUTLINE
    assert packed_in(WRITTEN) == OUTLINE + REST


def test_a_slot_of_which_the_outline_is_all_comes_back() -> None:
    assert packed_in(b"".join(segment(OWN, 1, 0, 7, OUTLINE))) == OUTLINE


@given(st.integers(0, len(WRITTEN) - 1))
def test_a_segment_that_was_cut_off_is_refused(end: int) -> None:
    with pytest.raises(SpillTorn):
        packed_in(WRITTEN[:end])


@given(st.integers(0, len(WRITTEN) - 1), st.integers(1, 255))
def test_a_segment_of_which_one_byte_is_spoilt_is_refused(place: int, spoil: int) -> None:
    spoilt = bytearray(WRITTEN)
    spoilt[place] ^= spoil
    with pytest.raises(SpillTorn):
        packed_in(bytes(spoilt))


def test_what_only_has_sums_like_a_segment_is_none() -> None:
    head = bytearray(WRITTEN[: HEAD_BYTES - 4])
    head[:8] = b"anything"
    with pytest.raises(SpillTorn):
        head_of(bytes(head) + crc32(head).to_bytes(4, "little"))
