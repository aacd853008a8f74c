"""Cuckoo filters over 32-byte keys, as the server reads them and as a client builds them (PROTOCOL 4.6).

How this works. A key has one 16-bit fingerprint and two buckets where it may lie. The second bucket follows from the
first and the fingerprint alone, so a fingerprint that must make room can move without its key being known.
"""

from collections.abc import Iterable
from math import ceil
from struct import iter_unpack, pack
from typing import Final

DEFAULT_SEED: Final = 0x796C6C7773746E21

_MASK: Final = (1 << 64) - 1
_PLACES: Final = 4
"""Fingerprints in a bucket."""
_LOAD: Final = 3.8
"""Fingerprints that a bucket is meant to hold (documented)."""
_KICKS: Final = 500
_REMEMBERED: Final = 65_536
"""Answers kept for one filter; guessed: more keys than a simulated chain has."""


def siphash(seed: int, message: bytes) -> int:
    """SipHash-2-4 (Aumasson, Bernstein 2012) keyed with the seed and the seed rotated by 32 bits; a u64."""
    k0, k1 = seed, (seed << 32 | seed >> 32) & _MASK
    a, b = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    c, d = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573
    padded = message + bytes(-(len(message) + 1) % 8) + bytes((len(message) & 0xFF,))
    for (word,) in iter_unpack("<Q", padded):
        d ^= word
        a, b, c, d = _round(*_round(a, b, c, d))
        a ^= word
    c ^= 0xFF
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


def _round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a = (a + b) & _MASK
    b = ((b << 13 | b >> 51) & _MASK) ^ a
    a = (a << 32 | a >> 32) & _MASK
    c = (c + d) & _MASK
    d = ((d << 16 | d >> 48) & _MASK) ^ c
    a = (a + d) & _MASK
    d = ((d << 21 | d >> 43) & _MASK) ^ a
    c = (c + b) & _MASK
    b = ((b << 17 | b >> 47) & _MASK) ^ c
    c = (c << 32 | c >> 32) & _MASK
    return a, b, c, d


def key_hash(seed: int, key: bytes) -> int:
    """The hash of a key: its length as eight bytes comes first."""
    return siphash(seed, pack("<Q", len(key)) + key)


def fingerprint_of(hashed: int) -> int:
    """Bits 32 to 47; never 0, which marks a free place."""
    return hashed >> 32 & 0xFFFF or 1


def _other(seed: int, bucket: int, fingerprint: int, buckets: int) -> int:
    return bucket ^ (siphash(seed, pack("<H", fingerprint)) & (buckets - 1))


class CuckooTable:
    """A filter ready to be asked; bytes after the last whole bucket are ignored, no bucket matches nothing."""

    def __init__(self, table: bytes, seed: int) -> None:
        self._seed = seed
        whole = len(table) - len(table) % (2 * _PLACES)
        self._table = tuple(iter_unpack(f"<{_PLACES}H", table[:whole]))
        self._answers: dict[bytes, bool] = {}

    def __contains__(self, key: bytes) -> bool:
        """Whether the key may have been put in; never False for one that was."""
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            answer = self._answers[key] = self._look_up(key)
        return answer

    def holds_any(self, keys: Iterable[bytes]) -> bool:
        """Whether any of the keys may have been put in."""
        return any(key in self for key in keys)

    def _look_up(self, key: bytes) -> bool:
        buckets = len(self._table)
        if buckets == 0:
            return False
        hashed = key_hash(self._seed, key)
        fingerprint = fingerprint_of(hashed)
        first = hashed & (buckets - 1)
        second = _other(self._seed, first, fingerprint, buckets)
        # A table of a size that is no power of two is malformed; what would lie outside is not there.
        return any(
            bucket < buckets and fingerprint in self._table[bucket] for bucket in (first, second)
        )


def build_table(keys: Iterable[bytes], capacity: int, seed: int = DEFAULT_SEED) -> bytes:
    """The `data` of a CuckooFilter that holds these keys.

    Raises ValueError when a key finds no place after 500 moves.
    """
    buckets = 1
    while buckets < ceil(capacity / _LOAD):
        buckets *= 2
    table = [[0] * _PLACES for _ in range(buckets)]
    for key in keys:
        hashed = key_hash(seed, key)
        _insert(table, hashed & (buckets - 1), fingerprint_of(hashed), seed)
    return b"".join(pack(f"<{_PLACES}H", *bucket) for bucket in table)


def _insert(table: list[list[int]], first: int, fingerprint: int, seed: int) -> None:
    bucket = _other(seed, first, fingerprint, len(table))
    for candidate in (first, bucket):
        if 0 in table[candidate]:
            table[candidate][table[candidate].index(0)] = fingerprint
            return
    bucket = first
    for kick in range(_KICKS):
        place = (kick + fingerprint) % _PLACES
        fingerprint, table[bucket][place] = table[bucket][place], fingerprint
        bucket = _other(seed, bucket, fingerprint, len(table))
        if 0 in table[bucket]:
            table[bucket][table[bucket].index(0)] = fingerprint
            return
    raise ValueError("the cuckoo table is full; give it a larger capacity")
