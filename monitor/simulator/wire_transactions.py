"""The bytes of a transaction as it travels to a leader, made from the protobuf that geyser gives.

Lengths are compact-u16: as protobuf's varints, up to 65,535.
"""

import struct

from monitor.simulator.frames import varint
from monitor.wire.pb import solana_storage_pb2

_V0 = b"\x80"
_V1 = b"\x81"


def wire_bytes(transaction: solana_storage_pb2.Transaction) -> bytes:
    """Signatures and message; a version-1 message (SIMD-0385) comes first, its signatures last."""
    message = transaction.message
    if message.HasField("config"):
        return _v1(message) + b"".join(transaction.signatures)
    parts = [varint(len(transaction.signatures)), *transaction.signatures]
    if message.versioned:
        parts.append(_V0)
    parts += [_header(message), varint(len(message.account_keys)), *message.account_keys]
    parts += [message.recent_blockhash, varint(len(message.instructions))]
    for call in message.instructions:
        parts += [bytes((call.program_id_index,)), _counted(call.accounts), _counted(call.data)]
    if message.versioned:
        parts.append(varint(len(message.address_table_lookups)))
        for lookup in message.address_table_lookups:
            parts += [lookup.account_key, _counted(lookup.writable_indexes)]
            parts.append(_counted(lookup.readonly_indexes))
    return b"".join(parts)


def _v1(message: solana_storage_pb2.Message) -> bytes:
    config = message.config
    mask, values = 0, b""
    if config.HasField("priority_fee"):
        mask, values = 0b11, struct.pack("<Q", config.priority_fee)
    if config.HasField("compute_unit_limit"):
        mask, values = mask | 1 << 2, values + struct.pack("<I", config.compute_unit_limit)
    if config.HasField("loaded_accounts_data_size_limit"):
        limit = config.loaded_accounts_data_size_limit
        mask, values = mask | 1 << 3, values + struct.pack("<I", limit)
    if config.HasField("heap_size"):
        mask, values = mask | 1 << 4, values + struct.pack("<I", config.heap_size)
    parts = [_V1, _header(message), struct.pack("<I", mask), message.recent_blockhash]
    parts.append(bytes((len(message.instructions), len(message.account_keys))))
    parts += [*message.account_keys, values]
    for call in message.instructions:
        sizes = (call.program_id_index, len(call.accounts), len(call.data))
        parts.append(struct.pack("<BBH", *sizes))
    for call in message.instructions:
        parts += [call.accounts, call.data]
    return b"".join(parts)


def _header(message: solana_storage_pb2.Message) -> bytes:
    header = message.header
    return bytes(
        (
            header.num_required_signatures,
            header.num_readonly_signed_accounts,
            header.num_readonly_unsigned_accounts,
        )
    )


def _counted(content: bytes) -> bytes:
    return varint(len(content)) + content
