"""SipHash and cuckoo tables against published vectors, and what a table promises (PROTOCOL 4.6)."""

import pytest

from monitor.simulator.cuckoo import (
    DEFAULT_SEED,
    CuckooTable,
    build_table,
    fingerprint_of,
    key_hash,
    siphash,
)

SEED = 0x0123456789ABCDEF
KEYS = [bytes([value]) * 32 for value in range(47)]


def test_siphash_of_an_all_zero_key() -> None:
    """SipHash-2-4 of the empty message under a key of zeros, as the reference implementation gives it."""
    assert siphash(0, b"") == 0x1E924B9D737700D7


def test_vector_of_the_default_seed() -> None:
    hashed = key_hash(DEFAULT_SEED, bytes(32))
    assert hashed == 0x047EB4023557B38F
    assert fingerprint_of(hashed) == 0xB402


def test_fingerprint_is_never_the_mark_of_a_free_place() -> None:
    assert fingerprint_of(0xFFFF_0000_FFFF_FFFF) == 1


def test_golden_table_holds_all_its_keys() -> None:
    table = build_table(KEYS, 32, SEED)
    assert len(table) == 8 * 16
    held = CuckooTable(table, SEED)
    assert all(key in held for key in KEYS)
    assert held.holds_any([bytes(31) + b"\xff", KEYS[3]])


def test_other_keys_are_hardly_ever_in_it() -> None:
    held = CuckooTable(build_table(KEYS, 32, SEED), SEED)
    strangers = [bytes([value, 7]) * 16 for value in range(200)]
    assert sum(key in held for key in strangers) <= 2


def test_another_seed_reads_another_table() -> None:
    held = CuckooTable(build_table(KEYS, 32, SEED), SEED + 1)
    assert sum(key in held for key in KEYS) <= 2


def test_single_bucket_holds_four() -> None:
    assert len(build_table(KEYS[:4], 3)) == 8
    with pytest.raises(ValueError, match="full"):
        build_table(KEYS[:5], 3)


def test_no_table_matches_nothing() -> None:
    assert KEYS[0] not in CuckooTable(b"", SEED)


def test_malformed_tail_is_dropped() -> None:
    table = build_table(KEYS[:3], 3, SEED)
    held = CuckooTable(table + b"\x01\x02\x03", SEED)
    assert all(key in held for key in KEYS[:3])


def test_asking_twice_answers_the_same() -> None:
    held = CuckooTable(build_table(KEYS[:3], 3, SEED), SEED)
    assert [KEYS[0] in held, KEYS[0] in held] == [True, True]
