"""Two readings of PROTOCOL 4, made apart, agree: our own filters and the simulated server's.

What is compared went through a request as well, so a filter that is sent wrongly shows too.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.chain import Commitment
from monitor.core.monitors import (
    AccountsFilter,
    AccountState,
    BlocksFilter,
    BlocksMetaFilter,
    DataSlice,
    EntryFilter,
    Lamports,
    Memcmp,
    Monitor,
    SlotsFilter,
    TokenAccounts,
    TransactionsFilter,
)
from monitor.ports import Endpoint
from monitor.simulator import data_slices
from monitor.simulator.facts import AccountFacts
from monitor.simulator.facts import TransactionFacts as ServedFacts
from monitor.simulator.filter_accounts import compile_accounts
from monitor.simulator.filter_checks import FilterRefused
from monitor.simulator.filter_transactions import compile_transactions
from monitor.simulator.filters import Filter
from monitor.simulator.limits import (
    AccountsLimits,
    BlocksLimits,
    CountLimits,
    FilterLimits,
    TransactionsLimits,
)
from monitor.wire import requests
from monitor.wire.matching import AccountMatcher, TransactionFacts, TransactionMatcher
from monitor.wire.pb import geyser_pb2
from monitor.wire.pb.solana_storage_pb2 import ConfirmedBlock
from monitor.wire.plan import compile_plan
from monitor.wire.slices import cut, in_order
from tests.real_blocks import BLOCK_2025_PROTOBUF, read
from tests.shared_data import needs_shared_data
from tests.wire.test_matching import token_account
from tests.wire.test_superset import KEYS, SETS, TEXTS, some_texts, transactions

seldom = st.sampled_from([None, None, None, True, False])


@given(
    st.builds(
        TransactionsFilter,
        vote=seldom,
        failed=seldom,
        account_include=some_texts,
        account_exclude=some_texts,
        account_required=some_texts,
        token_accounts=st.sampled_from([None, *TokenAccounts]),
        cuckoo_account_include=st.sampled_from(SETS),
    ),
    transactions(),
)
def test_transactions(
    wanted: TransactionsFilter, info: geyser_pb2.SubscribeUpdateTransactionInfo
) -> None:
    served = compile_transactions(requests.transactions(wanted), TransactionsLimits())

    ours = TransactionMatcher(wanted).wants(TransactionFacts(info))

    assert ours == (served is None or served(ServedFacts(info)))


@given(
    st.builds(
        AccountsFilter,
        account=some_texts,
        owner=some_texts,
        state=st.builds(
            AccountState,
            memcmp=st.lists(
                st.builds(Memcmp, st.integers(0, 4), st.binary(max_size=2)), max_size=1
            ).map(tuple),
            datasize=st.sampled_from([None, None, 3, 165]),
            token_account_state=st.sampled_from([False, False, True]),
            lamports=st.lists(
                st.builds(Lamports, st.sampled_from(["eq", "ne", "lt", "gt"]), st.integers(0, 2)),
                max_size=1,
            ).map(tuple),
        ),
        nonempty_txn_signature=seldom,
        cuckoo_accounts_filter=st.sampled_from(SETS),
    ),
    st.builds(
        geyser_pb2.SubscribeUpdateAccountInfo,
        pubkey=st.sampled_from(KEYS),
        owner=st.sampled_from(KEYS),
        lamports=st.integers(0, 2),
        txn_signature=st.sampled_from([None, b"s"]),
        data=st.one_of(
            st.binary(max_size=5),
            st.builds(
                token_account,
                st.sampled_from([164, 165, 166, 355, 356]),
                st.integers(0, 1),
                st.integers(1, 2),
            ),
        ),
    ),
)
def test_accounts(wanted: AccountsFilter, write: geyser_pb2.SubscribeUpdateAccountInfo) -> None:
    served = compile_accounts(requests.accounts(wanted), AccountsLimits())

    ours = AccountMatcher(wanted).wants(write)

    assert ours == (served is None or served(AccountFacts(write)))


@given(
    st.binary(max_size=12),
    st.lists(st.builds(DataSlice, st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=3),
)
def test_slices(content: bytes, slices: list[DataSlice]) -> None:
    try:
        served = data_slices.compile_slices(requests.data_slices(slices), None)
    except FilterRefused:
        assert not in_order(slices)
    else:
        assert in_order(slices)
        assert cut(content, slices) == data_slices.cut(content, served)


@pytest.mark.parametrize("most", [None, 1])
def test_a_plan_for_a_limited_endpoint_is_served_under_its_limits(most: int | None) -> None:
    monitors = [
        Monitor(
            name,
            transactions=TransactionsFilter(account_include=(key,)),
            transactions_status=TransactionsFilter(vote=False),
            accounts=AccountsFilter(owner=(key,)),
            slots=SlotsFilter(),
            blocks=BlocksFilter(account_include=(key,)),
            blocks_meta=BlocksMetaFilter(),
            entry=EntryFilter(),
            data_slices=(DataSlice(0, 8), DataSlice(8, 8)),
        )
        for name, key in zip("ab", TEXTS, strict=False)
    ]
    plan = compile_plan(
        monitors, Commitment.CONFIRMED, Endpoint("fra", "http://10.0.0.1", max_filters=most)
    )
    limits = FilterLimits(
        accounts=AccountsLimits(max=most),
        slots=CountLimits(max=most),
        transactions=TransactionsLimits(max=most),
        transactions_status=TransactionsLimits(max=most),
        blocks=BlocksLimits(max=most),
        blocks_meta=CountLimits(max=most),
        entries=CountLimits(max=most),
    )

    served = Filter(geyser_pb2.SubscribeRequest.FromString(plan.request(1)), limits)

    assert served.commitment == Commitment.PROCESSED


@needs_shared_data
@pytest.mark.parametrize("expansion", [None, *TokenAccounts])
def test_transactions_of_a_real_block(expansion: TokenAccounts | None) -> None:
    block = ConfirmedBlock.FromString(read(BLOCK_2025_PROTOBUF))
    infos = [
        geyser_pb2.SubscribeUpdateTransactionInfo(transaction=each.transaction, meta=each.meta)
        for each in block.transactions
    ]
    owners = {
        balance.owner
        for info in infos
        for balance in (*info.meta.pre_token_balances, *info.meta.post_token_balances)
    }
    asked = (*sorted(owners)[:40], *TEXTS)
    wanted = TransactionsFilter(account_include=asked, token_accounts=expansion, failed=False)
    served = compile_transactions(requests.transactions(wanted), TransactionsLimits())
    matcher = TransactionMatcher(wanted)
    assert served is not None

    ours = [matcher.wants(TransactionFacts(info)) for info in infos]

    assert ours == [served(ServedFacts(info)) for info in infos]
    assert any(ours)
    assert not all(ours)
