"""What one failover cost: events, duplicates and milliseconds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.app.following import Seen
from monitor.app.tables import Object
from monitor.core.certificates import SlotEnd

_LOST: Final = (SlotEnd.PARTIAL, SlotEnd.LOST)


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of the slots meanwhile."""

    slots: int
    lost: int
    """Partial, lost, or without a certificate: events of them may be missing."""
    recovered: int
    """Whole, by recovery and not by streams."""
    missed: int
    """Updates that unbroken streams of endpoints should have brought and did not; others brought them."""


def proof_of(slots: Sequence[Object], wanted: int, missed: int) -> Proof:
    """Of so many slots these have certificates. `missed` below 0, as after a restart, counts as 0."""
    states = Counter(str(slot["state"]) for slot in slots)
    unproved = max(0, wanted - len(slots))
    lost = sum(states[end] for end in _LOST) + unproved
    return Proof(wanted, lost, states[SlotEnd.RECOVERED], max(0, missed))


@dataclass(frozen=True, slots=True)
class Cost:
    """One endpoint was drained and given back. Times in seconds."""

    endpoint: str
    successor: str | None
    """Who took its place; None: those that were hot already went on."""
    handed_over: float | None
    """From the wish until its stream was closed; None: it was not."""
    sound_again: float | None
    """From the wish to have it back until it had its place again and brought whole slots, and no stand-in was left; None: it did not."""
    before: tuple[Seen, ...]
    """Of the event files, while nothing was disturbed; none: there are no files that can be read."""
    during: tuple[Seen, ...]
    proof: Proof
    fault: str | None = None
    """What went otherwise than it should."""

    @property
    def records(self) -> int | None:
        """Lines that came meanwhile; None: not known."""
        return sum(seen.records for seen in self.during) if self.during else None

    @property
    def duplicates(self) -> int | None:
        """Lines that had come before; None: not known."""
        return sum(seen.repeats for seen in self.during) if self.during else None

    @property
    def pauses(self) -> tuple[float, float] | None:
        """The longest time without a line before and meanwhile, of the file that paused longer by the most."""
        pairs = [
            (before.pause, during.pause)
            for before, during in zip(self.before, self.during, strict=True)
        ]
        return max(pairs, key=lambda pair: pair[1] - pair[0], default=None)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost or doubled, and everything went as it should."""
        return self.fault is None and not self.proof.lost and not self.duplicates


def cost_view(cost: Cost) -> dict[str, object]:
    """The same as plain JSON values; milliseconds are rounded, and what is not known is None."""
    pauses = cost.pauses
    return {
        "endpoint": cost.endpoint,
        "successor": cost.successor,
        "clean": cost.is_clean,
        "fault": cost.fault,
        "handed_over_ms": None if cost.handed_over is None else _ms(cost.handed_over),
        "sound_again_ms": None if cost.sound_again is None else _ms(cost.sound_again),
        "slots": cost.proof.slots,
        "lost_slots": cost.proof.lost,
        "recovered_slots": cost.proof.recovered,
        "missed": cost.proof.missed,
        "records": cost.records,
        "duplicates": cost.duplicates,
        "pause_before_ms": None if pauses is None else _ms(pauses[0]),
        "pause_ms": None if pauses is None else _ms(pauses[1]),
        "added_ms": None if pauses is None else max(0, _ms(pauses[1]) - _ms(pauses[0])),
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
