"""Slots given up by the million: one row stands for all of them, and each is told as any other."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import SlotEnd
from monitor.stored import AbandonedSlots, HeldEvents, SlotTally, StoredSlot

MONTH = 6_500_000
END = st.sampled_from([SlotEnd.COMPLETE, SlotEnd.PARTIAL, SlotEnd.LOST])
SLOT = st.integers(0, 20)
CHANGES = st.lists(st.one_of(st.tuples(SLOT, st.integers(1, 8)), st.tuples(SLOT, END)), max_size=12)


def certificate(slot: int, end: SlotEnd, proof: str = "proof") -> StoredSlot:
    return StoredSlot(slot, end, proof, None, None, None, (), (), (), None, 7)


@pytest.fixture
def store(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "ledger.sqlite")


def test_a_month_of_slots_is_one_row_and_each_of_them_is_told(store: SqliteLedger) -> None:
    store.commit([certificate(9, SlotEnd.COMPLETE)], [], 9)
    store.abandon([AbandonedSlots(10, 10 + MONTH, "not wanted", 7)])
    store.commit([certificate(10 + MONTH, SlotEnd.COMPLETE)], [], 10 + MONTH)
    assert len(store._abandoned.between(0, 2**62)) == 1
    assert store.slots(9, 2**62, 3) == [
        certificate(9, SlotEnd.COMPLETE),
        certificate(10, SlotEnd.LOST, "not wanted"),
        certificate(11, SlotEnd.LOST, "not wanted"),
    ]
    assert [slot.slot for slot in store.slots(8 + MONTH, 2**62, 9)] == [
        8 + MONTH,
        9 + MONTH,
        10 + MONTH,
    ]
    counts = {SlotEnd.COMPLETE: 2, SlotEnd.LOST: MONTH}
    assert store.tally() == SlotTally(counts, counts)


def test_what_was_given_up_is_not_to_be_recovered_nor_watched_again(store: SqliteLedger) -> None:
    store.commit([certificate(5, SlotEnd.PARTIAL), certificate(8, SlotEnd.PARTIAL)], [], 9)
    held = [HeldEvents(slot, "file", "a", (b"x",)) for slot in (5, 8)]
    store.commit_recovery({5: b"5", 8: b"8"}, [], held)
    store.abandon([AbandonedSlots(6, 12, "not wanted", 7)])
    assert store.open_before(100) == [(5, 6)]
    assert store.given([5, 8]) == {5: b"5"}
    assert store.held() == held[:1]
    assert [store.first_kept(slot) for slot in (5, 6, 11, 12)] == [5, 12, 12, 12]


def test_what_was_given_up_in_two_parts_is_passed_by_in_one(store: SqliteLedger) -> None:
    store.abandon([AbandonedSlots(6, 8, "not wanted", 7), AbandonedSlots(8, 12, "nor this", 7)])
    assert store.first_kept(6) == 12


def test_what_was_given_up_is_kept_for_ever_as_all_that_is_lost(store: SqliteLedger) -> None:
    store.abandon([AbandonedSlots(6, 12, "not wanted", 7)])
    assert store.forget_before(2**62) == 0
    assert len(store.slots(0, 100, 100)) == 6


@given(CHANGES, SLOT, SLOT, st.integers(0, 9))
def test_whatever_was_said_last_of_a_slot_counts(
    changes: list[tuple[int, int | SlotEnd]], first: int, end: int, limit: int
) -> None:
    expected: dict[int, StoredSlot] = {}
    with TemporaryDirectory() as folder:
        store = SqliteLedger(Path(folder) / "ledger.sqlite")
        for number, (slot, what) in enumerate(changes):
            said = f"{number}"
            if isinstance(what, SlotEnd):
                expected[slot] = certificate(slot, what, said)
                store.commit([expected[slot]], [], 0)
            else:
                lost = {s: certificate(s, SlotEnd.LOST, said) for s in range(slot, slot + what)}
                expected |= lost
                store.abandon([AbandonedSlots(slot, slot + what, said, 7)])
        told = [expected[slot] for slot in sorted(expected) if first <= slot < end]
        assert store.slots(first, end, limit) == told[:limit]
        counts = dict(Counter(slot.end for slot in expected.values()))
        assert store.tally() == SlotTally(counts, counts)
        store.close()
