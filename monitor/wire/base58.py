"""Base58: keys and signatures through solders, texts of any other length by hand.

Addresses repeat a great deal, so both directions of a key go through one bounded cache (0.07 us a hit
against 0.3 us, SPEED 4); signatures and blockhashes do not repeat and are left out of it.
"""

from functools import lru_cache
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from monitor.wire.kept import Kept

_ALPHABET: Final = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_CHUNK: Final = 10
"""Letters taken at once: 58 ** 10 is the largest power below 2 ** 63."""
_CHUNK_SCALE: Final = 58**_CHUNK
_KEYS_CACHED: Final = 65_536
"""About 16 MB at most. A guess: a block of 2025 names some ten thousand keys, most of them again and again."""


@lru_cache(maxsize=_KEYS_CACHED)
def key_bytes(text: str) -> bytes:
    """The 32 bytes of an address. Raises ValueError when the text names none."""
    return bytes(Pubkey.from_string(text))


def hash_text(digest: bytes) -> str:
    """A blockhash or entry hash as text. Raises ValueError when it is not 32 bytes long."""
    return str(Pubkey(digest))


key_text: Final = Kept(hash_text, _KEYS_CACHED).__getitem__
"""An address as text. Raises ValueError when it is not 32 bytes long."""


def hash_bytes(text: str) -> bytes:
    """The 32 bytes of a blockhash. Raises ValueError when the text is none."""
    return bytes(Pubkey.from_string(text))


def signature_text(signature: bytes) -> str:
    """A signature as text. Raises ValueError when it is not 64 bytes long."""
    return str(Signature(signature))


def signature_bytes(text: str) -> bytes:
    """The 64 bytes of a signature. Raises ValueError when the text is none."""
    return bytes(Signature.from_string(text))


def decode(text: str) -> bytes:
    """The bytes of a base58 text of any length, as instruction data come in JSON.

    Raises ValueError for a letter outside the alphabet.
    """
    letters = text.encode()
    number = 0
    try:
        whole = len(letters) - len(letters) % _CHUNK
        for start in range(0, whole, _CHUNK):
            part = 0
            for letter in letters[start : start + _CHUNK]:
                part = part * 58 + _DIGITS[letter]
            number = number * _CHUNK_SCALE + part
        for letter in letters[whole:]:
            number = number * 58 + _DIGITS[letter]
    except KeyError as error:
        raise ValueError(f"not base58: {text[:64]!r}") from error
    zeros = len(letters) - len(letters.lstrip(b"1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
