"""Monitors: which kinds of update they ask for."""

from dataclasses import replace

import pytest

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    BlocksMetaFilter,
    EntryFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)

ONE_OF_EACH = {
    Kind.TRANSACTION: Monitor("m", transactions=TransactionsFilter()),
    Kind.TRANSACTION_STATUS: Monitor("m", transactions_status=TransactionsFilter()),
    Kind.ACCOUNT: Monitor("m", accounts=AccountsFilter()),
    Kind.SLOT: Monitor("m", slots=SlotsFilter()),
    Kind.BLOCK: Monitor("m", blocks=BlocksFilter()),
    Kind.BLOCK_META: Monitor("m", blocks_meta=BlocksMetaFilter()),
    Kind.ENTRY: Monitor("m", entry=EntryFilter()),
}


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_a_monitor_wants_the_kind_of_its_filter_and_no_other(kind: Kind) -> None:
    assert [other for other in Kind if ONE_OF_EACH[kind].wants(other)] == [kind]


def test_a_monitor_without_filters_wants_nothing() -> None:
    assert not any(Monitor("m").wants(kind) for kind in Kind)


def test_filters_add_up() -> None:
    both = replace(ONE_OF_EACH[Kind.SLOT], entry=EntryFilter())
    assert [kind for kind in Kind if both.wants(kind)] == [Kind.SLOT, Kind.ENTRY]


LEVELS = {SlotStatus.PROCESSED, SlotStatus.CONFIRMED, SlotStatus.FINALIZED}


@pytest.mark.parametrize(
    ("by_commitment", "interslot", "taken"),
    [
        (False, False, LEVELS),
        (False, True, set(SlotStatus)),
        (True, False, {SlotStatus.CONFIRMED}),
        (True, True, {SlotStatus.CONFIRMED}),
    ],
)
def test_a_slots_filter_takes_these_statuses_at_confirmed(
    by_commitment: bool, interslot: bool, taken: set[SlotStatus]
) -> None:
    wanted = SlotsFilter(by_commitment, interslot)
    assert {s for s in SlotStatus if wanted.takes(s, Commitment.CONFIRMED)} == taken
