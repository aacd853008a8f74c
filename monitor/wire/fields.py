"""Protobuf fields written by hand, where a message object for each part would cost more than all the rest.

Used for parts that hold little but bytes: an instruction takes a third of the time so. Lists of numbers and of texts
are left to protobuf, which is faster at them. The tests hold what is written against protobuf, byte for byte.
"""

from typing import Final

_KEPT: Final = 0x1000
"""Numbers whose bytes are kept: nearly all lengths and indexes. They take 0.2 MB."""


def varint(number: int) -> bytes:
    """A number of protobuf's, at most a u64. Raises ValueError for any other."""
    return _SMALL[number] if 0 <= number < _KEPT else _varint(number)


def _varint(number: int) -> bytes:
    if not 0 <= number < 2**64:
        raise ValueError(f"{number} cannot stand where a count or an index is expected")
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


_SMALL: Final = tuple(_varint(number) for number in range(_KEPT))


def delimited(tag: bytes, content: bytes) -> bytes:
    """A field of bytes, text or a message, that is written even when it is empty. `tag`: the field's key, encoded."""
    return tag + varint(len(content)) + content


def instruction(program_id_index: int, accounts: bytes, content: bytes) -> bytes:
    """The inside of a CompiledInstruction, and the beginning of an InnerInstruction: both have these three first."""
    written = b"\x08" + varint(program_id_index) if program_id_index else b""
    if accounts:
        written += b"\x12" + varint(len(accounts)) + accounts
    if content:
        written += b"\x1a" + varint(len(content)) + content
    return written
