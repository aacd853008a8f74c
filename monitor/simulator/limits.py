"""What a server allows in one request: its `filter_limits` (PROTOCOL 4.7).

Counts of None are unlimited. Reject lists hold base58 keys.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountsLimits:
    """For `accounts`, and for the data slices of the request."""

    max: int | None = None
    any: bool = True
    account_max: int | None = None
    account_reject: frozenset[str] = frozenset()
    owner_max: int | None = None
    owner_reject: frozenset[str] = frozenset()
    """Accounts of these owners are dropped when they come in, for everyone."""
    data_slice_max: int | None = None
    cuckoo_max_size: int | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True)
class TransactionsLimits:
    """For `transactions`, `transactions_status` or `deshred_transactions`."""

    max: int | None = None
    any: bool = True
    account_include_max: int | None = None
    account_include_reject: frozenset[str] = frozenset()
    account_exclude_max: int | None = None
    account_required_max: int | None = None
    cuckoo_max_size: int | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True)
class BlocksLimits:
    """For `blocks`."""

    max: int | None = None
    account_include_max: int | None = None
    account_include_any: bool = True
    account_include_reject: frozenset[str] = frozenset()
    include_transactions: bool = True
    include_accounts: bool = True
    """The real server judges include_entries by this one too."""
    include_entries: bool = True
    cuckoo_max_size: int | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True)
class CountLimits:
    """For kinds whose filters have nothing else to limit."""

    max: int | None = None


@dataclass(frozen=True, slots=True)
class FilterLimits:
    """The whole section; by default nothing is limited but the length of names."""

    accounts: AccountsLimits = AccountsLimits()
    slots: CountLimits = CountLimits()
    transactions: TransactionsLimits = TransactionsLimits()
    transactions_status: TransactionsLimits = TransactionsLimits()
    deshred_transactions: TransactionsLimits = TransactionsLimits()
    blocks: BlocksLimits = BlocksLimits()
    blocks_meta: CountLimits = CountLimits()
    entries: CountLimits = CountLimits()
    filter_name_size_limit: int = 128
    """Bytes."""
