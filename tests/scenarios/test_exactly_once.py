"""Any crash at any byte, any number of times: what is handed on again after it comes out once.

Everything is as in the daemon from the release to the file, but for the chain, which is a list of slots, and for
threads, which virtual time does not wait for.
"""

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
import orjson
import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from monitor.adapters.sinks.jsonl import JsonlSettings, JsonlSink
from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Release, Released
from monitor.core.monitors import EntryFilter, Monitor
from monitor.ports import Store
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery, Route
from monitor.runtime.outbox import Outbox
from monitor.runtime.resumption import Resumption, Subscription, read_back, resumption
from monitor.wire.pb import geyser_pb2
from monitor.wire.records import RecordWriter
from tests import virtual_time
from tests.runtime.fakes import EvenDice, Journal, MemoryLedger, VirtualClock, at_once
from tests.wire import frames

SLOTS = 8
ENTRIES = 3
MONITORS = ("a", "b")

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


def entry(slot: int, index: int, mask: int) -> Released:
    update = geyser_pb2.SubscribeUpdateEntry(slot=slot, index=index, hash=bytes(32), num_hashes=1)
    row = (Kind.ENTRY, slot, bytes(40), mask, index, 7_000, frames.frame("a", entry=update))
    return (mask, 0, False, 0, None, row)


@dataclass(frozen=True)
class Life:
    """What happens to one process before it is killed."""

    steps: list[tuple[str, int]]
    """Release so many events; settle so many slots; let so many milliseconds go by."""
    torn: int
    """Parts in a thousand of what is not safe that the crash takes from the file."""
    monitors: int
    """Mask of those that are configured."""


Act = Callable[[Life, Resumption, Books, Delivery], Awaitable[None]]
"""Does the steps of a life."""

LIVES = st.builds(
    Life,
    st.lists(
        st.tuples(st.just("release"), st.integers(1, 9))
        | st.tuples(st.just("settle"), st.integers(1, 3))
        | st.tuples(st.just("wait"), st.sampled_from([10, 50, 300, 1000, 1500])),
        max_size=12,
    ),
    st.integers(0, 1000),
    st.just(0b11),
)


@dataclass
class Machine:
    """A disk, and the processes that come and go on it."""

    folder: Path
    rotate_bytes: int | None
    act: Act
    store: Store = field(default_factory=MemoryLedger)
    settings: JsonlSettings = field(init=False)
    synced: dict[int, int] = field(default_factory=dict)
    """By inode, how much of a file is on the disk."""
    written: list[tuple[str, str]] = field(default_factory=list)
    """What `ids` tells after the last life."""

    def __post_init__(self) -> None:
        self.settings = JsonlSettings(self.folder / "e.jsonl", rotate_bytes=self.rotate_bytes)

    async def live(self, life: Life) -> None:
        """Start, do the steps, and crash."""
        clock, journal = VirtualClock(), Journal()
        sink = JsonlSink(self.settings, clock)
        outbox = Outbox("file", sink, journal, EvenDice())
        bits = {m: 1 << i for i, m in enumerate(MONITORS) if life.monitors >> i & 1}
        subscription = Subscription(Route(outbox, life.monitors), bits)
        resumed = resumption(self.store, [subscription], None)
        await outbox.open()
        self.synced[self.settings.path.stat().st_ino] = self.settings.path.stat().st_size
        cursors = await read_back(resumed, [subscription])
        books = Books(self.store, [], [subscription], clock, journal, EvenDice(), aside=_slowly)
        await books.resume(resumed.first, cursors)
        delivery = Delivery(
            [Monitor(name, entry=EntryFilter()) for name in MONITORS],
            [subscription.route],
            RecordWriter(["ams"], MONITORS),
            {},
            clock,
            journal,
            slices_on_server=False,
        )
        async with anyio.create_task_group() as tasks:

            async def write() -> None:
                await books.begun.wait()
                await outbox.run()

            tasks.start_soon(write)
            tasks.start_soon(books.run)
            await self.act(life, resumed, books, delivery)
            tasks.cancel_scope.cancel()
        unsafe = self.settings.path.stat().st_size - self._synced()
        await sink.close()
        self._tear(unsafe * life.torn // 1000)

    def sync(self, descriptor: int) -> None:
        """What fdatasync does to a file."""
        found = os.fstat(descriptor)
        self.synced[found.st_ino] = found.st_size

    def _synced(self) -> int:
        """Bytes of the file that no crash takes."""
        return self.synced.get(self.settings.path.stat().st_ino, 0)

    def ids(self) -> list[tuple[str, str]]:
        """(id, monitor) of every line."""
        lines = [line for path in self._files() for line in path.read_bytes().splitlines()]
        records: list[dict[str, Any]] = [orjson.loads(line) for line in lines]
        return [(record["id"], monitor) for record in records for monitor in record["monitors"]]

    def _files(self) -> list[Path]:
        return [*sorted(self.folder.glob("e.*.jsonl")), self.settings.path]

    def _tear(self, size: int) -> None:
        path = self.settings.path
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) - size])


async def _slowly(function: Callable[[*Arguments], Answer], *arguments: *Arguments) -> Answer:
    """A commit takes time, and is not made when the process dies meanwhile."""
    await anyio.sleep(0.1)
    return function(*arguments)


async def _act(life: Life, resumed: Resumption, books: Books, delivery: Delivery) -> None:
    first = resumed.first or 0
    if books.is_new:
        books.begin(first)
    due = [(slot, index) for slot in range(first, SLOTS) for index in range(ENTRIES)]
    released, settled = 0, first
    for what, count in life.steps:
        if what == "wait":
            await anyio.sleep(count / 1000)
        elif what == "release":
            part = [entry(*which, life.monitors) for which in due[released : released + count]]
            delivery.hand_on(Release(Commitment.CONFIRMED, part))
            released += count
        else:
            for _ in range(min(count, first + released // ENTRIES - settled, SLOTS - settled)):
                books.certify([Certificate(settled, SlotEnd.COMPLETE, "counted")])
                books.settle(settled)
                delivery.settle(settled)
                settled += 1


LAST = Life(
    [("release", SLOTS * ENTRIES), ("wait", 2000), ("settle", SLOTS), ("wait", 2000)], 0, 0b11
)


def run(lives: list[Life], make: Callable[[Path], Machine]) -> Machine:
    """The machine after these lives."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(anyio.to_thread, "run_sync", at_once)
        machine = make(Path(folder))
        patch.setattr(os, "fdatasync", machine.sync)

        async def all_lives() -> None:
            for life in lives:
                await machine.live(life)

        virtual_time.run(all_lives)
        machine.written = machine.ids()
        return machine


def _run(lives: list[Life], rotate_bytes: int | None) -> list[tuple[str, str]]:
    return run(lives, lambda folder: Machine(folder, rotate_bytes, _act)).written


UNSAFE = Life(
    [("release", 3), ("wait", 1500), ("release", 3), ("settle", 2), ("wait", 600)], 1000, 3
)
"""Settles a slot that is written and not safe yet, and loses it."""


@given(st.lists(LIVES, max_size=5), st.sampled_from([None, 700, 3000]))
@example([UNSAFE], None)
def test_every_event_comes_out_once_whatever_crashes(
    lives: list[Life], rotate_bytes: int | None
) -> None:
    found = Counter(_run([*lives, LAST], rotate_bytes))
    event(f"{len(lives)} crashes")
    wanted = [
        (f"{slot}:entry:{index}", monitor)
        for slot in range(SLOTS)
        for index in range(ENTRIES)
        for monitor in MONITORS
    ]
    assert found == Counter(wanted)


@given(st.lists(LIVES, min_size=1, max_size=3), LIVES)
def test_a_monitor_that_is_new_begins_where_all_go_on_and_gets_nothing_twice(
    lives: list[Life], later: Life
) -> None:
    alone = [Life(life.steps, life.torn, 0b01) for life in lives]
    found = Counter(_run([*alone, later, LAST], None))
    events = {f"{slot}:entry:{index}" for slot in range(SLOTS) for index in range(ENTRIES)}
    assert {key for key, monitor in found if monitor == "a"} == events
    assert set(found.values()) == {1}
    first = min((int(key.split(":")[0]) for key, monitor in found if monitor == "b"), default=SLOTS)
    wanted = {key for key in events if int(key.split(":")[0]) >= first}
    assert {key for key, monitor in found if monitor == "b"} == wanted
