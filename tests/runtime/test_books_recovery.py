"""The books of recovery: what is stored with what, how soon, and what a restart finds of it."""

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar, TypeVarTuple

import anyio
import pytest

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.errors import StoreFailed
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.rungs import Rung
from monitor.runtime.bookkeeping import Books
from monitor.stored import Cursor, HeldEvents, SignOff, SlotTally
from tests.runtime.fakes import DurableMemory, EvenDice, Journal, MemoryLedger, VirtualClock
from tests.runtime.test_bookkeeping import Desk, bare
from tests.runtime.test_resumption import subscribed

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")

PARTIAL = SlotEnd.PARTIAL
JOB = Job(7, 8, Rung.RPC, 0, JobState.OPEN)
DONE = JobsDone(7, 8)


async def test_a_certificate_names_the_rung_that_recovered_its_slot() -> None:
    desk = Desk()
    desk.books.begin(1)
    desk.books.certify([Certificate(7, SlotEnd.RECOVERED, "counted", recovered_by="rpc")])
    await desk.books.close()
    assert desk.store.certificates[7].recovered_by == "rpc"


async def test_what_was_handed_on_of_an_open_slot_is_stored_with_its_certificate() -> None:
    file = subscribed("file", DurableMemory(), "a")
    desk = Desk(file)
    async with desk.running() as books:
        books.begin(7)
        file.route.outbox.put(b"1\n", 7)
        books.certify([bare(7, PARTIAL), bare(8)], {7: b"seven", 8: b"closed: of no use"})
        books.settle(8)
        await anyio.sleep(0.9)
        assert (desk.ends(), desk.store.handed_on) == ({}, {})
        await anyio.sleep(1)
        assert desk.ends() == {7: PARTIAL, 8: SlotEnd.SKIPPED}
        assert desk.store.handed_on == {7: b"seven"}
        assert [cursor.frontier for cursor in desk.store.cursors()] == [8]


async def test_no_cursor_passes_a_slot_before_what_was_handed_on_of_it_is_stored() -> None:
    file = subscribed("file", DurableMemory(), "a")
    desk = Desk(file)
    seen = []
    async with desk.running() as books:
        books.begin(1)
        for slot in range(1, 60):
            file.route.outbox.put(b"1\n", slot)
            books.certify([bare(slot, PARTIAL)], {slot: b"x"})
            books.settle(slot)
            await anyio.sleep(0.07)
            frontier = max((cursor.frontier for cursor in desk.store.cursors()), default=0)
            seen.append((frontier, max(desk.store.handed_on, default=0)))
    assert all(frontier <= stored for frontier, stored in seen)
    assert max(frontier for frontier, _ in seen) > 30


async def test_jobs_are_stored_at_most_a_tenth_of_a_second_apart() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        await anyio.sleep(10.02)
        began = anyio.current_time()
        for first in range(100):
            books.keep_jobs([Job(first, first + 1, Rung.RPC, 0, JobState.OPEN)])
            await anyio.sleep(0.01)
        await anyio.sleep(0.11)
    assert [job.first for job in desk.store.changes] == list(range(100))
    moments = [moment for moment, _ in desk.store.commits if moment > began]
    assert 5 <= len(moments) <= 12
    assert moments[0] - began <= 0.1 + 1e-9
    apart = [later - earlier for earlier, later in pairwise(moments)]
    assert max(apart) <= 0.11 + 1e-9


async def test_what_was_handed_on_is_stored_as_soon_as_jobs_are() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        await anyio.sleep(10.02)
        books.certify([bare(7, PARTIAL)], {7: b"x"})
        await anyio.sleep(0.11)
        assert desk.store.handed_on == {7: b"x"}


async def test_what_became_of_jobs_waits_for_the_certificates_before_it() -> None:
    file = subscribed("file", DurableMemory(), "a")
    desk = Desk(file)
    async with desk.running() as books:
        books.begin(1)
        books.keep_jobs([JOB])
        await anyio.sleep(5)
        file.route.outbox.put(b"1\n", 7)
        books.certify([bare(7, SlotEnd.RECOVERED)])
        books.keep_jobs([DONE])
        await anyio.sleep(0.9)
        assert (desk.store.changes, desk.ends()) == ([JOB], {})
        await anyio.sleep(1)
        assert (desk.store.changes, desk.ends()) == ([JOB, DONE], {7: SlotEnd.RECOVERED})


async def test_a_failing_store_gets_jobs_once_and_in_order() -> None:
    desk = Desk()
    desk.store.failures = 3
    async with desk.running() as books:
        books.begin(1)
        books.keep_jobs([JOB])
        await anyio.sleep(0.01)
        books.keep_jobs([DONE])
        await anyio.sleep(60)
    assert desk.store.changes == [JOB, DONE]
    assert desk.books.failures == 3


async def test_a_failing_store_is_not_asked_more_often_for_recovery() -> None:
    desk = Desk()
    desk.store.failures = 10_000
    async with desk.running() as books:
        books.begin(1)
        for _ in range(600):
            books.keep_jobs([JOB])
            await anyio.sleep(0.1)
    assert desk.books.failures < 60


async def test_jobs_count_for_the_bound() -> None:
    desk = Desk(bound_bytes=1000)
    desk.books.begin(1)
    desk.books.keep_jobs([JOB] * 3)
    assert not desk.books.is_full()
    desk.books.certify([bare(7, PARTIAL)], {7: bytes(1000)})
    assert desk.books.is_full()
    await desk.books.close()
    assert not desk.books.is_full()


async def test_what_was_handed_on_is_recalled_stored_or_not() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        books.certify([bare(5, PARTIAL), bare(6, PARTIAL)], {5: b"5", 6: b"6"})
        await anyio.sleep(1)
        books.certify([bare(6, PARTIAL), bare(7, PARTIAL)], {6: b"more", 7: b"7"})
        assert await books.recall([4, 5, 6, 7]) == {5: b"5", 6: b"more", 7: b"7"}


async def test_a_recall_from_a_failing_store_fails() -> None:
    desk = Desk()
    desk.store.failures = 1
    with pytest.raises(StoreFailed):
        await desk.books.recall([1])


async def test_what_a_recall_finds_while_a_commit_is_made_is_not_missing() -> None:
    store = MemoryLedger()

    async def slowly(function: Callable[[*Arguments], Answer], *arguments: *Arguments) -> Answer:
        await anyio.sleep(1)
        return function(*arguments)

    books = Books(store, [], [], VirtualClock(), Journal(), EvenDice(), aside=slowly)
    books.begin(1)
    books.certify([bare(7, PARTIAL)], {7: b"x"})
    found: list[dict[int, bytes]] = []

    async def recall() -> None:
        found.append(await books.recall([7]))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(books.close)
        await anyio.sleep(0.5)
        tasks.start_soon(recall)
    assert found == [{7: b"x"}]


async def test_what_was_handed_on_of_other_open_slots_is_stored_too() -> None:
    desk = Desk()
    desk.books.begin(1)
    desk.books.certify([bare(8)], {7: b"late", 8: b"closed: of no use"})
    assert await desk.books.recall([7, 8]) == {7: b"late"}
    await desk.books.close()
    assert (desk.store.handed_on, desk.ends()) == ({7: b"late"}, {8: SlotEnd.SKIPPED})


async def test_a_sign_off_is_stored_soon_with_its_time() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        await anyio.sleep(3)
        books.sign_off(7, "nobody has it")
        await anyio.sleep(0.11)
    signed = SignOff(7, "nobody has it", 1_795_246_920_000_000_000 + 3 * 10**9)
    assert desk.store.signed == [signed]


async def test_who_signed_off_may_wait_until_a_store_that_fails_keeps_it() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(1)
        await anyio.sleep(3)
        desk.store.failures = 2
        signed = books.sign_off(7, "nobody has it")
        await books.kept(signed)
        assert (desk.store.failures, desk.store.signed) == (0, [signed])
        await books.kept(signed)


async def test_the_tally_of_all_slots_is_known_after_a_commit() -> None:
    desk = Desk()
    desk.books.begin(1)
    assert desk.books.tally is None
    desk.books.certify([bare(1), bare(2)])
    await desk.books.close()
    counts = {SlotEnd.SKIPPED: 2}
    assert desk.books.tally == SlotTally(counts, counts)


async def test_a_restart_drops_what_recovery_knew_of_slots_that_it_watches_anew() -> None:
    desk = Desk()
    await desk.books.resume(5, [])
    assert desk.store.watched_anew == [5]


async def test_what_a_sink_held_of_open_slots_is_stored_at_once_at_a_restart() -> None:
    file = subscribed("file", DurableMemory(), "a", "b")
    file.route.written.update({3: {b"y": 0b11, b"x": 0b01}, 5: {b"z": 0b01}})
    desk = Desk(file)
    await desk.books.resume(5, [Cursor("file", "a", 4, "p"), Cursor("file", "b", 4, "p")])
    assert desk.store.kept_held == [
        HeldEvents(3, "file", "a", (b"x", b"y")),
        HeldEvents(3, "file", "b", (b"y",)),
    ]


async def test_what_a_sink_held_of_a_slot_that_stays_open_is_stored_with_its_certificate() -> None:
    file = subscribed("file", DurableMemory(), "a")
    file.route.written.update({5: {b"x": 1}, 6: {b"y": 1}})
    desk = Desk(file)
    await desk.books.resume(5, [Cursor("file", "a", 4, "p")])
    desk.books.certify([bare(5, PARTIAL), bare(6)])
    await desk.books.close()
    assert desk.store.kept_held == [HeldEvents(5, "file", "a", (b"x",))]


async def test_slots_that_were_given_up_are_stored_before_a_cursor_can_pass_them() -> None:
    file = subscribed("file", DurableMemory(), "a")
    desk = Desk(file)
    async with desk.running() as books:
        books.begin(10)
        books.abandon(10, 6_500_010, "not wanted")
        books.settle(6_500_009)
        assert books.newest_slot == 6_500_009
        told = await books.slots(9, 2**62, 2)
        assert [(slot.slot, slot.end, slot.proof) for slot in told] == [
            (10, SlotEnd.LOST, "not wanted"),
            (11, SlotEnd.LOST, "not wanted"),
        ]
        while not desk.store.abandoned:
            assert [cursor.frontier for cursor in desk.store.cursors()] in ([], [9])
            await anyio.sleep(0.01)
    assert [(each.first, each.end) for each in desk.store.abandoned] == [(10, 6_500_010)]
    assert desk.store.settled() == 6_500_009
