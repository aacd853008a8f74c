"""What the simulated chain is made of: slots, banks, and the validator's events, encoded once for all regions."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from google.protobuf.message import Message

from monitor.core.chain import KIND_WORDS, Kind
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate


class Update:
    """One event of the validator's geyser interface; shared by every region and subscriber, so never changed.

    `body` is the encoded oneof member of SubscribeUpdate: tag, length, message. A frame is filters + body + created_at.
    """

    __slots__ = ("_message", "body", "kind", "slot")

    def __init__(self, kind: Kind, slot: int, message: Message, body: bytes) -> None:
        self.kind: Final = kind
        self.slot: Final = slot
        self.body: Final = body
        self._message: Message | None = message

    @property
    def message(self) -> Message:
        """geyser_pb2.SubscribeUpdateTransaction, ...Account, ...Entry or ...BlockMeta."""
        if self._message is not None:
            return self._message
        parsed: Message = getattr(SubscribeUpdate.FromString(self.body), KIND_WORDS[self.kind])
        return parsed

    def thin(self) -> None:
        """Keep the bytes alone: three quarters of the memory go, and `message` costs a parse each time."""
        self._message = None


@dataclass(frozen=True, slots=True)
class Bank:
    """One attempt at a block of a slot. Offsets are in slot times, counted from the start of its slot.

    What never comes has the offset `math.inf`: the meta of a bank that dies or is given up half-way, the death of one
    that lives.
    """

    slot: int
    parent: int
    blockhash: str
    parent_blockhash: str
    block_height: int | None
    block_time: int | None
    created_at: float
    """Offset of CREATED_BANK."""
    updates: tuple[tuple[float, Update], ...]
    """Transactions, account writes and entries in arrival order, with ascending offsets."""
    meta: Update
    """The BlockMeta."""
    meta_at: float
    completed_at: float
    """Offset of COMPLETED."""
    dead: str | None
    """dead_error of a bank that dies (no meta is sent then), else None."""
    dead_at: float
    canonical: bool
    """True when this block is on the chain in the end."""
    truth: Any
    """What `truth.py` needs to write this bank's records without reading the protobuf again."""


@dataclass(frozen=True, slots=True)
class Slot:
    """All that happens in one slot number."""

    number: int
    banks: tuple[Bank, ...]
    """() skipped; one; or two when the slot is re-created (the last one counts)."""
    first_shred_at: float | None
    """Offset of FIRST_SHRED_RECEIVED, None when no shred is seen."""
    confirmed_at: float
    """Offset of CONFIRMED of the canonical bank; `math.inf` for a fork and any slot without one."""
    finalized_at: float


class Chain(Protocol):
    """An endless, deterministic chain; or a finite one made from real blocks."""

    first_slot: int
    end_slot: int | None
    """One past the last slot, or None when it goes on for ever."""

    def slot(self, number: int) -> Slot:
        """The slot of this number; made on demand, kept for a while. Raises KeyError below what is kept or past the end."""
