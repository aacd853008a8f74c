"""Filters of `blocks`: every block, trimmed to what the filter asks for (PROTOCOL 4.4)."""

from dataclasses import dataclass

from monitor.core.chain import Kind
from monitor.simulator.cuckoo import CuckooTable
from monitor.simulator.data_slices import DataSlices, cut_account
from monitor.simulator.filter_checks import (
    FilterRefused,
    check_any,
    check_count,
    check_keys,
    decode_keys,
)
from monitor.simulator.filter_transactions import cuckoo_table
from monitor.simulator.frames import encode_body
from monitor.simulator.limits import BlocksLimits
from monitor.simulator.received import FrozenBlock, Received
from monitor.wire.pb import geyser_pb2

_Wanted = geyser_pb2.SubscribeRequestFilterBlocks


@dataclass(frozen=True, slots=True)
class BlocksTrim:
    """What one filter leaves of a block."""

    include: frozenset[bytes]
    cuckoo: CuckooTable | None
    transactions: bool
    accounts: bool
    entries: bool

    def body(self, block: FrozenBlock, slices: DataSlices) -> bytes:
        """The block member of an update, trimmed and sliced."""
        message = _whole_head(block)
        if self.transactions:
            message.transactions.extend(
                received.message.transaction
                for received in block.of(Kind.TRANSACTION)
                if self._takes_transaction(received)
            )
        if self.accounts:
            message.accounts.extend(
                cut_account(received.message.account, slices)
                for received in block.of(Kind.ACCOUNT)
                if self._takes_account(received)
            )
        if self.entries:
            message.entries.extend(received.message for received in block.of(Kind.ENTRY))
        return encode_body(Kind.BLOCK, message.SerializeToString())

    def _takes_transaction(self, received: Received) -> bool:
        if not self.include and self.cuckoo is None:
            return True
        keys = received.transaction.keys
        return not self.include.isdisjoint(keys) or (
            self.cuckoo is not None and self.cuckoo.holds_any(keys)
        )

    def _takes_account(self, received: Received) -> bool:
        if not self.include and self.cuckoo is None:
            return True
        pubkey = received.account.pubkey
        return pubkey in self.include or (self.cuckoo is not None and pubkey in self.cuckoo)


def _whole_head(block: FrozenBlock) -> geyser_pb2.SubscribeUpdateBlock:
    meta = block.meta.message
    message = geyser_pb2.SubscribeUpdateBlock(
        slot=meta.slot,
        blockhash=meta.blockhash,
        rewards=meta.rewards,
        parent_slot=meta.parent_slot,
        parent_blockhash=meta.parent_blockhash,
        executed_transaction_count=meta.executed_transaction_count,
        updated_account_count=len(block.of(Kind.ACCOUNT)),
        entries_count=meta.entries_count,
    )
    if meta.HasField("block_time"):
        message.block_time.CopyFrom(meta.block_time)
    if meta.HasField("block_height"):
        message.block_height.CopyFrom(meta.block_height)
    return message


def compile_blocks(wanted: _Wanted, limits: BlocksLimits) -> BlocksTrim:
    """The filter's trim. Raises FilterRefused."""
    check_any(not wanted.account_include, limits.account_include_any)
    check_keys(wanted.account_include, limits.account_include_max)
    check_count(len(wanted.cuckoo_account_include.data), limits.cuckoo_max_size)
    transactions = not wanted.HasField("include_transactions") or wanted.include_transactions
    _check_allowed("transactions", transactions, limits.include_transactions)
    _check_allowed("accounts", wanted.include_accounts, limits.include_accounts)
    # The real server looks at the wrong limit here, so do we (PROTOCOL 4.7).
    _check_allowed("entries", wanted.include_entries, limits.include_accounts)
    has_cuckoo = wanted.HasField("cuckoo_account_include")
    return BlocksTrim(
        include=decode_keys(wanted.account_include, limits.account_include_reject),
        cuckoo=cuckoo_table(wanted.cuckoo_account_include) if has_cuckoo else None,
        transactions=transactions,
        accounts=wanted.include_accounts,
        entries=wanted.include_entries,
    )


def _check_allowed(part: str, wanted: bool, allowed: bool) -> None:
    if wanted and not allowed:
        raise FilterRefused(f"`include_{part}` is not allowed")
