"""Fields written by hand are those that protobuf writes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.wire.fields import delimited, instruction, varint
from monitor.wire.pb import solana_storage_pb2 as pb


@given(st.integers(0, 2**64 - 1))
@example(0)
@example(0x7F)
@example(0x80)
@example(0xFFF)
@example(0x1000)
@example(2**64 - 1)
def test_a_number_is_written_as_protobuf_writes_it(number: int) -> None:
    written = pb.BlockHeight(block_height=number).SerializeToString()
    assert (b"\x08" + varint(number) if number else b"") == written
    assert varint(0) == b"\x00"


@pytest.mark.parametrize("number", [-1, -(2**40), 2**64])
def test_a_number_that_protobuf_has_no_place_for_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        varint(number)


@given(st.binary(max_size=300))
def test_bytes_stand_behind_their_length(content: bytes) -> None:
    transaction = pb.Transaction(signatures=[content])
    assert delimited(b"\x0a", content) == transaction.SerializeToString()


@given(st.integers(0, 300), st.binary(max_size=200), st.binary(max_size=200))
@example(0, b"", b"")
def test_an_instruction_leaves_out_what_is_zero_or_empty(
    program: int, accounts: bytes, content: bytes
) -> None:
    expected = pb.CompiledInstruction(program_id_index=program, accounts=accounts, data=content)
    assert instruction(program, accounts, content) == expected.SerializeToString()
