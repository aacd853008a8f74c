"""Where a daemon that starts again goes on, and what its sinks hold from there.

It goes on behind the last slot that is settled and of which every sink that can be read back has made all safe.
What these sinks hold of later slots is read back, so that it is not written twice. A monitor, or a sink, that was
not there before begins at the same slot as all others. Slots behind it that have a closing certificate are done with,
unless something is new: then what was handed on before was not handed on to all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.core.certificates import CLOSED, Certificate
from monitor.ports import Cursor, DurableSink, LedgerStore
from monitor.runtime.delivery import Route

READ_SLOTS: Final = 100_000
"""Certificates that are looked at behind the first slot to watch: half a day of them. Guessed."""


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
    """Of slots from the first one on that are closed, and of which every sink has all: nobody need watch them again."""

    @property
    def first(self) -> int | None:
        """The first slot to watch; None for the tip."""
        return self.start_slot if self.resume_slot is None else self.resume_slot


def resumption(
    store: LedgerStore, subscriptions: Sequence[Subscription], start_slot: int | None
) -> Resumption:
    """Read the store; a `start_slot` behind what it says skips what lies between.

    Raises: StoreFailed.
    """
    settled = store.settled()
    stored = store.cursors()
    cursors: list[Cursor] = []
    behind: list[int] = []
    is_same = True
    for subscription in subscriptions:
        found = list(_found(stored, subscription))
        is_same = is_same and len(found) == len(subscription.monitors)
        cursors += found
        if subscription.route.outbox.durable is not None:
            behind += (cursor.frontier for cursor in found)
    if settled is None:
        return Resumption(None, tuple(cursors), None, start_slot)
    resume_slot = min([settled, *behind]) + 1
    if start_slot is not None and start_slot > resume_slot:
        return Resumption(settled, tuple(cursors), None, start_slot)
    closed = tuple(_closed(store, resume_slot)) if is_same else ()
    return Resumption(settled, tuple(cursors), resume_slot, None, closed)


def _closed(store: LedgerStore, first: int) -> Iterator[Certificate]:
    for one in store.slots(first, first + READ_SLOTS, READ_SLOTS):
        if one.end in CLOSED:
            yield Certificate(
                one.slot, one.end, one.proof, one.blockhash, one.parent_slot, one.block_height
            )


def _found(stored: Sequence[Cursor], subscription: Subscription) -> Iterator[Cursor]:
    """The cursors of one sink: those in its file, whatever the sink was called then, and else those of its name."""
    name, sink = subscription.route.outbox.name, subscription.route.outbox.durable
    for monitor in subscription.monitors:
        of_monitor = [cursor for cursor in stored if cursor.monitor == monitor]
        own = [cursor for cursor in of_monitor if cursor.sink == name]
        others = [cursor for cursor in of_monitor if cursor.sink != name]
        held = [c for c in own + others if sink is not None and sink.holds(c.place)]
        yield from (replace(cursor, sink=name) for cursor in (held or own)[:1])


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
            await _read_sink(outbox.durable, found, subscription, first)
            cursors += _placed(outbox.durable, found)
    return tuple(cursors)


async def _read_sink(
    sink: DurableSink, cursors: Sequence[Cursor], subscription: Subscription, first: int
) -> None:
    held = subscription.route.written
    for place in {cursor.place for cursor in cursors if sink.holds(cursor.place)}:
        for slot, ids in (await sink.read_back(place, subscription.monitors)).items():
            if slot >= first:
                into = held.setdefault(slot, {})
                for key, mask in ids.items():
                    into[key] = into.get(key, 0) | mask


def _placed(sink: DurableSink, cursors: Sequence[Cursor]) -> Iterator[Cursor]:
    """Cursors of another file, or of none, begin where this process begins to write."""
    for cursor in cursors:
        yield cursor if sink.holds(cursor.place) else replace(cursor, place=sink.place(0))
