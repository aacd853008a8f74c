"""Messages are what solders reads and writes, and every signature on the chain verifies over them."""

from typing import Any

import pytest
from solders.hash import Hash
from solders.instruction import CompiledInstruction
from solders.message import (
    Message,
    MessageAddressTableLookup,
    MessageHeader,
    MessageV0,
    MessageV1,
    TransactionConfig,
    to_bytes_versioned,
)
from solders.pubkey import Pubkey
from solders.signature import Signature

from monitor.core.chain import Kind
from monitor.simulator.messages import message_bytes
from monitor.simulator.signing import Signer
from monitor.simulator.transactions import Config, Instruction, Outline
from tests.simulator.chains import canonical_banks, messages_of


def optional(config: Any, name: str) -> int | None:
    return getattr(config, name) if config.HasField(name) else None


def wire_message(message: Any) -> bytes:
    """The signed bytes of a protobuf message, by way of solders."""
    header = MessageHeader(
        message.header.num_required_signatures,
        message.header.num_readonly_signed_accounts,
        message.header.num_readonly_unsigned_accounts,
    )
    keys = [Pubkey(key) for key in message.account_keys]
    blockhash = Hash(message.recent_blockhash)
    calls = [
        CompiledInstruction(call.program_id_index, call.data, call.accounts)
        for call in message.instructions
    ]
    if message.HasField("config"):
        names = ("priority_fee", "compute_unit_limit", "loaded_accounts_data_size_limit")
        values = [optional(message.config, name) for name in (*names, "heap_size")]
        config = TransactionConfig(*values)
        return to_bytes_versioned(MessageV1(header, config, blockhash, keys, calls))
    if message.versioned:
        lookups = [
            MessageAddressTableLookup(
                Pubkey(lookup.account_key), lookup.writable_indexes, lookup.readonly_indexes
            )
            for lookup in message.address_table_lookups
        ]
        return to_bytes_versioned(MessageV0(header, keys, blockhash, calls, lookups))
    flags = (header.num_required_signatures, header.num_readonly_signed_accounts)
    legacy = Message.new_with_compiled_instructions(
        *flags, header.num_readonly_unsigned_accounts, keys, blockhash, calls
    )
    return bytes(legacy)


def test_every_signature_on_the_chain_verifies() -> None:
    versions: set[object] = set()
    for bank in canonical_banks()[:40]:
        for info in messages_of(bank, Kind.TRANSACTION):
            transaction = info.transaction.transaction
            message = transaction.message
            signed = wire_message(message)
            assert len(transaction.signatures) == message.header.num_required_signatures
            for key, signature in zip(message.account_keys, transaction.signatures, strict=False):
                assert Signature(signature).verify(Pubkey(key), signed)
            versions.add((message.versioned, message.HasField("config")))
            versions.add(len(transaction.signatures))
    assert versions == {(False, False), (True, False), (True, True), 1, 2}


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config(priority_fee=1050),
        Config(compute_unit_limit=7, heap_size=32_768),
        Config(1, 2, 3, 4),
    ],
)
def test_version_one_messages_are_those_of_solders(config: Config) -> None:
    signer, program = Signer(b"s" * 32), bytes(range(32))
    outline = Outline(
        version=1,
        signers=(signer,),
        header=(1, 0, 1),
        keys=(signer.key, program),
        instructions=(Instruction(1, b"\0"), Instruction(1, b"\1\0")),
        fee=5000,
        compute_units=1,
        cost_units=None,
        logs=(),
        config=config,
    )
    contents = (b"", b"x" * 300)
    expected = MessageV1(
        MessageHeader(1, 0, 1),
        TransactionConfig(
            config.priority_fee,
            config.compute_unit_limit,
            config.loaded_accounts_data_size_limit,
            config.heap_size,
        ),
        Hash(b"h" * 32),
        [Pubkey(signer.key), Pubkey(program)],
        [CompiledInstruction(1, contents[0], b"\0"), CompiledInstruction(1, contents[1], b"\1\0")],
    )
    assert message_bytes(outline, b"h" * 32, contents) == to_bytes_versioned(expected)
