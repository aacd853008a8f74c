"""What one daemon remembers of slots and sinks, as plain values: what a store takes and gives back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.core.certificates import SlotEnd
from monitor.core.level_history import Switch


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one monitor's events have safely reached one sink."""

    sink: str
    monitor: str
    frontier: int
    """All events of slots up to this one are safe in the sink, and so is nothing less than `place` says."""
    place: str
    """Every line of a later slot stands there or behind; empty for sinks that cannot be read back."""


@dataclass(frozen=True, slots=True)
class StoredSlot:
    """A certificate as it is kept: names for indexes, milliseconds, and the time of closing."""

    slot: int
    end: SlotEnd
    proof: str
    blockhash: str | None
    parent_slot: int | None
    block_height: int | None
    sources: tuple[tuple[str, int, bool], ...]
    """(endpoint, transactions, covers), each endpoint once: of what it streamed and what it replayed, the larger count."""
    missed_by: tuple[str, ...]
    delay_ms: tuple[tuple[str, float], ...]
    recovered_by: str | None
    closed_at_ns: int
    """Nanoseconds since 1970."""
    parent_blockhash: str | None = None


@dataclass(frozen=True, slots=True)
class AbandonedSlots:
    """Slots that are lost, and signed off: the certificate of each of them."""

    first: int
    end: int
    """Excluded."""
    reason: str
    closed_at_ns: int
    """Nanoseconds since 1970."""

    def slots(self, first: int, end: int) -> Iterator[StoredSlot]:
        """The certificates of those from `first` to `end`, `end` excluded, ascending."""
        for slot in range(max(first, self.first), min(end, self.end)):
            yield StoredSlot(
                slot,
                SlotEnd.LOST,
                self.reason,
                blockhash=None,
                parent_slot=None,
                block_height=None,
                sources=(),
                missed_by=(),
                delay_ms=(),
                recovered_by=None,
                closed_at_ns=self.closed_at_ns,
            )


@dataclass(frozen=True, slots=True)
class SlotTally:
    """How many slots came to each end, by their last certificates. An end that no slot came to is missing."""

    ever: Mapping[SlotEnd, int]
    """Since the first slot of ours, forgotten certificates included."""
    kept: Mapping[SlotEnd, int]
    """Of the certificates that there are: those of the last 30 days, and open ones of any age."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """An operator's word that a lost slot need not be had."""

    slot: int
    reason: str
    at_ns: int
    """Nanoseconds since 1970."""


@dataclass(frozen=True, slots=True)
class StoredSwitch:
    """A change of the daemon's commitment, and when it was decided.

    That of the first start comes from the level that it is.
    """

    switch: Switch
    at_ns: int
    """Nanoseconds since 1970."""


@dataclass(frozen=True, slots=True)
class HeldEvents:
    """What a sink held of an open slot before the last start: the kernel does not know of it."""

    slot: int
    sink: str
    monitor: str
    ids: tuple[bytes, ...]
