"""The monitors' filters judged here, where a server was asked for more than a monitor wants
(PROTOCOL 4).
"""

from collections.abc import Sequence

from google.protobuf.message import DecodeError

from monitor.core.chain import Commitment, Kind
from monitor.core.errors import FrameMalformed
from monitor.core.monitors import Monitor, SlotsFilter
from monitor.wire.matching import (
    AccountMatcher,
    Facts,
    StatusFacts,
    TransactionFacts,
    TransactionMatcher,
)
from monitor.wire.pb import geyser_pb2


class LocalFilters:
    """All monitors' filters, compiled once. Bit i of every mask is monitor i."""

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        """Raises: ValueError for a key that is no base58 pubkey or signature."""
        self._transactions: list[tuple[int, TransactionMatcher]] = []
        self._statuses: list[tuple[int, TransactionMatcher]] = []
        self._accounts: list[tuple[int, AccountMatcher]] = []
        self._slots: list[tuple[int, SlotsFilter]] = []
        self._everything: dict[int, int] = dict.fromkeys(
            (Kind.BLOCK, Kind.BLOCK_META, Kind.ENTRY), 0
        )
        for position, monitor in enumerate(monitors):
            self._add(1 << position, monitor)

    def judge(self, kind: int, frame: bytes, candidates: int, level: Commitment) -> int:
        """The candidates that want this frame; they are all at `level`, which only slots filters
        ask about.

        transaction_status updates name no accounts: filters on keys never match them here.
        Raises: FrameMalformed.
        """
        everything = self._everything.get(kind)
        if everything is not None:
            return candidates & everything
        if not candidates:
            return 0
        try:
            update = geyser_pb2.SubscribeUpdate.FromString(frame)
        except DecodeError as error:
            raise FrameMalformed(f"a frame did not parse as a SubscribeUpdate: {error}") from error
        return candidates & self._judged(kind, update, candidates, level)

    def transaction(self, facts: Facts) -> int:
        """The monitors whose `transactions` filter wants this transaction."""
        return sum(bit for bit, matcher in self._transactions if matcher.wants(facts))

    def status(self, facts: Facts) -> int:
        """The monitors whose `transactions_status` filter wants it. Unlike the update, a whole transaction names its accounts."""
        return sum(bit for bit, matcher in self._statuses if matcher.wants(facts))

    def account(self, write: geyser_pb2.SubscribeUpdateAccountInfo) -> int:
        """The monitors whose `accounts` filter wants this write; its data must be whole."""
        return sum(bit for bit, matcher in self._accounts if matcher.wants(write))

    def _judged(
        self, kind: int, update: geyser_pb2.SubscribeUpdate, candidates: int, level: Commitment
    ) -> int:
        match kind:
            case Kind.TRANSACTION:
                facts = TransactionFacts(update.transaction.transaction)
                return sum(b for b, m in self._transactions if b & candidates and m.wants(facts))
            case Kind.TRANSACTION_STATUS:
                status = StatusFacts(update.transaction_status)
                return sum(b for b, m in self._statuses if b & candidates and m.wants(status))
            case Kind.ACCOUNT:
                write = update.account.account
                return sum(b for b, m in self._accounts if b & candidates and m.wants(write))
            case Kind.SLOT:
                said = update.slot.status
                return sum(b for b, wanted in self._slots if wanted.takes(said, level))
            case _:
                return 0

    def _add(self, bit: int, monitor: Monitor) -> None:
        if monitor.transactions is not None:
            self._transactions.append((bit, TransactionMatcher(monitor.transactions)))
        if monitor.transactions_status is not None:
            self._statuses.append((bit, TransactionMatcher(monitor.transactions_status)))
        if monitor.accounts is not None:
            self._accounts.append((bit, AccountMatcher(monitor.accounts)))
        if monitor.slots is not None:
            self._slots.append((bit, monitor.slots))
        for kind in (Kind.BLOCK, Kind.BLOCK_META, Kind.ENTRY):
            if monitor.wants(kind):
                self._everything[kind] |= bit
