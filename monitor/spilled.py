"""The port of the spill: slots that wait on the disk for their level, and what keeps them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SpilledSlot:
    """A slot that waits on the disk."""

    slot: int
    packed: bytes
    """All of it, or in an index its first bytes, the outline."""
    moved_ns: int
    """What the monotonic clock is ahead of the one of the process that stowed it."""


@dataclass(frozen=True, slots=True)
class SpillIndex:
    """What an earlier process left on the disk."""

    slots: tuple[SpilledSlot, ...]
    """Ascending; of each the outline."""
    foreign: int
    """Segments of another configuration or release: of no use, and removed."""
    torn: tuple[str, ...]
    """File names of what is no segment that was written whole: set aside."""


class SpillStore(Protocol):
    """Slots on the disk that wait for their level. Calls block: they are made in a thread, one at a time."""

    @property
    def slots(self) -> int:
        """How many are there."""

    @property
    def bytes_used(self) -> int:
        """Bytes of their files."""

    def open(self) -> SpillIndex:
        """What an earlier process left. To be called first. Raises SpillFailed."""

    def put(self, slot: int, outline_bytes: int, packed: bytes) -> None:
        """Keep this slot, over what is there of it; durable on return. The first bytes can be read by themselves.

        Raises SpillFull where there is no room, SpillFailed; what was there before still is.
        """

    def get(self, slot: int) -> SpilledSlot:
        """All of a slot. Raises SpillTorn when that is lost for good, SpillFailed when it may be had later."""

    def remove(self, slots: Sequence[int]) -> None:
        """Forget these; one that is not there is none. Raises SpillFailed; the others are forgotten all the same."""
