"""What waits for the store: certificates and changes of recovery, each with what has to be safe in the sinks before.

A later certificate of a slot takes the place of one that still waits, unless sinks have to be further for it: a cursor
may pass the slot before they are, and the store has to know of the slot then. Changes of jobs keep their order.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Final

from monitor.core.certificates import CLOSED
from monitor.core.jobs import Job, JobsDone
from monitor.stored import AbandonedSlots, HeldEvents, SignOff, StoredSlot, StoredSwitch

Positions = tuple[int, ...]
"""Of each sink that can be read back: bytes of lines that it has to have made safe."""

_SLOT_BYTES: Final = 512
"""Of a certificate without its lists, as Python keeps it, about."""
_ITEM_BYTES: Final = 96
_JOB_BYTES: Final = 160


@dataclass(frozen=True, slots=True)
class Entry:
    """One slot's certificate, and what belongs to it while the slot is open."""

    slot: int
    stored: StoredSlot | None
    """None: the one before holds, and only what was handed on is told anew."""
    needed: Positions
    given: bytes | None
    """What the kernel handed on of it."""
    held: tuple[HeldEvents, ...]
    """What sinks held of it at the start."""

    @property
    def size(self) -> int:
        """Bytes, about."""
        items = sum(len(each.ids) for each in self.held)
        size = _SLOT_BYTES + len(self.given or b"")
        if (stored := self.stored) is not None:
            items += len(stored.sources) + len(stored.missed_by) + len(stored.delay_ms)
            size += len(stored.proof)
        return size + _ITEM_BYTES * items

    @property
    def is_closing(self) -> bool:
        """Whether nothing of the slot is needed any more."""
        return self.stored is not None and self.stored.end in CLOSED


@dataclass(frozen=True, slots=True)
class Round:
    """What is committed together."""

    entries: list[Entry]
    changes: list[Job | JobsDone]
    held: list[HeldEvents]
    """Of the open slots that a start found, and of those certified."""
    signed: list[SignOff]
    abandoned: list[AbandonedSlots]
    switches: list[StoredSwitch]

    def __bool__(self) -> bool:
        marks = (self.signed, self.abandoned, self.switches)
        return any((self.entries, self.changes, self.held, *marks))

    @property
    def slots(self) -> list[StoredSlot]:
        """The certificates."""
        return [entry.stored for entry in self.entries if entry.stored is not None]

    @property
    def given(self) -> dict[int, bytes]:
        """By slot."""
        return {entry.slot: entry.given for entry in self.entries if entry.given is not None}


class Pending:
    """All that waits."""

    def __init__(self) -> None:
        self.size_bytes = 0
        """Of all of it but sign-offs, switches and what was given up, about."""
        self._entries: dict[int, list[Entry]] = {}
        """By slot, each needs more than the one before."""
        self._changes: deque[tuple[Job | JobsDone, Positions]] = deque()
        self._found: list[HeldEvents] = []
        self._signed: list[SignOff] = []
        self._abandoned: list[AbandonedSlots] = []
        self._switches: list[StoredSwitch] = []
        self._stored: set[int] = set()
        """Slots above the settled ones of which the store has a certificate, or is about to."""

    @property
    def has_recovery(self) -> bool:
        """Whether some of it is needed to go on with recovery, or at the same levels, after a crash."""
        marks = (self._signed, self._abandoned, self._switches)
        return any((self._changes, self._found, *marks)) or any(
            entry.given is not None or entry.held
            for waiting in self._entries.values()
            for entry in waiting
        )

    def certify(self, entry: Entry) -> None:
        """Over what waits of its slot; what was handed on of an open slot before stays true."""
        waiting = self._entries.setdefault(entry.slot, [])
        if waiting:
            if entry.given is None and not entry.is_closing:
                entry = replace(entry, given=waiting[-1].given)
            if entry.stored is None:
                entry = replace(entry, stored=waiting[-1].stored, held=waiting[-1].held)
            if waiting[-1].needed == entry.needed:
                self.size_bytes -= waiting.pop().size
        waiting.append(entry)
        self.size_bytes += entry.size

    def keep_jobs(self, changes: Iterable[Job | JobsDone], needed: Positions) -> None:
        """Behind what waits already."""
        for change in changes:
            self._changes.append((change, needed))
            self.size_bytes += _JOB_BYTES

    def keep_held(self, found: Iterable[HeldEvents]) -> None:
        """What sinks held at the start, of open slots that nobody watches from their beginning: with the next round."""
        self._found += found

    def sign_off(self, signed: SignOff) -> None:
        """With the next round."""
        self._signed.append(signed)

    def abandon(self, abandoned: AbandonedSlots) -> None:
        """With the next round; so it is stored before any cursor can pass these slots."""
        self._abandoned.append(abandoned)

    def keep_switch(self, switch: StoredSwitch) -> None:
        """With the next round; so it is stored before any cursor can pass its first slot."""
        self._switches.append(switch)

    def awaits(self, signed: SignOff) -> bool:
        """Whether this is not stored yet."""
        return signed in self._signed

    def ready(self, safe: Sequence[int]) -> Round:
        """What may be committed now that sinks are so far. It waits until it is `done`."""
        entries = []
        for waiting in self._entries.values():
            reached = [entry for entry in waiting if _is_reached(entry.needed, safe)]
            entries += reached[-1:]
        changes = []
        for change, needed in self._changes:
            if not _is_reached(needed, safe):
                break
            changes.append(change)
        held = [*self._found, *(held for entry in entries for held in entry.held)]
        marks = ([*self._signed], [*self._abandoned], [*self._switches])
        return Round(entries, changes, held, *marks)

    def first_after(self, written: Round, settled: int) -> int | None:
        """The lowest slot above `settled` that waits on when this is stored, and of which nothing is stored then.

        `settled`: as the store has it. News of a slot of which something is stored holds nothing back: cursors may have
        passed it, so that what they passed is not read back, and what is settled may not go back behind them.
        """
        self._stored.update(entry.slot for entry in written.entries)
        self._stored = {slot for slot in self._stored if slot > settled}
        waiting = (slot for slot in self._entries if slot > settled and slot not in self._stored)
        return min(waiting, default=None)

    def done(self, written: Round) -> None:
        """This is stored; what came meanwhile waits on."""
        for entry in written.entries:
            waiting = self._entries.pop(entry.slot)
            self.size_bytes -= sum(each.size for each in waiting)
            left = [e for e in waiting if e is not entry and _is_reached(entry.needed, e.needed)]
            if left:
                self._entries[entry.slot] = left
                self.size_bytes += sum(each.size for each in left)
        for _ in written.changes:
            self._changes.popleft()
            self.size_bytes -= _JOB_BYTES
        self._found = []
        del self._signed[: len(written.signed)]
        del self._abandoned[: len(written.abandoned)]
        del self._switches[: len(written.switches)]

    def slots(self, first: int, end: int) -> Iterator[tuple[int, StoredSlot]]:
        """Certificates that wait, of slots from `first` to `end`, `end` excluded."""
        for slot, waiting in self._entries.items():
            stored = waiting[-1].stored
            if first <= slot < end and stored is not None:
                yield slot, stored

    def abandoned(self, first: int, end: int, limit: int) -> Iterator[StoredSlot]:
        """Certificates of the slots given up that wait, as `slots`, the lowest `limit` of them."""
        told = (abandoned.slots(first, end) for abandoned in self._abandoned)
        return islice(chain.from_iterable(told), limit)

    def given(self, slots: Iterable[int]) -> Mapping[int, bytes]:
        """What was handed on of these slots, as far as it waits."""
        asked = (self._entries[slot][-1] for slot in slots if slot in self._entries)
        return {entry.slot: entry.given for entry in asked if entry.given is not None}


def _is_reached(needed: Positions, safe: Sequence[int]) -> bool:
    return all(position <= reached for position, reached in zip(needed, safe, strict=True))
