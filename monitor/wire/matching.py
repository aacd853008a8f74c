"""Whether one transaction or one account write is what a filter asks for, by the server's rules
(PROTOCOL 4.1, 4.3).

Keys are turned into bytes once, when a matcher is made; matching compares bytes only.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Protocol

from monitor.core.monitors import AccountsFilter, Lamports, TokenAccounts, TransactionsFilter
from monitor.wire.base58 import key_bytes, signature_bytes
from monitor.wire.cuckoo import CuckooSet
from monitor.wire.pb import geyser_pb2, solana_storage_pb2

_TOKEN_ACCOUNT: Final = 165
"""Bytes of an SPL token account; a token-2022 account with extensions is longer."""
_MULTISIG: Final = 355
"""Bytes of an SPL multisig, which a longer token account must not be taken for."""
_STATE_AT: Final = 108
_ACCOUNT_TYPE: Final = 2


def key_set(texts: Iterable[str]) -> frozenset[bytes]:
    """Base58 pubkeys as bytes. Raises: ValueError for text that is no pubkey."""
    return frozenset(key_bytes(text) for text in texts)


def transaction_keys(info: geyser_pb2.SubscribeUpdateTransactionInfo) -> frozenset[bytes]:
    """All accounts that a transaction names: its own keys, then those loaded from tables."""
    return frozenset(
        (
            *info.transaction.message.account_keys,
            *info.meta.loaded_writable_addresses,
            *info.meta.loaded_readonly_addresses,
        )
    )


Holding = tuple[int, str, str]
"""(account index, owner, amount) of a token balance, both as text."""


class Facts(Protocol):
    """What filters ask of one transaction."""

    @property
    def is_vote(self) -> bool:
        """What the runtime calls a vote."""

    @property
    def failed(self) -> bool:
        """Whether it ended in an error."""

    @property
    def signature(self) -> bytes:
        """Its first signature."""

    def keys(self, expansion: TokenAccounts | None) -> Collection[bytes] | None:
        """The accounts of the transaction, and owners of token balances as this expansion says; None: not said."""


class TransactionFacts:
    """Those of a streamed transaction; each set is made when first asked for."""

    def __init__(self, info: geyser_pb2.SubscribeUpdateTransactionInfo) -> None:
        self.is_vote: Final = info.is_vote
        self.failed: Final = info.meta.HasField("err")
        self.signature: Final = info.signature
        self._info = info
        self._keys: dict[TokenAccounts | None, frozenset[bytes]] = {}

    def keys(self, expansion: TokenAccounts | None) -> frozenset[bytes] | None:
        """The accounts of the transaction, and owners of token balances as this expansion says."""
        found = self._keys.get(expansion)
        if found is None:
            found = transaction_keys(self._info)
            if expansion is not None:
                meta = self._info.meta
                before, after = map(_holdings, (meta.pre_token_balances, meta.post_token_balances))
                found |= owners(before, after, expansion)
            self._keys[expansion] = found
        return found


class StatusFacts:
    """What filters ask of a transaction_status update: it names no account, so keys are unknown."""

    def __init__(self, status: geyser_pb2.SubscribeUpdateTransactionStatus) -> None:
        self.is_vote: Final = status.is_vote
        self.failed: Final = status.HasField("err")
        self.signature: Final = status.signature

    def keys(self, expansion: TokenAccounts | None) -> frozenset[bytes] | None:
        """None: not said."""
        del expansion
        return None


class TransactionMatcher:
    """One filter of `transactions` or `transactions_status`."""

    def __init__(self, wanted: TransactionsFilter) -> None:
        self._vote = wanted.vote
        self._failed = wanted.failed
        self._signature = None if wanted.signature is None else signature_bytes(wanted.signature)
        self._include = key_set(wanted.account_include)
        self._exclude = key_set(wanted.account_exclude)
        self._required = key_set(wanted.account_required)
        self._expansion = wanted.token_accounts
        cuckoo = wanted.cuckoo_account_include
        self._cuckoo = None if cuckoo is None else CuckooSet(cuckoo)
        self._asks_for_keys = bool(
            self._include or self._exclude or self._required or self._cuckoo is not None
        )

    def wants(self, facts: Facts) -> bool:
        """Whether all criteria hold. A criterion on keys never holds where the keys are unknown."""
        if self._vote is not None and self._vote != facts.is_vote:
            return False
        if self._failed is not None and self._failed != facts.failed:
            return False
        if self._signature is not None and self._signature != facts.signature:
            return False
        if not self._asks_for_keys:
            return True
        keys = facts.keys(self._expansion)
        return keys is not None and self._wants_keys(keys)

    def _wants_keys(self, keys: Collection[bytes]) -> bool:
        return (
            self._required.issubset(keys)
            and self._exclude.isdisjoint(keys)
            and included(keys, self._include, self._cuckoo)
        )


def included(keys: Iterable[bytes], listed: frozenset[bytes], cuckoo: CuckooSet | None) -> bool:
    """Whether any key is in the list or in the cuckoo set; with neither given, everything is."""
    if not listed and cuckoo is None:
        return True
    if not listed.isdisjoint(keys):
        return True
    return cuckoo is not None and any(cuckoo.holds(key) for key in keys)


def owners(
    before: Sequence[Holding], after: Sequence[Holding], expansion: TokenAccounts
) -> frozenset[bytes]:
    """The owners that this expansion adds to the keys of a transaction, by its token balances before and after it."""
    if expansion == TokenAccounts.BALANCE_CHANGED:
        return _owners_of_changed(before, after)
    found = (_key(owner) for _, owner, _ in (*before, *after))
    return frozenset(owner for owner in found if owner is not None)


def _holdings(balances: Iterable[solana_storage_pb2.TokenBalance]) -> list[Holding]:
    return [
        (balance.account_index, balance.owner, balance.ui_token_amount.amount)
        for balance in balances
    ]


def _owners_of_changed(before: Sequence[Holding], after: Sequence[Holding]) -> frozenset[bytes]:
    """Owners after the transaction where the amount differs or is new, and owners before it where
    it vanished.

    A balance whose owner does not parse is as if it were not there. A mere change of owner is no
    change.
    """
    held: dict[int, tuple[bytes, str]] = {}
    for index, text, amount in before:
        owner = _key(text)
        if owner is not None:
            held[index] = owner, amount
    changed: set[bytes] = set()
    left: set[int] = set()
    for index, text, amount in after:
        owner = _key(text)
        if owner is None:
            continue
        left.add(index)
        earlier = held.get(index)
        if earlier is None or earlier[1] != amount:
            changed.add(owner)
    changed.update(owner for index, (owner, _) in held.items() if index not in left)
    return frozenset(changed)


def _key(text: str) -> bytes | None:
    try:
        return key_bytes(text)
    except ValueError:
        return None


class AccountMatcher:
    """One filter of `accounts`."""

    def __init__(self, wanted: AccountsFilter) -> None:
        self._account = key_set(wanted.account)
        self._owner = key_set(wanted.owner)
        self._signed = wanted.nonempty_txn_signature
        self._state = wanted.state
        cuckoo = wanted.cuckoo_accounts_filter
        self._cuckoo = None if cuckoo is None else CuckooSet(cuckoo)

    def wants(self, write: geyser_pb2.SubscribeUpdateAccountInfo) -> bool:
        """Whether this write matches; its data must be whole, not sliced."""
        if self._signed is not None and self._signed != write.HasField("txn_signature"):
            return False
        if self._owner and write.owner not in self._owner:
            return False
        if not included((write.pubkey,), self._account, self._cuckoo):
            return False
        return self._wants_state(write.lamports, write.data)

    def _wants_state(self, lamports: int, data: bytes) -> bool:
        state = self._state
        return (
            (state.datasize is None or state.datasize == len(data))
            and (not state.token_account_state or is_token_account(data))
            and all(_compares(criterion, lamports) for criterion in state.lamports)
            and all(data.startswith(memcmp.expected, memcmp.offset) for memcmp in state.memcmp)
        )


def is_token_account(data: bytes) -> bool:
    """Whether the data are an initialised SPL token or token-2022 account."""
    size = len(data)
    if size < _TOKEN_ACCOUNT or data[_STATE_AT] == 0:
        return False
    return size == _TOKEN_ACCOUNT or (size != _MULTISIG and data[_TOKEN_ACCOUNT] == _ACCOUNT_TYPE)


def _compares(criterion: Lamports, lamports: int) -> bool:
    match criterion.comparison:
        case "eq":
            return lamports == criterion.value
        case "ne":
            return lamports != criterion.value
        case "lt":
            return lamports < criterion.value
        case _:
            return lamports > criterion.value
