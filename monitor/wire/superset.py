"""One filter that asks for at least what several ask for; what is too much of it is judged away
here.

A superset may be wide, never narrow. A transaction that a filter wants names one of its included
keys, or a key of its cuckoo set, or (with no such list) any one of its required keys; so those
joined are enough. Exclusions are dropped, since a key that one monitor shuns another may want. Two
different cuckoo sets cannot be joined: all is asked for then.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from monitor.core.monitors import (
    AccountsFilter,
    AccountState,
    BlocksFilter,
    Cuckoo,
    TokenAccounts,
    TransactionsFilter,
)

_Value = TypeVar("_Value")


def transactions(filters: Sequence[TransactionsFilter]) -> TransactionsFilter:
    """A filter that takes every transaction that any of these takes."""
    include: tuple[str, ...] = ()
    cuckoo: Cuckoo | None = None
    if all(_reach(each) or each.cuckoo_account_include is not None for each in filters):
        sets = {each.cuckoo_account_include for each in filters} - {None}
        if len(sets) <= 1:
            include = _union(_reach(each) for each in filters)
            cuckoo = next(iter(sets), None)
    return TransactionsFilter(
        vote=_common([each.vote for each in filters]),
        failed=_common([each.failed for each in filters]),
        signature=_common([each.signature for each in filters]),
        account_include=include,
        token_accounts=_widest([each.token_accounts for each in filters]),
        cuckoo_account_include=cuckoo,
    )


def accounts(filters: Sequence[AccountsFilter]) -> AccountsFilter:
    """A filter that takes every account write that any of these takes."""
    account: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    cuckoo: Cuckoo | None = None
    sets = {each.cuckoo_accounts_filter for each in filters} - {None}
    listed = all(each.account or each.cuckoo_accounts_filter is not None for each in filters)
    if listed and len(sets) <= 1:
        account = _union(each.account for each in filters)
        cuckoo = next(iter(sets), None)
    if all(each.owner for each in filters):
        owner = _union(each.owner for each in filters)
    return AccountsFilter(
        account=account,
        owner=owner,
        state=_common([each.state for each in filters]) or AccountState(),
        nonempty_txn_signature=_common([each.nonempty_txn_signature for each in filters]),
        cuckoo_accounts_filter=cuckoo,
    )


def blocks(filters: Sequence[BlocksFilter]) -> BlocksFilter:
    """A filter whose blocks hold all that any of these includes."""
    include: tuple[str, ...] = ()
    cuckoo: Cuckoo | None = None
    sets = {each.cuckoo_account_include for each in filters} - {None}
    listed = all(
        each.account_include or each.cuckoo_account_include is not None for each in filters
    )
    if listed and len(sets) <= 1:
        include = _union(each.account_include for each in filters)
        cuckoo = next(iter(sets), None)
    return BlocksFilter(
        account_include=include,
        include_transactions=any(each.include_transactions for each in filters),
        include_accounts=any(each.include_accounts for each in filters),
        include_entries=any(each.include_entries for each in filters),
        cuckoo_account_include=cuckoo,
    )


def _reach(each: TransactionsFilter) -> tuple[str, ...]:
    """Keys of which a wanted transaction names at least one; () when there is no such list."""
    if each.account_include or each.cuckoo_account_include is not None:
        return each.account_include
    return each.account_required[:1]


def _union(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for keys in lists for key in keys))


def _common(values: Sequence[_Value]) -> _Value | None:
    first = values[0]
    return first if all(value == first for value in values) else None


def _widest(expansions: Sequence[TokenAccounts | None]) -> TokenAccounts | None:
    if TokenAccounts.ALL in expansions:
        return TokenAccounts.ALL
    return TokenAccounts.BALANCE_CHANGED if TokenAccounts.BALANCE_CHANGED in expansions else None
