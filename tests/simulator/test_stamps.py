"""Stamps are the bytes that protobuf itself writes for created_at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.frames import frame
from monitor.simulator.stamps import encoded_stamp

_EDGES = (0, 1, (1 << 21) - 1, 1 << 21, (1 << 28) - 1, 1 << 28, 999_999_999, 1_000_000_000)


@pytest.mark.parametrize("nanoseconds", _EDGES)
def test_edges(nanoseconds: int) -> None:
    assert encoded_stamp(nanoseconds) == frame((), b"", nanoseconds)


@given(st.integers(0, 2**62))
def test_any_time(nanoseconds: int) -> None:
    assert encoded_stamp(nanoseconds) == frame((), b"", nanoseconds)
