"""Where a daemon that starts again goes on, and what its sinks hold from there.

It goes on behind the last slot that is settled and of which every sink that can be read back has made all safe, and
behind what an earlier start gave up from there on.
What these sinks hold of later slots is read back, so that it is not written twice. A monitor, or a sink, that was
not there before begins at the same slot as all others. Slots behind it that have a closing certificate are done with,
unless something is new: then what was handed on before was not handed on to all.

Slots before it that are open go on being recovered. What the kernel handed on of them is in the store, and so is
what a sink held of them when an earlier process began; lines of theirs behind the cursors' places are read back.
What blocks that may yet be lost leave behind is in `runtime.inheritance`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from monitor.core.certificates import CLOSED, Certificate
from monitor.core.jobs import Job, JobState
from monitor.core.level_history import Switch
from monitor.core.ranges import Ranges
from monitor.ports import DurableSink, LedgerStore, Store, Written
from monitor.runtime.delivery import Route
from monitor.stored import Cursor, HeldEvents, StoredSlot

READ_SLOTS: Final = 100_000
"""Certificates that are looked at behind the first slot to watch: half a day of them. Guessed."""
MOST_ENDS: Final = 1000
"""Open ranges and lost slots next to which blocks are looked for, the highest first: half a second. Guessed."""
NEXT: Final = 32
"""Certificates above an open range that are looked at for the one of a block. Guessed."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One sink's route and the names of the monitors that it is for, with their bits."""

    route: Route
    monitors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Resumption:
    """What the store knew at the start."""

    settled: int | None
    """None in a new store: the daemon starts at the tip."""
    cursors: tuple[Cursor, ...]
    """Of sinks and monitors that there still are."""
    resume_slot: int | None
    """The first slot to watch after a restart."""
    start_slot: int | None
    """The first slot to watch where the user said so; at most one of the two is a slot."""
    closed: tuple[Certificate, ...] = ()
    """Of slots from the first one on that are closed, and of which every sink has all: nobody need watch them again.

    Before them the last block of a lower slot: its height tells how many blocks there are behind it.
    """
    open: tuple[tuple[int, int], ...] = ()
    """Ranges (first, end) of slots before the first one to watch that are to be recovered."""
    beside: tuple[Certificate, ...] = ()
    """Of blocks next to `open` and to what is lost of it: their heights tell those of the missing ones."""
    jobs: tuple[Job, ...] = ()
    """What the queue had come to with the slots of `open`."""
    held: tuple[HeldEvents, ...] = ()
    """What sinks that there still are held of open slots when an earlier process began."""
    switches: tuple[Switch, ...] = ()
    """From which slots on which level held, as far as slots to watch or to recover need it, and the last one."""

    @property
    def first(self) -> int | None:
        """The first slot to watch; None for the tip."""
        return self.start_slot if self.resume_slot is None else self.resume_slot


def resumption(
    store: Store, subscriptions: Sequence[Subscription], start_slot: int | None
) -> Resumption:
    """Read the store; a `start_slot` behind what it says skips what lies between.

    Raises: StoreFailed.
    """
    settled = store.settled()
    stored = store.cursors()
    cursors: list[Cursor] = []
    behind: list[int] = []
    renamed: dict[tuple[str, str], str] = {}
    is_same = True
    for subscription in subscriptions:
        name = subscription.route.outbox.name
        found = list(_found(stored, subscription))
        is_same = is_same and len(found) == len(subscription.monitors)
        cursors += (replace(cursor, sink=name) for cursor in found)
        renamed.update(((cursor.sink, cursor.monitor), name) for cursor in found)
        if subscription.route.outbox.durable is not None:
            behind += (cursor.frontier for cursor in found)
    if settled is None:
        return Resumption(None, tuple(cursors), None, start_slot)
    resume_slot = store.first_kept(min([settled, *behind]) + 1)
    is_skipping = start_slot is not None and start_slot > resume_slot
    first = start_slot if is_skipping and start_slot is not None else resume_slot
    still_open = tuple(store.open_before(first))
    lowest = min([first, *(begin for begin, _ in still_open)])
    jobs = tuple(_within(still_open, store.jobs()))
    return Resumption(
        settled,
        tuple(cursors),
        None if is_skipping else resume_slot,
        start_slot if is_skipping else None,
        closed=() if is_skipping else tuple(_closed(store, resume_slot, has_all=is_same)),
        open=still_open,
        beside=tuple(_beside(store, still_open, jobs)),
        jobs=jobs,
        held=tuple(_held(store, first, renamed)),
        switches=tuple(_switches(store, lowest)),
    )


def _within(ranges: Sequence[tuple[int, int]], jobs: Iterable[Job]) -> Iterator[Job]:
    """The jobs as far as their slots are in these ranges; what was closed or signed off needs none."""
    ends = [end for _, end in ranges]
    for job in jobs:
        for at in range(bisect_right(ends, job.first), len(ranges)):
            first, end = ranges[at]
            if first >= job.end:
                break
            yield replace(job, first=max(first, job.first), end=min(end, job.end))


def _held(store: Store, first: int, renamed: Mapping[tuple[str, str], str]) -> Iterator[HeldEvents]:
    for held in store.held():
        name = renamed.get((held.sink, held.monitor))
        if name is not None and held.slot < first:
            yield replace(held, sink=name)


def _switches(store: Store, lowest: int) -> Sequence[Switch]:
    """Those that hold from this slot on."""
    switches = [stored.switch for stored in store.switches()]
    before = bisect_right(switches, lowest, key=lambda switch: switch.first_slot)
    return switches[max(0, before - 1) :]


def _closed(store: LedgerStore, first: int, *, has_all: bool) -> Iterator[Certificate]:
    last = store.last_block(first)
    if last is not None and last.block_height is not None:
        yield _certificate(last)
    for one in store.slots(first, first + READ_SLOTS, READ_SLOTS) if has_all else ():
        if one.end in CLOSED:
            yield _certificate(one)


def _beside(
    store: LedgerStore, ranges: Sequence[tuple[int, int]], jobs: Iterable[Job]
) -> Iterator[Certificate]:
    """Of the last block below each range, and of the next one above it and above each lost slot in it."""
    for first, _ in ranges[-MOST_ENDS:]:
        below = store.last_block(first)
        if below is not None:
            yield _certificate(below)
    ends = {end for _, end in ranges} | {job.end for job in jobs if job.state is JobState.LOST}
    for end in sorted(ends)[-MOST_ENDS:]:
        above = store.slots(end, end + NEXT, NEXT)
        yield from islice((_certificate(each) for each in above if each.parent_slot is not None), 1)


def _certificate(stored: StoredSlot) -> Certificate:
    return Certificate(
        stored.slot,
        stored.end,
        stored.proof,
        stored.blockhash,
        stored.parent_slot,
        stored.block_height,
        parent_blockhash=stored.parent_blockhash,
    )


def _found(stored: Sequence[Cursor], subscription: Subscription) -> Iterator[Cursor]:
    """The cursors of one sink: those in its file, whatever the sink was called then, and else those of its name."""
    name, sink = subscription.route.outbox.name, subscription.route.outbox.durable
    for monitor in subscription.monitors:
        of_monitor = [cursor for cursor in stored if cursor.monitor == monitor]
        own = [cursor for cursor in of_monitor if cursor.sink == name]
        others = [cursor for cursor in of_monitor if cursor.sink != name]
        held = [c for c in own + others if sink is not None and sink.holds(c.place)]
        yield from (held or own)[:1]


async def read_back(
    resumed: Resumption, subscriptions: Sequence[Subscription]
) -> tuple[Cursor, ...]:
    """Fill every route with what its sink holds from the start on; the cursors that hold from now on.

    The sinks are open, and nothing was written yet. Raises: SinkFailed.
    """
    first = resumed.first
    if first is None:
        return ()
    known = {(cursor.sink, cursor.monitor): cursor for cursor in resumed.cursors}
    open_slots = Ranges()
    for begin, end in resumed.open:
        open_slots.add(begin, end)
    cursors: list[Cursor] = []
    for subscription in subscriptions:
        outbox = subscription.route.outbox
        found = [
            known.get((outbox.name, monitor)) or Cursor(outbox.name, monitor, first - 1, place="")
            for monitor in subscription.monitors
        ]
        if outbox.durable is None:
            cursors += (replace(cursor, place="") for cursor in found)
        else:
            _take_held(resumed.held, subscription)
            await _read_sink(outbox.durable, found, subscription, first, open_slots)
            subscription.route.open_slots.update(s for s in subscription.route.written if s < first)
            cursors += _placed(outbox.durable, found)
    return tuple(cursors)


def _take_held(held: Iterable[HeldEvents], subscription: Subscription) -> None:
    for each in held:
        if each.sink == subscription.route.outbox.name:
            bit = subscription.monitors[each.monitor]
            _merge(subscription.route.written, each.slot, dict.fromkeys(each.ids, bit))


async def _read_sink(
    sink: DurableSink,
    cursors: Sequence[Cursor],
    subscription: Subscription,
    first: int,
    open_slots: Ranges,
) -> None:
    for place in {cursor.place for cursor in cursors if sink.holds(cursor.place)}:
        for slot, ids in (await sink.read_back(place, subscription.monitors)).items():
            if slot >= first or slot in open_slots:
                _merge(subscription.route.written, slot, ids)


def _merge(written: Written, slot: int, ids: Mapping[bytes, int]) -> None:
    into = written.setdefault(slot, {})
    for key, mask in ids.items():
        into[key] = into.get(key, 0) | mask


def _placed(sink: DurableSink, cursors: Sequence[Cursor]) -> Iterator[Cursor]:
    """Cursors of another file, or of none, begin where this process begins to write."""
    for cursor in cursors:
        yield cursor if sink.holds(cursor.place) else replace(cursor, place=sink.place(0))
