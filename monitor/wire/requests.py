"""Monitors' filters as the messages of a SubscribeRequest (PROTOCOL 4)."""

from collections.abc import Iterable
from typing import Final

from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    Cuckoo,
    DataSlice,
    EntryFilter,
    TransactionsFilter,
)
from monitor.wire.pb import geyser_pb2

PING: Final = geyser_pb2.SubscribeRequest(
    ping=geyser_pb2.SubscribeRequestPing(id=1)
).SerializeToString()
"""Sent for each ping of the server: some load balancers end a stream on which the client says nothing (TRAPS 25)."""


def cuckoo(wanted: Cuckoo) -> geyser_pb2.CuckooFilter:
    """The whole message; a server reads only `data` and `hash_seed` (PROTOCOL 4.6)."""
    return geyser_pb2.CuckooFilter(
        data=wanted.table,
        bucket_count=len(wanted.table) // 8,
        entries_per_bucket=4,
        fingerprint_bits=16,
        hash_seed=wanted.hash_seed,
        hash_algorithm=geyser_pb2.SIP_HASH,
    )


def transactions(wanted: TransactionsFilter) -> geyser_pb2.SubscribeRequestFilterTransactions:
    """A filter of `transactions` or `transactions_status`; an absent option stays absent."""
    message = geyser_pb2.SubscribeRequestFilterTransactions(
        vote=wanted.vote,
        failed=wanted.failed,
        account_include=wanted.account_include,
        account_exclude=wanted.account_exclude,
        signature=wanted.signature,
        account_required=wanted.account_required,
    )
    if wanted.token_accounts is not None:
        message.token_accounts = geyser_pb2.TokenAccountExpansionControlFlag.ValueType(
            wanted.token_accounts
        )
    if wanted.cuckoo_account_include is not None:
        message.cuckoo_account_include.CopyFrom(cuckoo(wanted.cuckoo_account_include))
    return message


def accounts(wanted: AccountsFilter) -> geyser_pb2.SubscribeRequestFilterAccounts:
    """A filter of `accounts`, its state criteria in a fixed order."""
    message = geyser_pb2.SubscribeRequestFilterAccounts(
        account=wanted.account,
        owner=wanted.owner,
        nonempty_txn_signature=wanted.nonempty_txn_signature,
    )
    if wanted.cuckoo_accounts_filter is not None:
        message.cuckoo_accounts_filter.CopyFrom(cuckoo(wanted.cuckoo_accounts_filter))
    state = wanted.state
    for memcmp in state.memcmp:
        criterion = message.filters.add().memcmp
        criterion.offset = memcmp.offset
        criterion.bytes = memcmp.expected
    if state.datasize is not None:
        message.filters.add().datasize = state.datasize
    if state.token_account_state:
        message.filters.add().token_account_state = True
    for lamports in state.lamports:
        setattr(message.filters.add().lamports, lamports.comparison, lamports.value)
    return message


def blocks(wanted: BlocksFilter) -> geyser_pb2.SubscribeRequestFilterBlocks:
    """A filter of `blocks`, with its three inclusions always said."""
    message = geyser_pb2.SubscribeRequestFilterBlocks(
        account_include=wanted.account_include,
        include_transactions=wanted.include_transactions,
        include_accounts=wanted.include_accounts,
        include_entries=wanted.include_entries,
    )
    if wanted.cuckoo_account_include is not None:
        message.cuckoo_account_include.CopyFrom(cuckoo(wanted.cuckoo_account_include))
    return message


def entry(wanted: EntryFilter) -> geyser_pb2.SubscribeRequestFilterEntry:
    """A filter of `entry`, which has no options."""
    del wanted
    return geyser_pb2.SubscribeRequestFilterEntry()


def data_slices(
    wanted: Iterable[DataSlice],
) -> list[geyser_pb2.SubscribeRequestAccountsDataSlice]:
    """The data slices of the whole request."""
    return [
        geyser_pb2.SubscribeRequestAccountsDataSlice(offset=cut.offset, length=cut.length)
        for cut in wanted
    ]
