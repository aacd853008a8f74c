"""Which kinds counts can prove, and which need a whole cover."""

import pytest

from monitor.core.chain import Kind
from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    BlocksMetaFilter,
    EntryFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from monitor.core.needs import Needs

EVERY = TransactionsFilter()
FILTERED = TransactionsFilter(vote=False)


def test_all_transactions_are_counted_whoever_else_asks_for_fewer() -> None:
    needs = Needs.of(
        [Monitor("a", transactions=FILTERED), Monitor("b", transactions=EVERY), Monitor("c")]
    )
    assert needs == Needs((Kind.TRANSACTION,), entries=False, blocks=0, covered=())


def test_some_transactions_need_a_cover() -> None:
    needs = Needs.of([Monitor("a", transactions=FILTERED)])
    assert needs == Needs((), entries=False, blocks=0, covered=(Kind.TRANSACTION,))


def test_statuses_are_judged_apart_from_transactions() -> None:
    needs = Needs.of([Monitor("a", transactions=FILTERED, transactions_status=EVERY)])
    assert needs.counted == (Kind.TRANSACTION_STATUS,)
    assert needs.covered == (Kind.TRANSACTION,)


def test_accounts_need_a_cover_and_entries_and_blocks_prove_themselves() -> None:
    needs = Needs.of(
        [
            Monitor("a", accounts=AccountsFilter(), blocks=BlocksFilter()),
            Monitor("b", entry=EntryFilter(), blocks=BlocksFilter()),
        ]
    )
    assert needs == Needs((), entries=True, blocks=2, covered=(Kind.ACCOUNT,))


@pytest.mark.parametrize(
    "monitor", [Monitor("a"), Monitor("b", slots=SlotsFilter(), blocks_meta=BlocksMetaFilter())]
)
def test_slots_and_metas_need_nothing(monitor: Monitor) -> None:
    assert Needs.of([monitor]).kinds == ()


def test_kinds_are_all_of_which_identities_are_held() -> None:
    needs = Needs((Kind.TRANSACTION,), entries=True, blocks=1, covered=(Kind.ACCOUNT,))
    assert needs.kinds == (Kind.TRANSACTION, Kind.ACCOUNT, Kind.ENTRY, Kind.BLOCK)
