"""What a region loses for good: what it may lose when others are to hold it, and a record of what it did lose.

How this works. Regions that lose at random would now and then all lose the same. So each of several regions has a
*portion* of the chain in which alone it may lose, and any two of them together hold everything: a slot that one of
them may lose whole is left alone by the others; of any other slot each transaction may be lost by one region only,
and account writes by one region only, so that the others have every last write right. Whose turn it is follows from
the slot and the transaction alone, so that regions need not talk.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from monitor.core.chain import Kind
from monitor.simulator.received import Received

REMEMBERED: Final = 100_000
"""Losses that a region's record keeps, the latest ones."""

_ONE_SLOT_IN: Final = 3
"""Of so many slots, one may be lost whole, and the others in part."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that was never sent, live or replayed, and is in no block."""

    slot: int
    kind: Kind | None = None
    """None for a slot of which nothing at all was heard."""
    identity: bytes = b""
    """Of a transaction its signature; of an account write the pubkey, then the signature of its transaction if any."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What the region of this place, of so many, may lose. One of one may lose everything."""

    place: int = 0
    regions: int = 1

    def has_slot(self, slot: int) -> bool:
        """Whether the slot may be lost whole."""
        return self.regions == 1 or (_goes_whole(slot) and self._has(slot))

    def has(self, message: Received) -> bool:
        """Whether this transaction or account write may be lost."""
        if self.regions == 1:
            return True
        if _goes_whole(message.slot):
            return False
        if message.kind is Kind.TRANSACTION:
            return int.from_bytes(message.transaction.signature[:4]) % self.regions == self.place
        return self._has(message.slot)

    def _has(self, slot: int) -> bool:
        return _drawn(slot) // _ONE_SLOT_IN % self.regions == self.place


ALONE: Final = Portion()


def _goes_whole(slot: int) -> bool:
    return _drawn(slot) % _ONE_SLOT_IN == 0


def _drawn(slot: int) -> int:
    """A number as good as drawn, the same for every region."""
    return crc32(slot.to_bytes(8, "little"))


class Losses:
    """The record of one region."""

    def __init__(self) -> None:
        self.latest: deque[Loss] = deque(maxlen=REMEMBERED)
        """Oldest first."""
        self.slots = 0
        self.transactions = 0
        self.accounts = 0

    def lose_slot(self, slot: int) -> None:
        """Nothing of this slot is heard."""
        self.slots += 1
        self.latest.append(Loss(slot))

    def lose(self, message: Received) -> None:
        """This transaction or account write is not sent."""
        if message.kind is Kind.TRANSACTION:
            self.transactions += 1
            identity = message.transaction.signature
        else:
            self.accounts += 1
            info = message.message.account
            identity = info.pubkey + info.txn_signature
        self.latest.append(Loss(message.slot, message.kind, identity))
