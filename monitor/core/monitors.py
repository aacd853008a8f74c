"""Monitors: the user's named filters, in Yellowstone's own words and meaning (PROTOCOL 4).

An absent option is None, as on the wire. Keys are base58 text, checked when the configuration is read.
"""

from dataclasses import dataclass
from enum import IntEnum

from monitor.core.chain import Commitment, Kind


class TokenAccounts(IntEnum):
    """Adds the owners of token balances to the keys of a transaction (geyser.proto)."""

    ALL = 0
    BALANCE_CHANGED = 1


@dataclass(frozen=True, slots=True)
class Cuckoo:
    """A cuckoo filter over 32-byte keys: false positives, never false negatives (PROTOCOL 4.6)."""

    table: bytes
    """Buckets of four little-endian u16 fingerprints, 0 for a free place."""
    hash_seed: int


@dataclass(frozen=True, slots=True)
class TransactionsFilter:
    """Kinds `transactions` and `transactions_status`."""

    vote: bool | None = None
    failed: bool | None = None
    signature: str | None = None
    account_include: tuple[str, ...] = ()
    account_exclude: tuple[str, ...] = ()
    account_required: tuple[str, ...] = ()
    token_accounts: TokenAccounts | None = None
    cuckoo_account_include: Cuckoo | None = None


@dataclass(frozen=True, slots=True)
class Memcmp:
    """Account data equals `expected` at byte `offset`."""

    offset: int
    expected: bytes


@dataclass(frozen=True, slots=True)
class Lamports:
    """Compares the account's lamports: `comparison` is eq, ne, lt or gt, read as `lamports < value` for lt."""

    comparison: str
    value: int


@dataclass(frozen=True, slots=True)
class AccountState:
    """The `filters` of an accounts filter; all must hold. At most four in all."""

    memcmp: tuple[Memcmp, ...] = ()
    datasize: int | None = None
    token_account_state: bool = False
    lamports: tuple[Lamports, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountsFilter:
    """Kind `accounts`: account list AND owner list AND state; only the cuckoo set joins the account list by OR."""

    account: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    state: AccountState = AccountState()
    nonempty_txn_signature: bool | None = None
    cuckoo_accounts_filter: Cuckoo | None = None


@dataclass(frozen=True, slots=True)
class SlotsFilter:
    """Kind `slots`: (not filter_by_commitment OR status is the monitor's level) AND (interslot_updates OR status is a commitment)."""

    filter_by_commitment: bool = False
    interslot_updates: bool = False

    def takes(self, status: int, level: Commitment) -> bool:
        """Whether a monitor at this level gets this `SlotStatus` (PROTOCOL 2.8)."""
        at_level = not self.filter_by_commitment or status == level
        return at_level and (self.interslot_updates or status <= Commitment.FINALIZED)


@dataclass(frozen=True, slots=True)
class BlocksFilter:
    """Kind `blocks`: every block; account_include trims its transactions and accounts."""

    account_include: tuple[str, ...] = ()
    include_transactions: bool = True
    include_accounts: bool = False
    include_entries: bool = False
    cuckoo_account_include: Cuckoo | None = None


@dataclass(frozen=True, slots=True)
class BlocksMetaFilter:
    """Kind `blocks_meta`: every block's meta."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Kind `entry`: every entry."""


@dataclass(frozen=True, slots=True)
class DeshredFilter:
    """Kind `deshred`: transactions before their execution, which may never land (PROTOCOL 6). All must hold."""

    vote: bool | None = None
    account_include: tuple[str, ...] = ()
    account_exclude: tuple[str, ...] = ()
    account_required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSlice:
    """A range of account data, taken whole or not at all."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Monitor:
    """One named filter of the user's: at most one filter of each kind, and a level if not the daemon's."""

    name: str
    commitment: Commitment | None = None
    transactions: TransactionsFilter | None = None
    transactions_status: TransactionsFilter | None = None
    accounts: AccountsFilter | None = None
    slots: SlotsFilter | None = None
    blocks: BlocksFilter | None = None
    blocks_meta: BlocksMetaFilter | None = None
    entry: EntryFilter | None = None
    deshred: DeshredFilter | None = None
    """Asked by a stream of its own, and not joined: no `Kind` stands for it."""
    data_slices: tuple[DataSlice, ...] = ()
    every_write: bool = False

    def wants(self, kind: Kind) -> bool:
        """Whether the monitor has a filter for updates of this kind."""
        match kind:
            case Kind.TRANSACTION:
                return self.transactions is not None
            case Kind.TRANSACTION_STATUS:
                return self.transactions_status is not None
            case Kind.ACCOUNT:
                return self.accounts is not None
            case Kind.SLOT:
                return self.slots is not None
            case Kind.BLOCK:
                return self.blocks is not None
            case Kind.BLOCK_META:
                return self.blocks_meta is not None
            case Kind.ENTRY:
                return self.entry is not None
            case _:
                return False
