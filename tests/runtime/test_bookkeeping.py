"""The books: when they are committed, what cursors say, and what a failing store costs."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar, TypeVarTuple

import anyio
import pytest

from monitor.core.certificates import Certificate, SlotEnd, Source
from monitor.core.errors import StoreFailed
from monitor.core.origins import Origins
from monitor.runtime.bookkeeping import Books
from monitor.runtime.resumption import Subscription
from monitor.stored import Cursor, StoredSlot
from tests.runtime.fakes import (
    DurableMemory,
    EvenDice,
    Journal,
    MemoryLedger,
    MemorySink,
    VirtualClock,
    at_once,
    books,
)
from tests.runtime.test_resumption import subscribed

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")

WHOLE = Certificate(
    slot=7,
    end=SlotEnd.COMPLETE,
    proof="transactions 0..41 counted",
    blockhash="hash",
    parent_slot=6,
    block_height=5,
    sources=(Source(0, 42, True), Source(1, 40, False)),
    missed_by=(1,),
    delay_ns=((0, 0), (1, 12_500_000)),
)


def bare(slot: int, end: SlotEnd = SlotEnd.SKIPPED) -> Certificate:
    return Certificate(slot, end, "parent link")


class Desk:
    """Books with a store, a log and sinks, which run while the test says so."""

    def __init__(self, *subscriptions: Subscription, bound_bytes: int = 1_000_000) -> None:
        self.store = MemoryLedger()
        self.journal = Journal()
        self.subscriptions = subscriptions
        self.books = Books(
            self.store,
            ["ams", "nyc"],
            subscriptions,
            VirtualClock(),
            self.journal,
            EvenDice(),
            aside=at_once,
            bound_bytes=bound_bytes,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Books]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.books.run)
            for subscription in self.subscriptions:
                tasks.start_soon(subscription.route.outbox.run)
            yield self.books
            tasks.cancel_scope.cancel()

    def ends(self) -> dict[int, SlotEnd]:
        return {slot: stored.end for slot, stored in self.store.certificates.items()}


async def test_a_certificate_is_stored_with_names_milliseconds_and_the_time() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(7)
        await anyio.sleep(100)
        books.certify([WHOLE])
        await anyio.sleep(1)
    assert desk.store.certificates[7] == StoredSlot(
        slot=7,
        end=SlotEnd.COMPLETE,
        proof="transactions 0..41 counted",
        blockhash="hash",
        parent_slot=6,
        block_height=5,
        sources=(("ams", 42, True), ("nyc", 40, False)),
        missed_by=("nyc",),
        delay_ms=(("ams", 0.0), ("nyc", 12.5)),
        recovered_by=None,
        closed_at_ns=1_795_246_920_000_000_000 + 100 * 10**9,
    )


async def test_what_one_endpoint_streamed_and_replayed_is_stored_once() -> None:
    live, replayed = 0, Origins(3, 2).replay(0)
    sources = (Source(live, 7, False), Source(1, 3, False), Source(replayed, 42, True))
    desk = books()
    desk.begin(7)
    desk.certify([replace(WHOLE, sources=sources)])
    (stored,) = await desk.slots(7, 8, 1)
    assert stored.sources == (("ams", 42, True), ("nyc", 3, False))


async def test_what_comes_within_half_a_second_is_committed_together() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        await anyio.sleep(5)
        for slot in range(1, 11):
            books.certify([bare(slot)])
            books.settle(slot)
            await anyio.sleep(0.1)
        await anyio.sleep(0.5)
    counts = [count for _, count in desk.store.commits]
    assert counts[:1] == [0]
    assert len(counts) <= 4
    assert sum(counts) == 10
    assert desk.store.settled() == 10


async def test_a_young_daemon_commits_sooner() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        await anyio.sleep(0.1)
        for slot in range(1, 11):
            books.certify([bare(slot)])
            await anyio.sleep(0.05)
    moments = [moment for moment, _ in desk.store.commits]
    assert len(moments) >= 5
    assert moments[1] < 0.2


async def test_nothing_is_committed_while_nothing_happens() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        await anyio.sleep(60)
    assert len(desk.store.commits) == 1


async def test_an_amended_certificate_takes_the_place_of_the_one_before() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        books.certify([bare(7, SlotEnd.PARTIAL)])
        books.certify([WHOLE])
        await anyio.sleep(1)
        books.certify([bare(7, SlotEnd.LOST)])
        await anyio.sleep(1)
    assert [count for _, count in desk.store.commits] == [1, 1]
    assert desk.ends() == {7: SlotEnd.LOST}


async def test_sinks_may_be_written_once_the_store_knows_the_first_slot() -> None:
    desk = Desk(subscribed("file", DurableMemory(), "a"))
    async with desk.running() as books:
        assert books.is_new
        await anyio.sleep(1)
        assert not books.begun.is_set()
        books.begin(7)
        await anyio.sleep(0.001)
        assert books.begun.is_set()
        assert not books.is_new
    assert desk.store.settled() == 6
    assert desk.store.cursors() == [Cursor("file", "a", 6, "byte 0")]
    assert books.durable_slot == 6


async def test_a_restart_begins_with_the_cursors_that_it_found() -> None:
    found = Cursor("file", "a", 4, "p")
    desk = Desk(subscribed("file", DurableMemory(), "a"))
    await desk.books.resume(5, [found])
    assert desk.books.begun.is_set()
    assert (desk.books.durable_slot, desk.books.newest_slot) == (4, 4)
    assert desk.store.cursors() == [found]
    assert desk.store.settled() == 4


async def test_a_start_at_the_tip_stores_nothing_yet() -> None:
    desk = Desk()
    await desk.books.resume(None, [])
    await desk.books.close()
    assert desk.store.commits == []
    assert (desk.books.durable_slot, desk.books.newest_slot) == (None, None)


async def test_cursors_follow_what_is_safe_and_the_slowest_sink_says_what_is_durable() -> None:
    file = subscribed("file", DurableMemory(), "a", "b")
    slow = subscribed("slow", MemorySink(delay=10), "a")
    desk = Desk(file, slow)
    async with desk.running() as books:
        books.begin(5)
        for subscription in desk.subscriptions:
            subscription.route.outbox.put(b"1\n", 5)
        books.settle(5)
        await anyio.sleep(5)
        assert {(c.sink, c.monitor): (c.frontier, c.place) for c in desk.store.cursors()} == {
            ("file", "a"): (5, "byte 2"),
            ("file", "b"): (5, "byte 2"),
            ("slow", "a"): (4, ""),
        }
        assert books.durable_slot == 4
        await anyio.sleep(10)
        assert books.durable_slot == 5


async def test_the_place_stays_until_the_lines_of_an_earlier_run_are_settled() -> None:
    file = subscribed("file", DurableMemory(), "a")
    file.route.written[7] = {b"7:x": 1}
    desk = Desk(file)
    await desk.books.resume(5, [Cursor("file", "a", 4, "p")])
    places = []
    async with desk.running() as books:
        for slot in (5, 6, 7):
            file.route.outbox.put(b"1\n", slot)
            books.settle(slot)
            await anyio.sleep(3)
            places += desk.store.cursors()
    assert places == [
        Cursor("file", "a", 5, "p"),
        Cursor("file", "a", 6, "p"),
        Cursor("file", "a", 7, "byte 6"),
    ]


async def test_a_failing_store_gets_everything_once_it_takes_it() -> None:
    desk = Desk()
    desk.store.failures = 3
    async with desk.running() as books:
        books.begin(1)
        books.certify([bare(1)])
        await anyio.sleep(0.01)
        assert books.failing == "ledger: full; forget something"
        books.certify([bare(2)])
        await anyio.sleep(60)
        assert books.failing is None
    assert (books.failures, desk.ends().keys()) == (3, {1, 2})
    assert desk.journal.sentences() == ["the ledger's store failed"] * 3 + [
        "the ledger's store recovered"
    ]


async def test_the_bound_is_reached_while_the_store_fails_and_left_when_it_recovers() -> None:
    desk = Desk(bound_bytes=1500)
    desk.store.failures = 4
    async with desk.running() as books:
        books.begin(1)
        books.certify([bare(1), bare(2)])
        assert not books.is_full()
        books.certify([bare(1), bare(2)])
        assert not books.is_full()
        books.certify([bare(3)])
        assert books.is_full()
        await books.has_room()
        assert desk.ends().keys() == {1, 2, 3}


async def test_slots_are_told_with_those_that_are_not_stored_yet() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        books.certify([bare(1), bare(3, SlotEnd.PARTIAL), bare(4)])
        await anyio.sleep(1)
        books.certify([bare(2), bare(3), bare(5)])
        told = await books.slots(1, 5, 100)
        assert [(slot.slot, slot.end.value) for slot in told] == [
            (slot, "skipped") for slot in (1, 2, 3, 4)
        ]
        assert [slot.slot for slot in await books.slots(2, 9, 2)] == [2, 3]
        assert books.newest_slot == 5


async def test_a_question_to_a_failing_store_fails() -> None:
    desk = Desk()
    desk.store.failures = 1
    with pytest.raises(StoreFailed):
        await desk.books.slots(0, 1, 1)


async def test_the_last_commit_is_made_at_the_stop() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        await anyio.sleep(0.1)
        books.certify([bare(1)])
        books.settle(1)
    assert desk.ends() == {}
    await books.close()
    assert (desk.ends(), desk.store.settled()) == ({1: SlotEnd.SKIPPED}, 1)


async def test_a_store_that_fails_at_the_stop_is_reported() -> None:
    desk = Desk()
    desk.books.begin(1)
    desk.store.failures = 1
    await desk.books.close()
    assert desk.journal.sentences() == ["the ledger's store failed"]


async def test_certificates_of_a_month_ago_are_forgotten_each_hour() -> None:
    desk = Desk()
    async with desk.running():
        await anyio.sleep(2 * 3600)
    month = 30 * 86_400 * 10**9
    first, second = desk.store.forgotten
    begin = 1_795_246_920_000_000_000 - month
    assert begin <= first <= begin + 10**9
    assert second - first == pytest.approx(3600 * 10**9, abs=10**9)


async def test_a_certificate_that_is_amended_while_it_is_committed_is_committed_again() -> None:
    store = MemoryLedger()

    async def slowly(function: Callable[[*Arguments], Answer], *arguments: *Arguments) -> Answer:
        await anyio.sleep(1)
        return function(*arguments)

    books = Books(store, [], [], VirtualClock(), Journal(), EvenDice(), aside=slowly)
    books.begin(7)
    books.certify([bare(7, SlotEnd.PARTIAL)])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(books.close)
        await anyio.sleep(0.5)
        books.certify([bare(7)])
    ends = [store.certificates[7].end]
    await books.close()
    ends.append(store.certificates[7].end)
    assert ends == [SlotEnd.PARTIAL, SlotEnd.SKIPPED]


async def test_a_certificate_waits_until_what_was_handed_on_before_it_is_safe() -> None:
    file = subscribed("file", DurableMemory(), "a")
    desk = Desk(file, subscribed("out", MemorySink(delay=100), "a"))
    async with desk.running() as books:
        books.begin(5)
        books.certify([bare(5)])
        for subscription in desk.subscriptions:
            subscription.route.outbox.put(b"1\n", 6)
        books.certify([bare(6)])
        await anyio.sleep(0.9)
        assert desk.ends().keys() == {5}
        await anyio.sleep(1)
        assert desk.ends().keys() == {5, 6}
