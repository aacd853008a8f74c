"""Monitors that must stay on the same feeds are found, and no others."""

import pytest

from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    BlocksMetaFilter,
    Cuckoo,
    DeshredFilter,
    EntryFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from monitor.wire.units import units_of

ACCOUNTS = Monitor("a", accounts=AccountsFilter())
BLOCKS = Monitor("b", blocks=BlocksFilter())
ENTRIES = Monitor("e", entry=EntryFilter())
TRANSACTIONS = Monitor("t", transactions=TransactionsFilter(account_include=("k",)))
VOTES = Monitor("v", transactions_status=TransactionsFilter(vote=True))
FAILED = Monitor("f", transactions_status=TransactionsFilter(failed=True))
KEYED = Monitor("k", transactions_status=TransactionsFilter(account_required=("k",)))
BOTH = Monitor("x", transactions_status=TransactionsFilter(), accounts=AccountsFilter())
SLOTS = Monitor("s", slots=SlotsFilter())
METAS = Monitor("m", blocks_meta=BlocksMetaFilter())
SHREDS = Monitor("d", deshred=DeshredFilter())


@pytest.mark.parametrize(
    ("monitors", "units"),
    [
        ([], ()),
        ([TRANSACTIONS, TRANSACTIONS, BLOCKS, BLOCKS, ENTRIES], (1, 2, 4, 8, 16)),
        ([ENTRIES, ACCOUNTS, BLOCKS, ACCOUNTS], (1, 0b1010, 0b100)),
        ([VOTES, FAILED], (1, 2)),
        ([VOTES, ENTRIES, KEYED], (0b101, 0b10)),
        ([VOTES, ACCOUNTS, KEYED, ACCOUNTS], (0b101, 0b1010)),
        ([VOTES, BOTH, ACCOUNTS, KEYED, ENTRIES], (0b1111, 0b10000)),
        ([SLOTS, ENTRIES, METAS, BLOCKS, SHREDS], (0b10111, 0b1000)),
        ([SLOTS, METAS], (0b11,)),
    ],
)
def test_units_are_as_small_as_can_be(monitors: list[Monitor], units: tuple[int, ...]) -> None:
    assert units_of(monitors) == units


@pytest.mark.parametrize(
    "keys",
    [
        TransactionsFilter(account_include=("k",)),
        TransactionsFilter(account_exclude=("k",)),
        TransactionsFilter(account_required=("k",)),
        TransactionsFilter(cuckoo_account_include=Cuckoo(b"", 0)),
    ],
)
def test_a_filter_of_statuses_that_asks_for_keys_keeps_all_of_them_together(
    keys: TransactionsFilter,
) -> None:
    assert units_of([VOTES, Monitor("k", transactions_status=keys), FAILED]) == (0b111,)
