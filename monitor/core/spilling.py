"""Decides which slots wait for their level on the disk, and in which order they come back (DESIGN 7).

A slot is *going* until it is safe on the disk, then *away*, then *coming*, then *back*: what is on the disk of it stays
there until the slot is needed no more, so that a crash at any moment finds it in one place at least. While the disk
refuses, slots stay in memory, and the bound of the memory decides what of them is dropped.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Final

from monitor.core.commands import Report, SpillCommand, Stow, Unneeded, Unstow

UNKNOWN: Final = 30.0
"""Seconds that a slot may wait in memory where no endpoint said how far back it replays (DESIGN 7)."""
LEAST: Final = 2.0
"""Seconds that it may wait in any case. Guessed."""
EARLY: Final = 0.75
"""Of the time that a slot may wait in memory, after this part it goes: the rest is for the disk. Guessed."""
AT_ONCE: Final = 1
"""Slots that go in one look, since packing one takes milliseconds. Guessed."""
ON_THE_WAY: Final = 8
"""Slots that are going at most: their bytes are in memory until they are safe. Guessed."""
AHEAD: Final = 4
"""Slots that come before they can be released: the disk reads while the gate works. Guessed."""
RETRY: Final = 10.0
"""Seconds after which a disk that refused is tried again. Guessed."""
SOON: Final = 1.0
"""Seconds after which slots are looked at again, at the latest. Guessed."""
PAUSE: Final = 0.05
"""Seconds after which slots are looked at again, at the earliest. Guessed."""
PACE: Final = 0.01
"""As `PAUSE`, where more are to go: the rest of this time is for frames. Guessed."""


class Place(Enum):
    """Where a slot is that went to the disk."""

    GOING = auto()
    AWAY = auto()
    COMING = auto()
    BACK = auto()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A slot in memory that has not reached its level."""

    slot: int
    since: float
    """When the first of it came, in seconds."""
    may_go: bool
    """Every open feed has passed it."""


@dataclass(slots=True)
class _Entry:
    place: Place
    size: int
    packed: bytes | None = None
    """While it is going."""
    is_wanted: bool = False
    """It is to come, and was not asked for yet."""


def patience(depths: Iterable[int], slot_time: float) -> float:
    """Seconds that a slot may wait in memory: half of what the endpoint replays that goes back least.

    `depths`: in slots, as endpoints said; one that has only begun would put every slot on the disk, so there is a least.
    """
    shallowest = min(depths, default=None)
    return UNKNOWN if shallowest is None else max(LEAST, shallowest * slot_time / 2)


class Spill:
    """The slots of one daemon that went to the disk."""

    def __init__(self, bound: int | None) -> None:
        """`bound`: bytes of frames that may wait in memory; None: as many as come."""
        self.back: list[tuple[int, bytes, int]] = []
        """What is to be put back by `stowing.unstow` since somebody looked: slot, bytes, what the clock is ahead."""
        self.lost: list[tuple[int, str]] = []
        """Slots of which nothing can be put back, and why, since somebody looked."""
        self.late: set[int] = set()
        """Slots that are to be released late once they are back."""
        self.unheld: set[int] = set()
        """Slots that are away and were not held whole when they went: a replay may bring more of them."""
        self.is_refusing = False
        """The disk took nothing when it was last asked."""
        self._half = inf if bound is None else bound / 2
        self._entries: dict[int, _Entry] = {}
        self._unanswered: set[int] = set()
        """Slots of which an answer of the disk is still to come."""
        self._wanted: list[int] = []
        """Ascending."""
        self._commands: list[SpillCommand | Report] = []
        self._look_at = self._not_before = -inf

    @property
    def slots_away(self) -> int:
        """How many are not in memory."""
        return sum(entry.place is not Place.BACK for entry in self._entries.values())

    def __contains__(self, slot: int) -> bool:
        """Whether the slot's rows are not in memory."""
        entry = self._entries.get(slot)
        return entry is not None and entry.place is not Place.BACK

    def is_whole(self, slot: int) -> bool:
        """Whether the slot is away and was held whole when it went: nothing that comes of it is of use."""
        return slot in self and slot not in self.unheld

    def is_due(self, held_bytes: int, now: float) -> bool:
        """Whether `choose` may find something: to be asked often."""
        if len(self._unanswered) >= ON_THE_WAY or now < self._not_before:
            return False
        return now >= self._look_at or held_bytes > self._half

    def choose(
        self, waiting: Iterable[Waiting], held_bytes: int, limit: float, now: float
    ) -> list[int]:
        """Slots that are to be stowed now, and told to `gone`. `limit`: seconds, as `patience` says.

        Those that wait too long, and while half of the memory is taken others too; oldest first.
        """
        patient, is_full = limit * EARLY, held_bytes > self._half
        chosen: list[int] = []
        self._look_at, self._not_before = now + SOON, now + PAUSE
        for each in sorted(waiting, key=lambda each: (each.since, each.slot)):
            if not is_full and each.since + patient > now:
                self._look_at = min(self._look_at, each.since + patient)
                break
            if not each.may_go or each.slot in self or each.slot in self._unanswered:
                continue
            if len(chosen) == AT_ONCE:
                self._look_at = self._not_before = now + PACE
                break
            chosen.append(each.slot)
        return chosen

    def gone(self, slot: int, packed: bytes) -> None:
        """The slot was stowed: this is what it was."""
        self._entries[slot] = _Entry(Place.GOING, len(packed), packed)
        self._unanswered.add(slot)
        self._commands.append(Stow(slot, packed))

    def found(self, slot: int, size: int) -> None:
        """An earlier process left the slot on the disk."""
        self._entries[slot] = _Entry(Place.AWAY, size)

    def want(self, slot: int) -> None:
        """The slot is needed in memory: its level has come, or more of it. Harmless where it is there."""
        entry = self._entries.get(slot)
        if entry is None or entry.place in (Place.COMING, Place.BACK) or entry.is_wanted:
            return
        entry.is_wanted = True
        insort(self._wanted, slot)

    def bring(self, held_bytes: int) -> None:
        """Have wanted slots come, lowest first: one in any case, a few as long as memory is there."""
        coming = None
        for slot in self._wanted[:]:
            entry = self._entries[slot]
            if entry.packed is not None:
                self._put_back(slot, entry, entry.packed)
                continue
            if coming is None:
                coming = self._coming()
            if coming and (coming >= AHEAD or held_bytes + entry.size > self._half):
                break
            coming += 1
            held_bytes += entry.size
            self._unwant(slot, entry)
            entry.place = Place.COMING
            self._unanswered.add(slot)
            self._commands.append(Unstow(slot))

    def forget(self, slot: int) -> None:
        """The slot was released at every level, dropped, or begun anew: what is on the disk of it is needed no more."""
        entry = self._entries.pop(slot, None)
        self.late.discard(slot)
        self.unheld.discard(slot)
        if entry is not None:
            self._unwant(slot, entry)
            self._commands.append(Unneeded((slot,)))

    def stowed(self, slot: int) -> None:
        """The slot is safe on the disk."""
        self._unanswered.discard(slot)
        entry = self._entries.get(slot)
        if entry is not None and entry.place is Place.GOING:
            entry.place, entry.packed = Place.AWAY, None
        if self.is_refusing:
            self.is_refusing = False
            self._report("info", "held slots go to the disk again")

    def refused(self, slot: int, why: str, now: float) -> None:
        """The disk did not take the slot; it is back. Others wait until the disk is tried again."""
        self._unanswered.discard(slot)
        entry = self._entries.get(slot)
        if entry is not None and entry.packed is not None:
            self._put_back(slot, entry, entry.packed)
        if not self.is_refusing:
            self._report("critical", "held slots could not go to the disk", slot=slot, why=why)
        self.is_refusing = True
        self._look_at = self._not_before = now + RETRY

    def read(self, slot: int, packed: bytes, moved_ns: int) -> None:
        """The slot was read back."""
        self._unanswered.discard(slot)
        entry = self._entries.get(slot)
        if entry is not None and entry.place is Place.COMING:
            self._put_back(slot, entry, packed, moved_ns)

    def torn(self, slot: int, why: str) -> None:
        """What was on the disk of the slot is lost."""
        self._unanswered.discard(slot)
        entry = self._entries.get(slot)
        if entry is not None and entry.place is Place.COMING:
            del self._entries[slot]
            self.unheld.discard(slot)
            self.lost.append((slot, why))
            self._report("critical", "a held slot was lost on the disk", slot=slot, why=why)

    def next_deadline(self) -> float | None:
        """When `choose` may have something to do for time alone; None before the first look, and while the disk is busy."""
        if self._look_at == -inf or len(self._unanswered) >= ON_THE_WAY:
            return None
        return max(self._look_at, self._not_before)

    def collect(self) -> list[SpillCommand | Report]:
        """What is to be done. Emptied by reading."""
        commands, self._commands = self._commands, []
        return commands

    def check(self) -> None:
        """State what always holds; for tests."""
        for slot, entry in self._entries.items():
            assert (entry.packed is not None) == (entry.place is Place.GOING)
            assert (entry.place in (Place.GOING, Place.COMING)) <= (slot in self._unanswered)
            assert entry.place is not Place.AWAY or slot not in self._unanswered
        wanted = [slot for slot, entry in self._entries.items() if entry.is_wanted]
        assert self._wanted == sorted(wanted)
        assert all(self._entries[slot].place in (Place.GOING, Place.AWAY) for slot in wanted)

    def _coming(self) -> int:
        found = [self._entries.get(slot) for slot in self._unanswered]
        return sum(entry is not None and entry.place is Place.COMING for entry in found)

    def _put_back(self, slot: int, entry: _Entry, packed: bytes, moved_ns: int = 0) -> None:
        self.back.append((slot, packed, moved_ns))
        entry.place, entry.packed = Place.BACK, None
        self.unheld.discard(slot)
        self._unwant(slot, entry)

    def _unwant(self, slot: int, entry: _Entry) -> None:
        if entry.is_wanted:
            entry.is_wanted = False
            self._wanted.remove(slot)

    def _report(self, level: str, sentence: str, **facts: object) -> None:
        self._commands.append(Report(level, sentence, facts))
