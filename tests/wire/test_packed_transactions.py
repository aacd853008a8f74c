"""Transactions in their wire form against the same ones read into messages."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.wire_transactions import wire_bytes
from monitor.wire.packed_transactions import PackedTransaction, open_transaction
from monitor.wire.pb import solana_storage_pb2 as pb
from monitor.wire.transaction_bytes import read_transaction
from monitor.wire.transactions import VOTE_PROGRAM, is_simple_vote

KEYS = st.binary(min_size=32, max_size=32)
INDEXES = st.binary(max_size=4)
INSTRUCTIONS = st.builds(
    pb.CompiledInstruction,
    program_id_index=st.integers(0, 4),
    accounts=st.binary(max_size=6) | st.just(bytes(200)),
    data=st.binary(max_size=40) | st.just(bytes(20_000)),
)
LOOKUPS = st.builds(
    pb.MessageAddressTableLookup,
    account_key=KEYS,
    writable_indexes=INDEXES,
    readonly_indexes=INDEXES,
)
CONFIGS = st.builds(
    pb.TransactionConfig,
    priority_fee=st.none() | st.integers(0, 2**64 - 1),
    compute_unit_limit=st.none() | st.integers(0, 2**32 - 1),
)


@st.composite
def _transactions(draw: Callable[..., Any]) -> pb.Transaction:
    version = draw(st.sampled_from(["legacy", 0, 1]))
    signatures = draw(st.integers(0, 3))
    message = pb.Message(
        header=pb.MessageHeader(
            num_required_signatures=signatures,
            num_readonly_signed_accounts=draw(st.integers(0, 2)),
            num_readonly_unsigned_accounts=draw(st.integers(0, 200)),
        ),
        account_keys=draw(st.lists(KEYS | st.just(VOTE_PROGRAM), max_size=5)),
        recent_blockhash=draw(KEYS),
        instructions=draw(st.lists(INSTRUCTIONS, max_size=3)),
        versioned=version != "legacy",
    )
    if version == 0:
        message.address_table_lookups.extend(draw(st.lists(LOOKUPS, max_size=3)))
    if version == 1:
        message.config.CopyFrom(draw(CONFIGS))
    return pb.Transaction(
        signatures=[bytes([n + 1]) * 64 for n in range(signatures)], message=message
    )


@given(_transactions())
def test_it_is_what_it_is_when_read_into_messages(transaction: pb.Transaction) -> None:
    wire = wire_bytes(transaction)
    opened = open_transaction(wire)
    assert opened.wire == wire
    assert opened.keys() == list(transaction.message.account_keys)
    assert opened.is_vote is is_simple_vote(transaction)
    assert opened.signature == (transaction.signatures[0] if transaction.signatures else b"")
    assert opened.encode() == transaction.SerializeToString()
    assert opened.encode() == read_transaction(wire).SerializeToString()


def _vote(**changes: Any) -> PackedTransaction:
    signatures = changes.get("signatures", 1)
    instruction = pb.CompiledInstruction(program_id_index=changes.get("index", 1))
    transaction = pb.Transaction(
        signatures=[bytes(64)] * signatures,
        message=pb.Message(
            account_keys=[bytes(32), changes.get("program", VOTE_PROGRAM)],
            recent_blockhash=bytes(32),
            instructions=[instruction] * changes.get("instructions", 1),
            versioned=changes.get("versioned", False),
        ),
    )
    return open_transaction(wire_bytes(transaction))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"signatures": 2}, True),
        ({"signatures": 3}, False),
        ({"signatures": 0}, False),
        ({"instructions": 2}, False),
        ({"instructions": 0}, False),
        ({"versioned": True}, False),
        ({"program": bytes(32)}, False),
        ({"index": 2}, False),
        ({"index": 200}, False),
    ],
    ids=str,
)
def test_a_vote_is_what_the_runtime_calls_one(changes: dict[str, Any], expected: bool) -> None:
    assert _vote(**changes).is_vote is expected


@pytest.mark.parametrize("version", ["legacy", 0])
def test_a_part_of_one_is_refused_wherever_it_ends(version: str | int) -> None:
    message = pb.Message(
        account_keys=[bytes(32)],
        recent_blockhash=bytes(32),
        instructions=[pb.CompiledInstruction(accounts=b"\x00", data=bytes(200))],
        versioned=version == 0,
    )
    if version == 0:
        message.address_table_lookups.add(account_key=bytes(32), writable_indexes=b"\x01\x02")
    wire = wire_bytes(pb.Transaction(signatures=[bytes(64)], message=message))
    for end in range(len(wire)):
        with pytest.raises((ValueError, IndexError)):
            open_transaction(wire[:end]).encode()
    with pytest.raises(ValueError, match=r"came as|has 1 more"):
        open_transaction(wire + b"\x00").encode()


@pytest.mark.parametrize("first", [0x81, 0x82, 0xFF])
def test_a_message_of_a_version_to_come_is_refused(first: int) -> None:
    wire = bytes([0, first, 0, 0, 0, 1]) + bytes(100)
    with pytest.raises(ValueError, match="version"):
        open_transaction(wire)


def test_a_count_of_three_bytes_is_read_as_far_as_there_are_bytes() -> None:
    start = bytes([0, 0, 0, 0, 0]) + bytes(32)
    with pytest.raises(IndexError):
        open_transaction(start + b"\xff\xff\x01").encode()
