"""What filters ask of a transaction or an account write, read from its protobuf once."""

from functools import cached_property
from typing import Any

from monitor.simulator.base58 import key_bytes
from monitor.wire.pb import solana_storage_pb2

_Balance = solana_storage_pb2.TokenBalance


class TransactionFacts:
    """Facts of a geyser_pb2.SubscribeUpdateTransactionInfo; each set of keys is made when first asked for."""

    def __init__(self, info: Any) -> None:
        self._info = info
        self.is_vote: bool = info.is_vote
        self.failed: bool = info.meta.HasField("err")
        self.signature: bytes = info.signature

    @cached_property
    def keys(self) -> frozenset[bytes]:
        """Static keys and those loaded from tables."""
        meta = self._info.meta
        return frozenset(self._info.transaction.message.account_keys).union(
            meta.loaded_writable_addresses, meta.loaded_readonly_addresses
        )

    @cached_property
    def keys_and_owners(self) -> frozenset[bytes]:
        """The keys, and the owners of all token balances before and after."""
        meta = self._info.meta
        owners = map(_owner, (*meta.pre_token_balances, *meta.post_token_balances))
        return self.keys.union(owner for owner in owners if owner is not None)

    @cached_property
    def keys_and_changed_owners(self) -> frozenset[bytes]:
        """The keys, and the owners of the token balances that changed, appeared or vanished."""
        meta = self._info.meta
        before = {held.account_index: held for held in meta.pre_token_balances}
        after = {held.account_index: held for held in meta.post_token_balances}
        moved = [held for index, held in after.items() if _is_changed(before.get(index), held)]
        moved += [held for index, held in before.items() if index not in after]
        return self.keys.union(owner for owner in map(_owner, moved) if owner is not None)


def _is_changed(before: _Balance | None, after: _Balance) -> bool:
    return before is None or before.ui_token_amount.amount != after.ui_token_amount.amount


def _owner(balance: _Balance) -> bytes | None:
    try:
        return key_bytes(balance.owner)
    except ValueError:
        return None


class AccountFacts:
    """Facts of a geyser_pb2.SubscribeUpdateAccountInfo."""

    def __init__(self, info: Any) -> None:
        self.pubkey: bytes = info.pubkey
        self.owner: bytes = info.owner
        self.lamports: int = info.lamports
        self.content: bytes = info.data
        self.signed: bool = info.HasField("txn_signature")
