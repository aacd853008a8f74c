"""Base58 texts of keys, hashes, signatures and instruction data, as the chain's people write them.

The daemon's own reading of base58 is not used here, so that the truth does not lean on it.
"""

from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(raw: bytes) -> str:
    """The text of 32 bytes (a key or a hash) or of 64 bytes (a signature)."""
    if len(raw) == 32:
        return str(Pubkey(raw))
    return str(Signature(raw))


def key_bytes(text: str) -> bytes:
    """The 32 bytes of a key or a hash. Raises ValueError when the text is neither."""
    return bytes(Pubkey.from_string(text))


def text_bytes(text: str) -> bytes:
    """The bytes of a text of any length. Raises ValueError for a letter that is not base58."""
    number = 0
    for letter in text:
        number = number * 58 + _ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
