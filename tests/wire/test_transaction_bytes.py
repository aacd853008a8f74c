"""The wire form of transactions, with solders' serialisation as the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.hash import Hash
from solders.instruction import CompiledInstruction
from solders.keypair import Keypair
from solders.message import (
    Message,
    MessageAddressTableLookup,
    MessageHeader,
    MessageV0,
    MessageV1,
    TransactionConfig,
)
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from monitor.wire.pb import solana_storage_pb2 as pb
from monitor.wire.transaction_bytes import read_transaction
from monitor.wire.transactions import map_transaction
from tests.real_blocks import read_json
from tests.shared_data import needs_shared_data

PAYER = Keypair.from_seed(bytes([7] * 32))
BLOCKHASH = Hash(bytes(range(32)))
PROGRAM = Pubkey(bytes([3] * 32))
KEYS = [PAYER.pubkey(), Pubkey(bytes([5] * 32)), PROGRAM]
HEADER = MessageHeader(1, 0, 1)

V1_FILES = [
    "transactions/v1/mainnet-v1-447741300-h5wK3vNz.getTransaction.result.json",
    "transactions/v1/devnet-v1-block-507277497.getBlock.result.reduced-2tx.json",
]


def _compiled(accounts: bytes, data: bytes) -> CompiledInstruction:
    return CompiledInstruction(program_id_index=2, data=data, accounts=accounts)


def _signed(message: Message | MessageV0 | MessageV1) -> bytes:
    return bytes(VersionedTransaction(message, [PAYER]))


def _expected(wire: bytes, *instructions: tuple[bytes, bytes]) -> pb.Transaction:
    signature = bytes(VersionedTransaction.from_bytes(wire).signatures[0])
    return pb.Transaction(
        signatures=[signature],
        message=pb.Message(
            header=pb.MessageHeader(num_required_signatures=1, num_readonly_unsigned_accounts=1),
            account_keys=[bytes(key) for key in KEYS],
            recent_blockhash=bytes(BLOCKHASH),
            instructions=[
                pb.CompiledInstruction(program_id_index=2, accounts=accounts, data=data)
                for accounts, data in instructions
            ],
        ),
    )


def test_reads_a_legacy_transaction() -> None:
    message = Message.new_with_compiled_instructions(
        1, 0, 1, KEYS, BLOCKHASH, [_compiled(b"\x00\x01", b"hello"), _compiled(b"", b"")]
    )
    wire = _signed(message)
    assert read_transaction(wire) == _expected(wire, (b"\x00\x01", b"hello"), (b"", b""))


@pytest.mark.parametrize("length", [127, 128, 16_383, 16_384])
def test_reads_counts_of_one_to_three_bytes(length: int) -> None:
    content = bytes(range(256)) * 64
    message = Message.new_with_compiled_instructions(
        1, 0, 1, KEYS, BLOCKHASH, [_compiled(b"\x01" * 200, content[:length])]
    )
    wire = _signed(message)
    assert read_transaction(wire) == _expected(wire, (b"\x01" * 200, content[:length]))


def test_an_empty_header_is_still_a_header() -> None:
    nothing = bytes([0, 0, 0, 0, 0]) + bytes(32) + bytes([0])
    assert read_transaction(nothing).message.HasField("header")


def test_reads_version_0_with_its_lookups() -> None:
    table = Pubkey(bytes([9] * 32))
    lookups = [MessageAddressTableLookup(table, bytes([1, 200]), bytes([4]))]
    wire = _signed(MessageV0(HEADER, KEYS, BLOCKHASH, [_compiled(b"\x00\x03", b"swap")], lookups))
    expected = _expected(wire, (b"\x00\x03", b"swap"))
    expected.message.versioned = True
    expected.message.address_table_lookups.add(
        account_key=bytes(table), writable_indexes=b"\x01\xc8", readonly_indexes=b"\x04"
    )
    assert read_transaction(wire) == expected


OPTIONAL_U32 = st.none() | st.integers(0, 2**32 - 1)


@given(
    priority_fee=st.none() | st.integers(0, 2**64 - 1),
    compute_unit_limit=OPTIONAL_U32,
    loaded_accounts_data_size_limit=OPTIONAL_U32,
    heap_size=OPTIONAL_U32,
)
def test_reads_version_1_with_any_config(
    priority_fee: int | None,
    compute_unit_limit: int | None,
    loaded_accounts_data_size_limit: int | None,
    heap_size: int | None,
) -> None:
    config = TransactionConfig(
        priority_fee, compute_unit_limit, loaded_accounts_data_size_limit, heap_size
    )
    instructions = [(b"\x00\x01", b"first"), (b"", b""), (b"\x01", b"x" * 300)]
    message = MessageV1(HEADER, config, BLOCKHASH, KEYS, [_compiled(a, d) for a, d in instructions])
    wire = _signed(message)
    expected = _expected(wire, *instructions)
    expected.message.versioned = True
    expected.message.config.CopyFrom(
        pb.TransactionConfig(
            priority_fee=priority_fee,
            compute_unit_limit=compute_unit_limit,
            loaded_accounts_data_size_limit=loaded_accounts_data_size_limit,
            heap_size=heap_size,
        )
    )
    assert wire[0] == 0x81
    assert wire.endswith(expected.signatures[0])
    assert read_transaction(wire) == expected
    assert read_transaction(wire).message.HasField("config")


def _wires() -> list[bytes]:
    compiled = [_compiled(b"\x00", b"data")]
    table = MessageAddressTableLookup(Pubkey(bytes([9] * 32)), b"\x01", b"\x02")
    return [
        _signed(Message.new_with_compiled_instructions(1, 0, 1, KEYS, BLOCKHASH, compiled)),
        _signed(MessageV0(HEADER, KEYS, BLOCKHASH, compiled, [table])),
        _signed(MessageV1(HEADER, TransactionConfig(1, 2, 3, 4), BLOCKHASH, KEYS, compiled)),
    ]


@pytest.mark.parametrize("wire", _wires(), ids=["legacy", "0", "1"])
def test_refuses_bytes_that_end_at_any_point_or_go_on(wire: bytes) -> None:
    for length in range(len(wire)):
        with pytest.raises(ValueError, match="ends at byte"):
            read_transaction(wire[:length])
    with pytest.raises(ValueError, match="has 2 more"):
        read_transaction(wire + b"\x00\x00")


def test_refuses_what_it_does_not_know() -> None:
    _, version_0, version_1 = _wires()
    message_at = 1 + 64
    with pytest.raises(ValueError, match="version 2"):
        read_transaction(version_0[:message_at] + b"\x82" + version_0[message_at + 1 :])
    for mask in (0x3F, 0x1D):
        with pytest.raises(ValueError, match=f"config has unknown parts: mask {mask:#x}"):
            read_transaction(version_1[:4] + bytes([mask]) + version_1[5:])
    with pytest.raises(ValueError, match="longer than three bytes"):
        read_transaction(b"\xff\xff\xff\xff" + bytes(200))


@needs_shared_data
@pytest.mark.parametrize("path", V1_FILES)
def test_real_version_1_transactions_survive_the_wire(path: str) -> None:
    """JSON to protobuf, to wire by solders (whose check of the signature proves the fields), and back."""
    document = read_json(path)
    answer = document["transactions"][0] if "transactions" in document else document
    transaction = map_transaction(0, answer).transaction
    message, config = transaction.message, transaction.message.config
    assert config.HasField("priority_fee")
    assert not config.HasField("heap_size")
    rebuilt = VersionedTransaction.populate(
        MessageV1(
            MessageHeader(
                message.header.num_required_signatures,
                message.header.num_readonly_signed_accounts,
                message.header.num_readonly_unsigned_accounts,
            ),
            TransactionConfig(
                config.priority_fee,
                config.compute_unit_limit,
                config.loaded_accounts_data_size_limit,
                None,
            ),
            Hash(message.recent_blockhash),
            [Pubkey(key) for key in message.account_keys],
            [
                CompiledInstruction(one.program_id_index, one.data, one.accounts)
                for one in message.instructions
            ],
        ),
        [Signature(signature) for signature in transaction.signatures],
    )
    assert rebuilt.verify_with_results() == [True]
    assert read_transaction(bytes(rebuilt)) == transaction
