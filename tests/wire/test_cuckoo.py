"""Cuckoo sets answer as the server's own do."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.monitors import Cuckoo
from monitor.simulator.cuckoo import CuckooTable
from monitor.wire.cuckoo import DEFAULT_SEED, CuckooSet, built, siphash24

KEYS = [bytes([number]) * 32 for number in range(47)]


def filled(keys: list[bytes], buckets: int, seed: int = DEFAULT_SEED) -> Cuckoo:
    """A table made by the rule of PROTOCOL 4.6, kicks included."""
    table = [[0] * 4 for _ in range(buckets)]
    places = CuckooSet(Cuckoo(bytes(8 * buckets), seed))
    for key in keys:
        _insert(table, places, key)
    packed = b"".join(
        fingerprint.to_bytes(2, "little") for bucket in table for fingerprint in bucket
    )
    return Cuckoo(packed, seed)


def _insert(table: list[list[int]], places: CuckooSet, key: bytes) -> None:
    fingerprint, first, second = places.places(key)
    for bucket in (first, second):
        if 0 in table[bucket]:
            table[bucket][table[bucket].index(0)] = fingerprint
            return
    bucket = first
    for kick in range(500):
        slot = (kick + fingerprint) % 4
        fingerprint, table[bucket][slot] = table[bucket][slot], fingerprint
        bucket = places.other(bucket, fingerprint)
        if 0 in table[bucket]:
            table[bucket][table[bucket].index(0)] = fingerprint
            return
    raise AssertionError("the table is full")


def test_siphash_agrees_with_its_authors_vectors() -> None:
    """Aumasson and Bernstein, appendix A, and the first of their table of vectors."""
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)

    assert siphash24(*key, bytes(range(15))) == 0xA129CA6149BE45E5
    assert siphash24(*key, b"") == 0x726FDB47DD0E0E31


def test_a_key_is_hashed_with_its_length_before_it() -> None:
    rotated = (DEFAULT_SEED << 32 | DEFAULT_SEED >> 32) & 0xFFFF_FFFF_FFFF_FFFF

    hashed = siphash24(DEFAULT_SEED, rotated, (32).to_bytes(8, "little") + bytes(32))

    assert hashed == 0x047EB4023557B38F


def test_fingerprint_and_bucket_come_from_the_known_hash() -> None:
    fingerprint, first, _ = CuckooSet(Cuckoo(bytes(8 * 16), DEFAULT_SEED)).places(bytes(32))

    assert fingerprint == 0xB402
    assert first == 0x3557B38F & 15


def test_a_fingerprint_of_zero_counts_as_one() -> None:
    """Zero marks a free place. This key was searched for: its hash has zeros in bits 32 to 47."""
    key = (15_360).to_bytes(32, "big")

    assert CuckooSet(Cuckoo(bytes(8 * 16), DEFAULT_SEED)).places(key)[0] == 1


def test_holds_all_that_was_put_in_even_after_kicks() -> None:
    wanted = CuckooSet(filled(KEYS, buckets=16, seed=0x0123456789ABCDEF))

    assert all(wanted.holds(key) for key in KEYS)


def test_holds_little_else() -> None:
    wanted = CuckooSet(filled(KEYS, buckets=16))

    assert sum(wanted.holds(number.to_bytes(32, "big")) for number in range(1, 2001)) < 20


def test_another_seed_finds_nothing() -> None:
    table = filled(KEYS, buckets=16).table

    assert not any(CuckooSet(Cuckoo(table, 1)).holds(key) for key in KEYS)


def test_an_empty_table_holds_nothing() -> None:
    assert not CuckooSet(Cuckoo(b"", DEFAULT_SEED)).holds(bytes(32))


@given(st.binary(min_size=32, max_size=32), st.sampled_from([1, 2, 8, 64]))
def test_both_places_lead_to_each_other(key: bytes, buckets: int) -> None:
    places = CuckooSet(Cuckoo(bytes(8 * buckets), DEFAULT_SEED))

    fingerprint, first, second = places.places(key)

    assert 0 < fingerprint < 2**16
    assert 0 <= first < buckets
    assert places.other(second, fingerprint) == first


@given(st.lists(st.binary(min_size=32, max_size=32), unique=True, max_size=60).map(tuple))
def test_a_built_set_holds_its_keys_for_us_and_for_a_server(keys: tuple[bytes, ...]) -> None:
    wanted = built(keys)
    server = CuckooTable(wanted.table, wanted.hash_seed)

    assert all(CuckooSet(wanted).holds(key) and key in server for key in keys)


def test_a_built_set_is_as_small_as_the_rule_says_and_holds_little_else() -> None:
    keys = tuple(number.to_bytes(32, "big") for number in range(1, 1001))
    wanted = built(keys)

    assert len(wanted.table) == 8 * 512
    others = (number.to_bytes(32, "big") for number in range(2000, 3000))
    assert sum(map(CuckooSet(wanted).holds, others)) < 5


def test_a_set_of_nothing_holds_nothing() -> None:
    assert not CuckooSet(built(())).holds(bytes(32))


def test_a_table_that_gets_too_full_is_doubled() -> None:
    """Nine keys share the same two buckets of four, which have eight places."""
    places = CuckooSet(Cuckoo(bytes(8 * 4), DEFAULT_SEED))
    numbered = (number.to_bytes(32, "big") for number in range(10_000))
    crowd = [key for key in numbered if set(places.places(key)[1:]) == {0, 3}][:9]

    wanted = built((*crowd, *KEYS[:6]))

    assert len(wanted.table) == 8 * 8
    assert all(CuckooSet(wanted).holds(key) for key in (*crowd, *KEYS[:6]))


def test_keys_make_room_for_each_other() -> None:
    """At 3.8 keys a bucket some buckets overflow; all are found nevertheless."""
    keys = tuple(number.to_bytes(32, "little") for number in range(243))
    wanted = built(keys)

    assert len(wanted.table) == 8 * 64
    assert all(CuckooSet(wanted).holds(key) for key in keys)
