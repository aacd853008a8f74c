"""Any crash while slots are recovered: what the streams lost comes out once, and so does what they brought.

As `test_exactly_once`, with streams that lose events, a store that is SQLite, and a kernel that keeps to its word:
what it hands on of an open slot comes with a certificate that tells of it, if only later.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from hypothesis import event, example, given
from hypothesis import strategies as st

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import CLOSED, Certificate, SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import Release
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.rungs import Rung
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery
from monitor.runtime.resumption import Resumption
from tests.scenarios.test_exactly_once import ENTRIES, MONITORS, SLOTS, Life, Machine, entry, run

LIVES = st.builds(
    Life,
    st.lists(
        st.tuples(st.sampled_from(["release", "release", "lose"]), st.integers(1, 6))
        | st.tuples(st.just("settle"), st.integers(1, 3))
        | st.tuples(st.sampled_from(["recover", "bring", "part"]), st.integers(0, SLOTS - 1))
        | st.tuples(st.just("close"), st.just(0))
        | st.tuples(st.just("wait"), st.sampled_from([10, 50, 150, 300, 1000, 1500])),
        max_size=20,
    ),
    st.integers(0, 1000),
    st.just(0b11),
)


@dataclass
class Streams:
    """One process' kernel: what it knows of each slot of its life."""

    resumed: Resumption
    books: Books
    delivery: Delivery
    given: dict[int, set[int]] = field(default_factory=dict)
    """By slot, indexes of entries that were handed on."""
    open_slots: list[int] = field(default_factory=list)
    brought: list[int] = field(default_factory=list)
    """Open slots that are whole, and not certified so yet."""

    def __post_init__(self) -> None:
        self.first = self.resumed.first or 0
        self.open_slots += [slot for begin, end in self.resumed.open for slot in range(begin, end)]
        self.passed = self.first * ENTRIES
        self.settled = self.first

    def release(self, slot: int, indexes: list[int]) -> None:
        self.given.setdefault(slot, set()).update(indexes)
        events = [entry(slot, index, 0b11) for index in indexes]
        self.delivery.hand_on(Release(Commitment.CONFIRMED, events))

    def pass_by(self, count: int, *, lost: bool) -> None:
        for position in range(self.passed, min(self.passed + count, SLOTS * ENTRIES)):
            if not lost:
                self.release(position // ENTRIES, [position % ENTRIES])
            self.passed += 1

    def certify(self, slot: int, end: SlotEnd) -> None:
        certificate = Certificate(slot, end, "counted")
        given = {} if end in CLOSED else {slot: bytes(self.given.get(slot, ()))}
        self.books.certify([certificate], given)
        self.delivery.certify([certificate])

    def settle(self, count: int) -> None:
        for _ in range(min(count, self.passed // ENTRIES - self.settled)):
            slot = self.settled
            whole = len(self.given.get(slot, ())) == ENTRIES
            self.certify(slot, SlotEnd.COMPLETE if whole else SlotEnd.PARTIAL)
            if not whole:
                self.open_slots.append(slot)
                self.books.keep_jobs([Job(slot, slot + 1, Rung.RPC, 0, JobState.LEASED)])
            self.books.settle(slot)
            self.delivery.settle(slot)
            self.settled += 1

    async def missing(self, which: int) -> tuple[int, list[int]] | None:
        """An open slot, and the indexes that were not handed on."""
        waiting = [slot for slot in self.open_slots if slot not in self.brought]
        if not waiting:
            return None
        slot = waiting[which % len(waiting)]
        if slot < self.first and slot not in self.given:
            self.given[slot] = set((await self.books.recall([slot])).get(slot, b""))
        return slot, [i for i in range(ENTRIES) if i not in self.given.get(slot, ())]

    async def recover(self, which: int, how: str) -> None:
        found = await self.missing(which)
        if found is None:
            return
        slot, indexes = found
        if how == "part":
            self.release(slot, indexes[:1])
            given = {slot: bytes(self.given[slot])}
            self.books.certify([], given)
            self.delivery.certify([], given)
        else:
            self.release(slot, indexes)
            self.brought.append(slot)
            if how == "recover":
                self.close()

    def close(self) -> None:
        for slot in self.brought:
            self.certify(slot, SlotEnd.RECOVERED)
            self.books.keep_jobs([JobsDone(slot, slot + 1)])
            self.open_slots.remove(slot)
        self.brought.clear()


async def act(life: Life, resumed: Resumption, books: Books, delivery: Delivery) -> None:
    """Does the steps of a life."""
    streams = Streams(resumed, books, delivery)
    if books.is_new:
        books.begin(streams.first)
    for what, count in life.steps:
        match what:
            case "wait":
                await anyio.sleep(count / 1000)
            case "release" | "lose":
                streams.pass_by(count, lost=what == "lose")
            case "settle":
                streams.settle(count)
            case "close":
                streams.close()
            case _:
                await streams.recover(count, what)


ALL = SLOTS * ENTRIES
LAST = Life(
    [("release", ALL), ("settle", SLOTS), ("wait", 2000)]
    + [("recover", 0)] * SLOTS
    + [("wait", 3000)],
    0,
    0b11,
)
KILLED_BEFORE_THE_CERTIFICATE = Life(
    [
        ("lose", 1),
        ("release", 8),
        ("settle", 1),
        ("wait", 2000),
        ("bring", 0),
        ("settle", 2),
        ("wait", 2000),
    ],
    0,
    0b11,
)
"""What a recovery brought is safe in the sink, slots go on behind it, and no certificate tells of it."""
KILLED_BEFORE_THE_AMENDMENT = Life(
    [("lose", 5), ("settle", 1), ("wait", 10), ("part", 0), ("wait", 150)], 0, 0b11
)
"""A cursor passes a slot while what a recovery brought of it is not safe yet."""
SEEN_BY_THE_PROCESS_BEFORE = [
    Life([("release", 5), ("wait", 2000)], 0, 0b11),
    Life([("lose", 6), ("settle", 2), ("wait", 2000)], 0, 0b11),
    Life([("wait", 500), ("release", 6), ("settle", 2), ("wait", 1500)], 0, 0b11),
]
"""One process writes events of two slots, and the next one never sees these slots: it settles them open."""


@given(st.lists(LIVES, max_size=5), st.sampled_from([None, 700, 3000]))
@example([KILLED_BEFORE_THE_CERTIFICATE], None)
@example([KILLED_BEFORE_THE_CERTIFICATE, KILLED_BEFORE_THE_CERTIFICATE], 700)
@example([KILLED_BEFORE_THE_AMENDMENT], None)
@example(SEEN_BY_THE_PROCESS_BEFORE, None)
def test_what_is_recovered_comes_out_once_whatever_crashes(
    lives: list[Life], rotate_bytes: int | None
) -> None:
    store = SqliteLedger(Path(":memory:"))
    machine = run([*lives, LAST], lambda folder: Machine(folder, rotate_bytes, act, store))
    event(f"{len(lives)} crashes")
    wanted = [
        (f"{slot}:entry:{index}", monitor)
        for slot in range(SLOTS)
        for index in range(ENTRIES)
        for monitor in MONITORS
    ]
    assert Counter(machine.written) == Counter(wanted)
    assert [each.slot for each in store.slots(0, SLOTS, SLOTS)] == [*range(SLOTS)]
    assert store.open_before(SLOTS) == []
    assert (store.jobs(), store.given(range(SLOTS)), store.held()) == ([], {}, [])
    store.close()
