"""Monitors as they stand in the configuration: Yellowstone's own words, turned into the core's filters."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field

from monitor.app.configuration_mistakes import refused
from monitor.app.configuration_values import (
    LEVELS,
    U64,
    AtLeastOne,
    MadeHere,
    Name,
    Pubkey,
    SignatureText,
)
from monitor.core import monitors
from monitor.core.monitors import TokenAccounts
from monitor.wire import base58

_MOST_CRITERIA: Final = 4
_MOST_MEMCMP_BYTES: Final = 128
"""Both of PROTOCOL 4.1."""

Level = Literal["processed", "confirmed", "finalized"]
Byte = Annotated[int, Field(ge=0, le=255)]


@dataclass(frozen=True, slots=True)
class TransactionsShape:
    """`transactions` and `transactions_status`."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    vote: bool | None = None
    failed: bool | None = None
    signature: SignatureText | None = None
    account_include: tuple[Pubkey, ...] = ()
    account_exclude: tuple[Pubkey, ...] = ()
    account_required: tuple[Pubkey, ...] = ()
    token_accounts: Literal["all", "balance_changed"] | None = None
    cuckoo_account_include: MadeHere = None

    def filter(self) -> monitors.TransactionsFilter:
        """The core's filter."""
        mode = self.token_accounts
        return monitors.TransactionsFilter(
            vote=self.vote,
            failed=self.failed,
            signature=self.signature,
            account_include=self.account_include,
            account_exclude=self.account_exclude,
            account_required=self.account_required,
            token_accounts=None if mode is None else TokenAccounts[mode.upper()],
        )


@dataclass(frozen=True, slots=True)
class MemcmpShape:
    """`memcmp`: the expected bytes in one of three spellings."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    offset: U64
    base58: str | None = None
    base64: str | None = None
    bytes: tuple[Byte, ...] | None = None

    def __post_init__(self) -> None:
        """Raises: a mistake when there is not exactly one spelling, or it does not hold."""
        if sum(x is not None for x in (self.base58, self.base64, self.bytes)) != 1:
            remedy = "write exactly one of base58, base64 and bytes"
            raise refused("does not say what to compare with", remedy)
        if len(self.filter().expected) > _MOST_MEMCMP_BYTES:
            remedy = "compare a shorter part"
            raise refused(f"compares more than {_MOST_MEMCMP_BYTES} bytes", remedy)

    def filter(self) -> monitors.Memcmp:
        """The core's criterion. Raises: a mistake when the text is not what it says."""
        return monitors.Memcmp(self.offset, _expected(self))


def _expected(shape: MemcmpShape) -> bytes:
    try:
        if shape.base58 is not None:
            return base58.decode(shape.base58)
        if shape.base64 is not None:
            return base64.b64decode(shape.base64, validate=True)
    except (ValueError, binascii.Error):
        spelling = "base58" if shape.base58 is not None else "base64"
        raise refused(f"is no {spelling}", "copy the text again") from None
    return bytes(shape.bytes or ())


@dataclass(frozen=True, slots=True)
class LamportsShape:
    """`lamports`: one comparison."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    eq: U64 | None = None
    ne: U64 | None = None
    lt: U64 | None = None
    gt: U64 | None = None

    def __post_init__(self) -> None:
        """Raises: a mistake when there is not exactly one comparison."""
        if len(self._comparisons()) != 1:
            raise refused("is no comparison", "write exactly one of eq, ne, lt and gt")

    def filter(self) -> monitors.Lamports:
        """The core's criterion."""
        ((comparison, value),) = self._comparisons()
        return monitors.Lamports(comparison, value)

    def _comparisons(self) -> list[tuple[str, int]]:
        said = {"eq": self.eq, "ne": self.ne, "lt": self.lt, "gt": self.gt}
        return [(word, value) for word, value in said.items() if value is not None]


@dataclass(frozen=True, slots=True)
class CriterionShape:
    """One item of `filters`."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    memcmp: MemcmpShape | None = None
    datasize: U64 | None = None
    token_account_state: Literal[True] | None = None
    lamports: LamportsShape | None = None

    def __post_init__(self) -> None:
        """Raises: a mistake when there is not exactly one key."""
        said = (self.memcmp, self.datasize, self.token_account_state, self.lamports)
        if sum(x is not None for x in said) != 1:
            remedy = "write exactly one of memcmp, datasize, token_account_state and lamports"
            raise refused("is no filter", remedy)


def _criteria(criteria: tuple[CriterionShape, ...]) -> tuple[CriterionShape, ...]:
    if len(criteria) > _MOST_CRITERIA:
        remedy = f"keep {_MOST_CRITERIA}, or use a second monitor"
        raise refused(f"has {len(criteria)} filters; servers take {_MOST_CRITERIA}", remedy)
    if sum(criterion.datasize is not None for criterion in criteria) > 1:
        raise refused("has datasize more than once", "keep one")
    return criteria


@dataclass(frozen=True, slots=True)
class AccountsShape:
    """`accounts`."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    account: tuple[Pubkey, ...] = ()
    owner: tuple[Pubkey, ...] = ()
    filters: Annotated[tuple[CriterionShape, ...], AfterValidator(_criteria)] = ()
    nonempty_txn_signature: bool | None = None
    cuckoo_accounts_filter: MadeHere = None

    def filter(self) -> monitors.AccountsFilter:
        """The core's filter."""
        sizes = [item.datasize for item in self.filters if item.datasize is not None]
        state = monitors.AccountState(
            memcmp=tuple(item.memcmp.filter() for item in self.filters if item.memcmp is not None),
            datasize=sizes[0] if sizes else None,
            token_account_state=any(item.token_account_state for item in self.filters),
            lamports=tuple(item.lamports.filter() for item in self.filters if item.lamports),
        )
        return monitors.AccountsFilter(
            account=self.account,
            owner=self.owner,
            state=state,
            nonempty_txn_signature=self.nonempty_txn_signature,
        )


@dataclass(frozen=True, slots=True)
class SlotsShape:
    """`slots`."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    filter_by_commitment: bool = False
    interslot_updates: bool = False

    def filter(self) -> monitors.SlotsFilter:
        """The core's filter."""
        return monitors.SlotsFilter(self.filter_by_commitment, self.interslot_updates)


@dataclass(frozen=True, slots=True)
class BlocksShape:
    """`blocks`."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    account_include: tuple[Pubkey, ...] = ()
    include_transactions: bool = True
    include_accounts: bool = False
    include_entries: bool = False
    cuckoo_account_include: MadeHere = None

    def filter(self) -> monitors.BlocksFilter:
        """The core's filter."""
        return monitors.BlocksFilter(
            account_include=self.account_include,
            include_transactions=self.include_transactions,
            include_accounts=self.include_accounts,
            include_entries=self.include_entries,
        )


@dataclass(frozen=True, slots=True)
class EverythingShape:
    """`blocks_meta` and `entry`: no criteria."""

    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class DeshredShape:
    """`deshred`: what can be asked before the execution."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    vote: bool | None = None
    account_include: tuple[Pubkey, ...] = ()
    account_exclude: tuple[Pubkey, ...] = ()
    account_required: tuple[Pubkey, ...] = ()

    def filter(self) -> monitors.DeshredFilter:
        """The core's filter."""
        return monitors.DeshredFilter(
            vote=self.vote,
            account_include=self.account_include,
            account_exclude=self.account_exclude,
            account_required=self.account_required,
        )


@dataclass(frozen=True, slots=True)
class SliceShape:
    """One item of `data_slices`."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    offset: U64
    length: AtLeastOne


def _slices(slices: tuple[SliceShape, ...]) -> tuple[SliceShape, ...]:
    end = 0
    for cut in slices:
        if cut.offset < end:
            wrong = f"overlaps or is out of order at offset {cut.offset}"
            raise refused(wrong, "write the slices by rising offset, none into the next")
        end = cut.offset + cut.length
    return slices


@dataclass(frozen=True, slots=True)
class MonitorShape:
    """One monitor."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    name: Name
    commitment: Level | None = None
    transactions: TransactionsShape | None = None
    transactions_status: TransactionsShape | None = None
    accounts: AccountsShape | None = None
    slots: SlotsShape | None = None
    blocks: BlocksShape | None = None
    blocks_meta: EverythingShape | None = None
    entry: EverythingShape | None = None
    deshred: DeshredShape | None = None
    data_slices: Annotated[tuple[SliceShape, ...], AfterValidator(_slices)] = ()
    every_write: bool = False

    def monitor(self) -> monitors.Monitor:
        """The core's monitor."""
        status = self.transactions_status
        return monitors.Monitor(
            name=self.name,
            commitment=None if self.commitment is None else LEVELS[self.commitment],
            transactions=self.transactions.filter() if self.transactions else None,
            transactions_status=status.filter() if status else None,
            accounts=self.accounts.filter() if self.accounts else None,
            slots=self.slots.filter() if self.slots else None,
            blocks=self.blocks.filter() if self.blocks else None,
            blocks_meta=monitors.BlocksMetaFilter() if self.blocks_meta else None,
            entry=monitors.EntryFilter() if self.entry else None,
            deshred=self.deshred.filter() if self.deshred else None,
            data_slices=tuple(monitors.DataSlice(s.offset, s.length) for s in self.data_slices),
            every_write=self.every_write,
        )


KINDS: Final = (
    "transactions",
    "transactions_status",
    "accounts",
    "slots",
    "blocks",
    "blocks_meta",
    "entry",
    "deshred",
)
"""The filters that a monitor can have: it needs one."""
