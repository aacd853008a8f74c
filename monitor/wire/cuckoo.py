"""Cuckoo sets of 32-byte keys as Yellowstone reads them: its SipHash, its buckets (PROTOCOL 4.6).

How this works. A key's hash gives a 16-bit fingerprint and the number of one bucket of four; the
other bucket is the first one's number xor the fingerprint's own hash. The key may be in the set if
either bucket holds the fingerprint. As the second place follows from the first and the fingerprint,
one that stands in the way of another can move without its key being known.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from monitor.core.monitors import Cuckoo

_ALL: Final = 0xFFFF_FFFF_FFFF_FFFF
_BUCKET_BYTES: Final = 8
"""Four little-endian u16 fingerprints."""
_PLACES: Final = 4
_KEYS_A_BUCKET: Final = 3.8
"""So many keys are meant for a bucket (PROTOCOL 4.6)."""
_MOVES: Final = 500
DEFAULT_SEED: Final = 0x796C6C7773746E21


def siphash24(k0: int, k1: int, message: bytes) -> int:
    """SipHash-2-4 (Aumasson and Bernstein, 2012) under the key of two u64; the result is a u64."""
    state = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    whole = len(message) & ~7
    tail = int.from_bytes(message[whole:], "little") | (len(message) & 0xFF) << 56
    words = [int.from_bytes(message[at : at + 8], "little") for at in range(0, whole, 8)]
    for word in (*words, tail):
        v0, v1, v2, v3 = state
        v0, v1, v2, v3 = _rounds(2, (v0, v1, v2, v3 ^ word))
        state = (v0 ^ word, v1, v2, v3)
    v0, v1, v2, v3 = state
    v0, v1, v2, v3 = _rounds(4, (v0, v1, v2 ^ 0xFF, v3))
    return v0 ^ v1 ^ v2 ^ v3


def _rounds(count: int, state: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    v0, v1, v2, v3 = state
    for _ in range(count):
        v0 = (v0 + v1) & _ALL
        v1 = _rotated(v1, 13) ^ v0
        v0 = _rotated(v0, 32)
        v2 = (v2 + v3) & _ALL
        v3 = _rotated(v3, 16) ^ v2
        v0 = (v0 + v3) & _ALL
        v3 = _rotated(v3, 21) ^ v0
        v2 = (v2 + v1) & _ALL
        v1 = _rotated(v1, 17) ^ v2
        v2 = _rotated(v2, 32)
    return v0, v1, v2, v3


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _ALL


class CuckooSet:
    """A cuckoo filter ready to be asked. An empty table holds nothing."""

    def __init__(self, wanted: Cuckoo) -> None:
        self._table = wanted.table
        self._keys = (wanted.hash_seed, _rotated(wanted.hash_seed, 32))
        self._buckets = len(wanted.table) // _BUCKET_BYTES

    def holds(self, key: bytes) -> bool:
        """Whether the key may be in the set: True for all that were put in, and for some that were
        not.
        """
        if not self._buckets:
            return False
        fingerprint, first, second = self.places(key)
        return self._has(first, fingerprint) or self._has(second, fingerprint)

    def places(self, key: bytes) -> tuple[int, int, int]:
        """(fingerprint, first bucket, second bucket) of a key. The number of buckets is a power of
        two.
        """
        hashed = siphash24(*self._keys, len(key).to_bytes(8, "little") + key)
        fingerprint = (hashed >> 32 & 0xFFFF) or 1
        first = hashed & (self._buckets - 1)
        return fingerprint, first, self.other(first, fingerprint)

    def other(self, bucket: int, fingerprint: int) -> int:
        """The second place of a fingerprint that is at home in this bucket."""
        moved = siphash24(*self._keys, fingerprint.to_bytes(2, "little"))
        return bucket ^ (moved & (self._buckets - 1))

    def _has(self, bucket: int, fingerprint: int) -> bool:
        start = bucket * _BUCKET_BYTES
        wanted = fingerprint.to_bytes(2, "little")
        return any(
            self._table[at : at + 2] == wanted for at in range(start, start + _BUCKET_BYTES, 2)
        )


@lru_cache(maxsize=64)
def built(keys: tuple[bytes, ...]) -> Cuckoo:
    """A set that holds these keys, each once: 2 to 4 bytes a key, and about 0.1 ms a key to make.

    Equal keys in equal order give equal bytes. A table that gets too full is made twice as large.
    """
    buckets = 1
    while buckets * _KEYS_A_BUCKET < len(keys):
        buckets *= 2
    while True:
        found = _filled(keys, buckets)
        if found is not None:
            return Cuckoo(found, DEFAULT_SEED)
        buckets *= 2


def _filled(keys: Iterable[bytes], buckets: int) -> bytes | None:
    """The table, or None where a key found no place."""
    places = CuckooSet(Cuckoo(bytes(buckets * _BUCKET_BYTES), DEFAULT_SEED))
    table: list[list[int]] = [[] for _ in range(buckets)]
    for key in keys:
        fingerprint, *candidates = places.places(key)
        room = next((bucket for bucket in candidates if len(table[bucket]) < _PLACES), None)
        if room is not None:
            table[room].append(fingerprint)
        elif not _moved_in(table, places, candidates[0], fingerprint):
            return None
    return b"".join(
        each.to_bytes(2, "little")
        for bucket in table
        for each in (bucket + [0] * _PLACES)[:_PLACES]
    )


def _moved_in(table: list[list[int]], places: CuckooSet, bucket: int, fingerprint: int) -> bool:
    """Put a fingerprint in a full bucket, and what it displaces in that one's other bucket, and so on."""
    for move in range(_MOVES):
        place = (move + fingerprint) % _PLACES
        fingerprint, table[bucket][place] = table[bucket][place], fingerprint
        bucket = places.other(bucket, fingerprint)
        if len(table[bucket]) < _PLACES:
            table[bucket].append(fingerprint)
            return True
    return False
