"""Data slices: whole or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.monitors import DataSlice
from monitor.wire.slices import cut, in_order

DATA = bytes(range(10))


@pytest.mark.parametrize(
    ("slices", "left"),
    [
        ([], DATA),
        ([(0, 4)], DATA[:4]),
        ([(0, 2), (4, 2)], DATA[:2] + DATA[4:6]),
        ([(8, 2)], DATA[8:]),
        ([(8, 3)], b""),
        ([(8, 3), (0, 1)], DATA[:1]),
        ([(10, 0)], b""),
        ([(0, 0)], b""),
    ],
)
def test_a_slice_that_does_not_fit_is_left_out(slices: list[tuple[int, int]], left: bytes) -> None:
    assert cut(DATA, [DataSlice(*part) for part in slices]) == left


@given(st.binary(max_size=40), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))))
def test_what_is_cut_is_in_the_data_and_whole(data: bytes, parts: list[tuple[int, int]]) -> None:
    slices = [DataSlice(*part) for part in parts]

    left = cut(data, slices)

    if not slices:
        assert left == data
    else:
        fitting = [s for s in slices if s.offset + s.length <= len(data)]
        assert len(left) == sum(s.length for s in fitting)
        assert all(left[: s.length] == data[s.offset :][: s.length] for s in fitting[:1])


@pytest.mark.parametrize(
    ("slices", "taken"),
    [
        ([], True),
        ([(0, 4), (4, 4)], True),
        ([(0, 4), (3, 4)], False),
        ([(5, 1), (0, 1)], False),
        ([(0, 9), (9, 0), (9, 1)], True),
    ],
)
def test_a_server_takes_slices_in_order_without_overlap(
    slices: list[tuple[int, int]], taken: bool
) -> None:
    assert in_order([DataSlice(*part) for part in slices]) == taken
