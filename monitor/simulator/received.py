"""Messages as a server holds them: what came from the validator, statuses, and blocks put together here."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.simulator.facts import AccountFacts, TransactionFacts
from monitor.simulator.frames import encode_body, frame
from monitor.simulator.model import Update
from monitor.wire.pb import geyser_pb2


class Received:
    """An update of the validator with the time it came: a transaction, account write, entry or BlockMeta."""

    def __init__(self, update: Update, created_at_ns: int) -> None:
        self.kind: Final = update.kind
        self.slot: Final = update.slot
        self.message: Final[Any] = update.message
        self.body: Final = update.body
        self._created_at_ns = created_at_ns

    @cached_property
    def stamp(self) -> bytes:
        """The created_at field, encoded."""
        return frame((), b"", self._created_at_ns)

    @cached_property
    def transaction(self) -> TransactionFacts:
        """What filters ask of a transaction."""
        return TransactionFacts(self.message.transaction)

    @cached_property
    def account(self) -> AccountFacts:
        """What filters ask of an account write."""
        return AccountFacts(self.message.account)

    @cached_property
    def status_body(self) -> bytes:
        """The transaction as a TransactionStatus member."""
        info = self.message.transaction
        status = geyser_pb2.SubscribeUpdateTransactionStatus(
            slot=self.slot, signature=info.signature, is_vote=info.is_vote, index=info.index
        )
        if info.meta.HasField("err"):
            status.err.CopyFrom(info.meta.err)
        return encode_body(Kind.TRANSACTION_STATUS, status.SerializeToString())


class StatusNews:
    """A slot reached a status."""

    kind: Final = Kind.SLOT

    def __init__(
        self,
        slot: int,
        status: SlotStatus,
        created_at_ns: int,
        parent: int | None = None,
        dead_error: str | None = None,
    ) -> None:
        self.slot: Final = slot
        self.status: Final = status
        self._created_at_ns = created_at_ns
        self._parent = parent
        self._dead_error = dead_error

    @cached_property
    def stamp(self) -> bytes:
        """The created_at field, encoded."""
        return frame((), b"", self._created_at_ns)

    @cached_property
    def body(self) -> bytes:
        """The slot member, encoded."""
        message = geyser_pb2.SubscribeUpdateSlot(
            slot=self.slot,
            parent=self._parent,
            status=geyser_pb2.SlotStatus.ValueType(self.status),
            dead_error=self._dead_error,
        )
        return encode_body(Kind.SLOT, message.SerializeToString())


class FrozenBlock:
    """A whole block of one slot, and what the server broadcasts and replays of it."""

    kind: Final = Kind.BLOCK

    def __init__(
        self,
        arrived: Sequence[Received],
        meta: Received,
        created_at_ns: int,
    ) -> None:
        self.slot: Final = meta.slot
        self.meta: Final = meta
        self.parent: Final[int] = meta.message.parent_slot
        self.contents: Final = last_writes(arrived)
        """Transactions, account writes and entries in arrival order, accounts de-duplicated."""
        self._created_at_ns = created_at_ns

    @cached_property
    def stamp(self) -> bytes:
        """The created_at field, encoded: the time of freezing."""
        return frame((), b"", self._created_at_ns)

    def of(self, kind: Kind) -> list[Received]:
        """The contents of one kind."""
        return [message for message in self.contents if message.kind is kind]


def last_writes(arrived: Sequence[Received]) -> tuple[Received, ...]:
    """All but the account writes below the highest write_version of their pubkey; equal ones all stay."""
    highest: dict[bytes, int] = {}
    versions: dict[int, int] = {}
    for place, message in enumerate(arrived):
        if message.kind is Kind.ACCOUNT:
            info = message.message.account
            pubkey, version = info.pubkey, info.write_version
            versions[place] = version
            if version > highest.get(pubkey, -1):
                highest[pubkey] = version
    return tuple(
        message
        for place, message in enumerate(arrived)
        if place not in versions or versions[place] == highest[message.message.account.pubkey]
    )


Message = Received | StatusNews | FrozenBlock
"""An item of a ring."""

LEVELS: Final = tuple(Commitment)
