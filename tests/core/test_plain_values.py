"""Plain values survive as bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.chain import Commitment
from monitor.core.errors import StowedMalformed
from monitor.core.plain_values import pack_value, unpack_value
from monitor.core.rungs import Rung

KEYS = st.none() | st.booleans() | st.integers() | st.binary() | st.text()
VALUES: st.SearchStrategy[Any] = st.recursive(
    KEYS | st.floats(allow_nan=False) | st.sets(KEYS),
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    again = unpack_value(pack_value(value))
    assert again == value
    assert repr(again) == repr(value) or isinstance(value, set | dict | list | tuple)


@given(VALUES, st.data())
def test_a_value_that_was_cut_off_is_refused(value: Any, data: st.DataObject) -> None:
    packed = pack_value(value)
    end = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(StowedMalformed):
        unpack_value(packed[:end])


def test_members_of_enumerations_come_back_as_what_they_equal() -> None:
    again = unpack_value(pack_value((Commitment.FINALIZED, Rung.RPC)))
    assert again == (2, "rpc")
    assert [type(each) for each in again] == [int, str]


def test_what_is_no_plain_value_is_refused() -> None:
    with pytest.raises(TypeError, match="a Random is no plain value"):
        pack_value([__import__("random").Random()])


@pytest.mark.parametrize(
    "packed", [b"\x20\0\0\0\0", b"\7\1\0\0\0\xff", b"\0\0", b"\x0b\1\0\0\0\x09\0\0\0\0\0"]
)
def test_bytes_that_are_no_value_are_refused(packed: bytes) -> None:
    with pytest.raises(StowedMalformed):
        unpack_value(packed)


def test_a_value_may_stand_behind_a_head() -> None:
    packed = pack_value("word", b"head")
    assert packed.startswith(b"head")
    assert unpack_value(packed, 4) == "word"
