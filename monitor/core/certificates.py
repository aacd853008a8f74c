"""Certificates: the stored record of why a slot is closed, or how far it is known when it is not.

One a slot, from the first slot of ours on. A certificate is made when the slot is finalized or proven off the
chain, and made again when later evidence changes it; the last one counts.
"""

from dataclasses import dataclass
from enum import StrEnum


class SlotEnd(StrEnum):
    """What a slot came to (DESIGN 5). The values are the words in records, metrics and the store."""

    COMPLETE = "complete"
    """A finalized block that we hold whole, and had from the streams."""
    PARTIAL = "partial"
    """A block, or a slot that may hold one, of which something is missing: open, to be recovered."""
    RECOVERED = "recovered"
    """A finalized block that we hold whole since a recovery brought what was missing."""
    SKIPPED = "skipped"
    """A finalized block's parent link jumps over it, and nothing of it was seen."""
    FORKED = "forked"
    """As skipped, but a block of it was seen: it lost."""
    DEAD = "dead"
    """As skipped, but a bank of it was seen to die."""
    LOST = "lost"
    """Given up, until an operator signs it off."""


CLOSED = frozenset(SlotEnd) - {SlotEnd.PARTIAL, SlotEnd.LOST}
"""The ends that leave nothing open."""


@dataclass(frozen=True, slots=True)
class Source:
    """What one endpoint brought of the block."""

    endpoint: int
    """Its index in the order of the configuration."""
    transactions: int
    """Distinct transactions of the subscription that it brought."""
    covers: bool
    """It told the slot from its beginning to its end on one connection."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why a slot counts as what it does."""

    slot: int
    end: SlotEnd
    proof: str
    """In words: `transactions 0..41 counted`, `held whole by one feed`, `parent link of 1234`."""
    blockhash: str | None = None
    """Of the finalized block; None when no block of the slot is on the chain, or it is not known."""
    parent_slot: int | None = None
    block_height: int | None = None
    sources: tuple[Source, ...] = ()
    """By endpoint, those that brought something of the block."""
    missed_by: tuple[int, ...] = ()
    """Endpoints whose unbroken stream should have brought the whole slot, and did not."""
    delay_ns: tuple[tuple[int, int], ...] = ()
    """(endpoint, nanoseconds that its BlockMeta came after the earliest one's)."""
    parent_blockhash: str | None = None
    """Of the block that it names as its parent: what a restart proves that one by."""
    recovered_by: str | None = None
    """The word of the `Rung` that brought what was missing; None when nothing was recovered."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the finalized chain we hold whole, since the first slot of ours (DESIGN 5)."""

    complete: int
    """Finalized blocks held whole."""
    produced: int
    """Finalized blocks that there are, held or not."""
    by_height: bool
    """Counted by block_height, which grows by one a block; else by parent links, which show at least one in a gap."""
