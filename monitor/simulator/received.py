"""Messages as a server holds them: what came from the validator, statuses, and blocks put together here."""

from collections.abc import Sequence
from typing import Any, Final

from monitor.core.chain import Kind, SlotStatus
from monitor.simulator.facts import AccountFacts, TransactionFacts
from monitor.simulator.frames import encode_body
from monitor.simulator.later_fields import add_bank_id
from monitor.simulator.model import Update
from monitor.simulator.stamps import encoded_stamp
from monitor.wire.pb import geyser_pb2


class _Stamped:
    """Anything with a created_at. Not `cached_property`: that takes a lock, and this is asked once a frame."""

    __slots__ = ("_created_at_ns", "_stamp")

    def __init__(self, created_at_ns: int) -> None:
        self._created_at_ns = created_at_ns
        self._stamp: bytes | None = None

    @property
    def stamp(self) -> bytes:
        """The created_at field, encoded."""
        found = self._stamp
        if found is None:
            found = self._stamp = encoded_stamp(self._created_at_ns)
        return found


class Received(_Stamped):
    """An update of the validator with the time it came: a transaction, account write, entry or BlockMeta."""

    __slots__ = ("_account", "_status_body", "_transaction", "body", "kind", "message", "slot")

    def __init__(self, update: Update, created_at_ns: int) -> None:
        self._created_at_ns = created_at_ns
        self._stamp = None
        self.kind: Final = update.kind
        self.slot: Final = update.slot
        self.message: Final[Any] = update.message
        self.body: Final = update.body
        self._transaction: TransactionFacts | None = None
        self._account: AccountFacts | None = None
        self._status_body: bytes | None = None

    @property
    def transaction(self) -> TransactionFacts:
        """What filters ask of a transaction."""
        found = self._transaction
        if found is None:
            found = self._transaction = TransactionFacts(self.message.transaction)
        return found

    @property
    def account(self) -> AccountFacts:
        """What filters ask of an account write."""
        found = self._account
        if found is None:
            found = self._account = AccountFacts(self.message.account)
        return found

    @property
    def status_body(self) -> bytes:
        """The transaction as a TransactionStatus member."""
        if self._status_body is None:
            self._status_body = _encode_status(self.slot, self.message.transaction)
        return self._status_body


def _encode_status(slot: int, info: Any) -> bytes:
    status = geyser_pb2.SubscribeUpdateTransactionStatus(
        slot=slot, signature=info.signature, is_vote=info.is_vote, index=info.index
    )
    if info.meta.HasField("err"):
        status.err.CopyFrom(info.meta.err)
    return encode_body(Kind.TRANSACTION_STATUS, status.SerializeToString())


class StatusNews(_Stamped):
    """A slot reached a status."""

    __slots__ = ("_bank_id", "_body", "_dead_error", "_parent", "slot", "status")

    kind: Final = Kind.SLOT

    def __init__(
        self,
        slot: int,
        status: SlotStatus,
        created_at_ns: int,
        parent: int | None = None,
        dead_error: str | None = None,
        bank_id: int | None = None,
    ) -> None:
        super().__init__(created_at_ns)
        self.slot: Final = slot
        self.status: Final = status
        self._body: bytes | None = None
        self._parent = parent
        self._dead_error = dead_error
        self._bank_id = bank_id

    @property
    def body(self) -> bytes:
        """The slot member, encoded."""
        if self._body is None:
            message = geyser_pb2.SubscribeUpdateSlot(
                slot=self.slot,
                parent=self._parent,
                status=geyser_pb2.SlotStatus.ValueType(self.status),
                dead_error=self._dead_error,
            )
            body = encode_body(Kind.SLOT, message.SerializeToString())
            bank_id = self._bank_id
            self._body = body if bank_id is None else add_bank_id(Kind.SLOT, body, bank_id)
        return self._body


class FrozenBlock(_Stamped):
    """A whole block of one slot, and what the server broadcasts and replays of it; created when it froze."""

    __slots__ = ("contents", "meta", "parent", "slot")

    kind: Final = Kind.BLOCK

    def __init__(
        self,
        arrived: Sequence[Received],
        meta: Received,
        created_at_ns: int,
    ) -> None:
        super().__init__(created_at_ns)
        self.slot: Final = meta.slot
        self.meta: Final = meta
        self.parent: Final[int] = meta.message.parent_slot
        self.contents: Final = last_writes(arrived)
        """Transactions, account writes and entries in arrival order, accounts de-duplicated."""

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
