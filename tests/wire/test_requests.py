"""A monitor's filter goes out in the words it was written in."""

from monitor.core.monitors import (
    AccountsFilter,
    AccountState,
    BlocksFilter,
    Cuckoo,
    DataSlice,
    EntryFilter,
    Lamports,
    Memcmp,
    TokenAccounts,
    TransactionsFilter,
)
from monitor.wire import requests
from monitor.wire.pb import geyser_pb2

CUCKOO = Cuckoo(bytes(16), 7)
CUCKOO_MESSAGE = geyser_pb2.CuckooFilter(
    data=bytes(16),
    bucket_count=2,
    entries_per_bucket=4,
    fingerprint_bits=16,
    hash_seed=7,
    hash_algorithm=geyser_pb2.SIP_HASH,
)


def test_absent_options_stay_absent() -> None:
    assert requests.transactions(TransactionsFilter()).SerializeToString() == b""
    assert requests.accounts(AccountsFilter()).SerializeToString() == b""
    assert requests.entry(EntryFilter()).SerializeToString() == b""


def test_false_is_said() -> None:
    message = requests.transactions(TransactionsFilter(vote=False, failed=False))

    assert message.HasField("vote")
    assert message.HasField("failed")
    assert not message.vote
    assert not message.failed


def test_a_full_transactions_filter() -> None:
    wanted = TransactionsFilter(
        vote=True,
        failed=False,
        signature="sig",
        account_include=("a", "b"),
        account_exclude=("c",),
        account_required=("d",),
        token_accounts=TokenAccounts.ALL,
        cuckoo_account_include=CUCKOO,
    )

    assert requests.transactions(wanted) == geyser_pb2.SubscribeRequestFilterTransactions(
        vote=True,
        failed=False,
        signature="sig",
        account_include=["a", "b"],
        account_exclude=["c"],
        account_required=["d"],
        token_accounts=geyser_pb2.ALL,
        cuckoo_account_include=CUCKOO_MESSAGE,
    )


def test_token_accounts_all_is_said_though_it_is_zero() -> None:
    wanted = TransactionsFilter(token_accounts=TokenAccounts.ALL)

    assert requests.transactions(wanted).HasField("token_accounts")


def test_a_full_accounts_filter() -> None:
    wanted = AccountsFilter(
        account=("a",),
        owner=("b",),
        state=AccountState(
            memcmp=(Memcmp(4, b"\x01"),),
            datasize=165,
            token_account_state=True,
            lamports=(Lamports("gt", 5),),
        ),
        nonempty_txn_signature=False,
        cuckoo_accounts_filter=CUCKOO,
    )

    one = geyser_pb2.SubscribeRequestFilterAccountsFilter
    assert requests.accounts(wanted) == geyser_pb2.SubscribeRequestFilterAccounts(
        account=["a"],
        owner=["b"],
        filters=[
            one(
                memcmp=geyser_pb2.SubscribeRequestFilterAccountsFilterMemcmp(
                    offset=4, bytes=b"\x01"
                )
            ),
            one(datasize=165),
            one(token_account_state=True),
            one(lamports=geyser_pb2.SubscribeRequestFilterAccountsFilterLamports(gt=5)),
        ],
        nonempty_txn_signature=False,
        cuckoo_accounts_filter=CUCKOO_MESSAGE,
    )


def test_a_datasize_of_zero_is_said() -> None:
    message = requests.accounts(AccountsFilter(state=AccountState(datasize=0)))

    assert message.filters[0].WhichOneof("filter") == "datasize"


def test_a_blocks_filter_says_all_its_inclusions() -> None:
    message = requests.blocks(BlocksFilter(account_include=("a",), cuckoo_account_include=CUCKOO))

    assert message == geyser_pb2.SubscribeRequestFilterBlocks(
        account_include=["a"],
        include_transactions=True,
        include_accounts=False,
        include_entries=False,
        cuckoo_account_include=CUCKOO_MESSAGE,
    )


def test_data_slices_keep_their_order() -> None:
    messages = requests.data_slices([DataSlice(8, 4), DataSlice(0, 2)])

    assert [(part.offset, part.length) for part in messages] == [(8, 4), (0, 2)]
