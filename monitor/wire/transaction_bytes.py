"""The wire form of a transaction, as getBlock gives it in base64, read into protobuf.

Three forms. Legacy and version 0: signatures, then the message; a version 0 message begins with 0x80 and ends with its
address table lookups. Version 1 (SIMD-0385): begins with 0x81, has its compute budget in the message behind a mask,
all instruction headers before all instruction payloads, and its signatures LAST. Counts in the older two are
shortvec: 7 bits a byte, low first, the top bit says that more follow. By hand, because it is no slower than asking a
parsed object for its parts (BACKFILL 4), and tests hold it against solders.
"""

from typing import Final

from monitor.wire.pb.solana_storage_pb2 import CompiledInstruction, Message, Transaction

_VERSION_FLAG: Final = 0x80
_VERSION_1: Final = 0x81
_SIGNATURE_BYTES: Final = 64
_KEY_BYTES: Final = 32

_CONFIG_PRIORITY_FEE: Final = 0b11
"""Two bits of the mask, always set together: a u64 takes two places of four bytes."""
_CONFIG_COMPUTE_UNIT_LIMIT: Final = 0b100
_CONFIG_LOADED_ACCOUNTS_DATA_SIZE_LIMIT: Final = 0b1000
_CONFIG_HEAP_SIZE: Final = 0b1_0000
_CONFIG_KNOWN: Final = 0b1_1111


def read_transaction(wire: bytes) -> Transaction:
    """The transaction that these bytes are, all of them.

    Raises ValueError when they end too early, go on too long, or are of a version we do not know.
    """
    cursor = _Cursor(wire)
    transaction = Transaction()
    if wire[:1] == bytes((_VERSION_1,)):
        message = transaction.message
        cursor.number(1)
        _read_message_1(cursor, message)
        count = message.header.num_required_signatures
        transaction.signatures.extend(cursor.pieces(count, _SIGNATURE_BYTES))
    else:
        transaction.signatures.extend(cursor.pieces(cursor.shortvec(), _SIGNATURE_BYTES))
        _read_message(cursor, transaction.message)
    if cursor.position != len(wire):
        raise ValueError(
            f"a transaction of {cursor.position} bytes has {len(wire) - cursor.position} more"
        )
    return transaction


class _Cursor:
    """Takes values off the front of bytes; every method raises ValueError when they end too early."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self.position = 0

    def take(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self._wire):
            raise ValueError(f"a transaction ends at byte {len(self._wire)}, before {end}")
        piece = self._wire[self.position : end]
        self.position = end
        return piece

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "little")

    def shortvec(self) -> int:
        value = 0
        for shift in (0, 7, 14):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ValueError(f"a count before byte {self.position} is longer than three bytes")

    def pieces(self, count: int, length: int) -> list[bytes]:
        joined = self.take(count * length)
        return [joined[start : start + length] for start in range(0, len(joined), length)]


def _read_message(cursor: _Cursor, message: Message) -> None:
    first = cursor.number(1)
    if first & _VERSION_FLAG:
        if first != _VERSION_FLAG:
            raise ValueError(
                f"a message of version {first & 0x7F} within a transaction of version 0"
            )
        message.versioned = True
        first = cursor.number(1)
    _read_header(cursor, message, first)
    message.account_keys.extend(cursor.pieces(cursor.shortvec(), _KEY_BYTES))
    message.recent_blockhash = cursor.take(_KEY_BYTES)
    for _ in range(cursor.shortvec()):
        message.instructions.append(
            CompiledInstruction(
                program_id_index=cursor.number(1),
                accounts=cursor.take(cursor.shortvec()),
                data=cursor.take(cursor.shortvec()),
            )
        )
    if message.versioned:
        for _ in range(cursor.shortvec()):
            message.address_table_lookups.add(
                account_key=cursor.take(_KEY_BYTES),
                writable_indexes=cursor.take(cursor.shortvec()),
                readonly_indexes=cursor.take(cursor.shortvec()),
            )


def _read_message_1(cursor: _Cursor, message: Message) -> None:
    message.versioned = True
    _read_header(cursor, message, cursor.number(1))
    mask = cursor.number(4)
    message.recent_blockhash = cursor.take(_KEY_BYTES)
    instruction_count = cursor.number(1)
    message.account_keys.extend(cursor.pieces(cursor.number(1), _KEY_BYTES))
    _read_config(cursor, message, mask)
    headers = [
        (cursor.number(1), cursor.number(1), cursor.number(2)) for _ in range(instruction_count)
    ]
    for program_id_index, accounts_length, data_length in headers:
        message.instructions.append(
            CompiledInstruction(
                program_id_index=program_id_index,
                accounts=cursor.take(accounts_length),
                data=cursor.take(data_length),
            )
        )


def _read_header(cursor: _Cursor, message: Message, num_required_signatures: int) -> None:
    header = message.header
    header.num_required_signatures = num_required_signatures
    header.num_readonly_signed_accounts = cursor.number(1)
    header.num_readonly_unsigned_accounts = cursor.number(1)


def _read_config(cursor: _Cursor, message: Message, mask: int) -> None:
    if mask & ~_CONFIG_KNOWN or mask & _CONFIG_PRIORITY_FEE not in (0, _CONFIG_PRIORITY_FEE):
        raise ValueError(f"a transaction's config has unknown parts: mask {mask:#x}")
    config = message.config
    config.SetInParent()
    if mask & _CONFIG_PRIORITY_FEE:
        config.priority_fee = cursor.number(8)
    if mask & _CONFIG_COMPUTE_UNIT_LIMIT:
        config.compute_unit_limit = cursor.number(4)
    if mask & _CONFIG_LOADED_ACCOUNTS_DATA_SIZE_LIMIT:
        config.loaded_accounts_data_size_limit = cursor.number(4)
    if mask & _CONFIG_HEAP_SIZE:
        config.heap_size = cursor.number(4)
