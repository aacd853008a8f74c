"""A superset takes at least what each of its filters takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from monitor.core.monitors import (
    AccountsFilter,
    AccountState,
    BlocksFilter,
    Cuckoo,
    Lamports,
    TokenAccounts,
    TransactionsFilter,
)
from monitor.wire import superset
from monitor.wire.matching import AccountMatcher, TransactionFacts, TransactionMatcher
from monitor.wire.pb import geyser_pb2
from monitor.wire.trim import BlockTrim, trim_block
from tests.wire.test_cuckoo import filled

KEYS = [bytes([number]) * 32 for number in range(1, 7)]
TEXTS = [str(Pubkey.from_bytes(key)) for key in KEYS]
SETS = [filled(KEYS[:2], 4), filled(KEYS[2:4], 4), None, None]

some_texts = st.lists(st.sampled_from(TEXTS), max_size=2, unique=True).map(tuple)
some_keys = st.lists(st.sampled_from(KEYS), max_size=4)
maybe = st.sampled_from([None, True, False])
transactions_filters = st.builds(
    TransactionsFilter,
    vote=maybe,
    failed=maybe,
    account_include=some_texts,
    account_exclude=some_texts,
    account_required=some_texts,
    token_accounts=st.sampled_from([None, *TokenAccounts]),
    cuckoo_account_include=st.sampled_from(SETS),
)
accounts_filters = st.builds(
    AccountsFilter,
    account=some_texts,
    owner=some_texts,
    state=st.sampled_from([AccountState(), AccountState(lamports=(Lamports("gt", 1),))]),
    nonempty_txn_signature=maybe,
    cuckoo_accounts_filter=st.sampled_from(SETS),
)
blocks_filters = st.builds(
    BlocksFilter,
    account_include=some_texts,
    include_transactions=st.booleans(),
    include_accounts=st.booleans(),
    include_entries=st.booleans(),
    cuckoo_account_include=st.sampled_from(SETS),
)


@st.composite
def transactions(draw: Any) -> geyser_pb2.SubscribeUpdateTransactionInfo:
    info = geyser_pb2.SubscribeUpdateTransactionInfo(is_vote=draw(st.booleans()))
    info.transaction.message.account_keys.extend(draw(some_keys))
    info.meta.loaded_writable_addresses.extend(draw(some_keys))
    if draw(st.booleans()):
        info.meta.err.err = b"\x01"
    for balances in (info.meta.pre_token_balances, info.meta.post_token_balances):
        for index, owner in enumerate(draw(some_texts)):
            amount = draw(st.sampled_from(["1", "2"]))
            balance = balances.add(account_index=index, owner=owner)
            balance.ui_token_amount.amount = amount
    return info


@st.composite
def writes(draw: Any) -> geyser_pb2.SubscribeUpdateAccountInfo:
    return geyser_pb2.SubscribeUpdateAccountInfo(
        pubkey=draw(st.sampled_from(KEYS)),
        owner=draw(st.sampled_from(KEYS)),
        lamports=draw(st.sampled_from([0, 2])),
        txn_signature=draw(st.sampled_from([None, b"s"])),
    )


@given(st.lists(transactions_filters, min_size=1, max_size=3), transactions())
def test_takes_every_transaction_that_one_of_them_takes(
    filters: list[TransactionsFilter], info: geyser_pb2.SubscribeUpdateTransactionInfo
) -> None:
    facts = TransactionFacts(info)
    joined = TransactionMatcher(superset.transactions(filters))

    if any(TransactionMatcher(each).wants(facts) for each in filters):
        assert joined.wants(facts)


@given(st.lists(accounts_filters, min_size=1, max_size=3), writes())
def test_takes_every_write_that_one_of_them_takes(
    filters: list[AccountsFilter], write: geyser_pb2.SubscribeUpdateAccountInfo
) -> None:
    joined = AccountMatcher(superset.accounts(filters))

    if any(AccountMatcher(each).wants(write) for each in filters):
        assert joined.wants(write)


@given(
    st.lists(blocks_filters, min_size=1, max_size=3),
    st.lists(transactions(), max_size=3),
    st.lists(writes(), max_size=3),
)
def test_its_block_trimmed_again_is_the_block_of_each(
    filters: list[BlocksFilter],
    infos: list[geyser_pb2.SubscribeUpdateTransactionInfo],
    accounts: list[geyser_pb2.SubscribeUpdateAccountInfo],
) -> None:
    whole = geyser_pb2.SubscribeUpdateBlock(transactions=infos, accounts=accounts)
    whole.entries.add(index=1)
    joined = superset.blocks(filters)

    for each in filters:
        direct, twice = geyser_pb2.SubscribeUpdateBlock(), geyser_pb2.SubscribeUpdateBlock()
        direct.CopyFrom(whole)
        twice.CopyFrom(whole)
        trim_block(direct, BlockTrim(each))
        trim_block(twice, BlockTrim(joined))
        trim_block(twice, BlockTrim(each))
        assert twice == direct


def test_keeps_what_all_agree_on() -> None:
    joined = superset.transactions(
        [
            TransactionsFilter(vote=False, failed=False, account_include=("a", "b")),
            TransactionsFilter(vote=False, failed=True, account_include=("b", "c")),
        ]
    )

    assert joined == TransactionsFilter(vote=False, account_include=("a", "b", "c"))


def test_gives_up_what_only_some_ask() -> None:
    votes = TransactionsFilter(vote=True, failed=True, signature="s")

    assert superset.transactions([votes, TransactionsFilter()]) == TransactionsFilter()
    assert superset.transactions([votes, votes]) == votes


def test_a_required_key_stands_for_a_missing_list() -> None:
    joined = superset.transactions(
        [
            TransactionsFilter(account_include=("a",)),
            TransactionsFilter(account_required=("b", "c")),
        ]
    )

    assert joined.account_include == ("a", "b")


@pytest.mark.parametrize("join", [superset.transactions, superset.accounts, superset.blocks])
def test_two_cuckoo_sets_cannot_be_joined(join: Any) -> None:
    field = {
        superset.transactions: (TransactionsFilter, "cuckoo_account_include"),
        superset.accounts: (AccountsFilter, "cuckoo_accounts_filter"),
        superset.blocks: (BlocksFilter, "cuckoo_account_include"),
    }[join]
    kind, name = field
    first, second = Cuckoo(b"1" * 8, 0), Cuckoo(b"2" * 8, 0)

    assert getattr(join([kind(**{name: first}), kind(**{name: first})]), name) == first
    assert getattr(join([kind(**{name: first}), kind(**{name: second})]), name) is None


def test_accounts_by_name_and_accounts_by_owner_have_no_list_in_common() -> None:
    joined = superset.accounts([AccountsFilter(account=("a",)), AccountsFilter(owner=("b",))])

    assert joined == AccountsFilter()


def test_accounts_by_owner_join_owners() -> None:
    joined = superset.accounts([AccountsFilter(owner=("a",)), AccountsFilter(owner=("b", "a"))])

    assert joined == AccountsFilter(owner=("a", "b"))
