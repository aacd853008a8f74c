"""Trust falls at once and comes back slowly."""

import pytest

from monitor.core.trust import AUDIT_FACTOR, BLOCK_FACTOR, CLEAN_AUDIT, CLEAN_SLOT, Trust


def test_an_endpoint_is_believed_at_first() -> None:
    assert Trust().value == 1.0


def test_an_audit_that_finds_something_missing_lowers_it_and_a_clean_one_raises_it() -> None:
    trust = Trust()
    trust.audited(3)
    assert trust.value == AUDIT_FACTOR
    trust.audited(0)
    assert trust.value == AUDIT_FACTOR + CLEAN_AUDIT


def test_another_block_than_the_chains_isolates_at_once() -> None:
    trust = Trust()
    trust.contradicted()
    assert trust.value == BLOCK_FACTOR < 0.5


def test_it_comes_back_slot_by_slot_and_never_above_1() -> None:
    trust = Trust()
    trust.contradicted()
    trust.slot_was_whole()
    assert trust.value == pytest.approx(BLOCK_FACTOR + CLEAN_SLOT)
    for _ in range(2000):
        trust.slot_was_whole()
    assert trust.value == 1.0
