"""The books keep which level holds from which slot on: before any cursor passes that slot."""

import anyio

from monitor.core.chain import Commitment
from monitor.core.commands import KeepSwitch, Release, Settled
from monitor.core.level_history import Switch
from monitor.runtime.bookkeeping import BEGINNING
from monitor.runtime.handover import HandOver
from monitor.stored import Cursor, StoredSwitch
from tests.runtime.fakes import DurableMemory
from tests.runtime.test_bookkeeping import Desk
from tests.runtime.test_delivery import Office, transaction
from tests.runtime.test_handover import TRANSACTIONS
from tests.runtime.test_resumption import subscribed

CONFIRMED, FINALIZED = Commitment.CONFIRMED, Commitment.FINALIZED
AT_NS = 1_795_246_920_000_000_000
SWITCH = Switch(20, FINALIZED, CONFIRMED, "forks")


async def test_a_switch_is_stored_soon_with_its_time_and_before_a_cursor_passes_it() -> None:
    desk = Desk(subscribed("file", DurableMemory(), "a"))
    async with desk.running() as books:
        books.begin(10)
        await anyio.sleep(100)
        hand_over = HandOver(Office(TRANSACTIONS).delivery, books)
        release = Release(FINALIZED, [transaction(1)])
        for command in (KeepSwitch(SWITCH), release, Settled(30)):
            hand_over.add(command)
        await hand_over.run()
        assert desk.store.switches() == []
        while not desk.store.switches():
            assert [cursor.frontier for cursor in desk.store.cursors()] == [9]
            await anyio.sleep(0.01)
    assert desk.store.switches() == [StoredSwitch(SWITCH, AT_NS + 100 * 10**9)]
    assert anyio.current_time() < 101


async def test_the_first_start_stores_the_level_of_its_first_slot() -> None:
    desk = Desk()
    async with desk.running() as books:
        await books.resume(None, (), CONFIRMED)
        await anyio.sleep(1)
        assert desk.store.switches() == []
        books.begin(10)
        await anyio.sleep(1)
    (stored,) = desk.store.switches()
    assert stored.switch == Switch(10, CONFIRMED, CONFIRMED, BEGINNING)


async def test_a_start_with_a_store_that_knows_no_level_stores_it_once() -> None:
    desk = Desk(subscribed("file", DurableMemory(), "a"))
    await desk.books.resume(10, [Cursor("file", "a", 9, "")], CONFIRMED)
    desk.books.begin(10)
    await desk.books.close()
    assert [each.switch.first_slot for each in desk.store.switches()] == [10]


async def test_a_start_with_a_store_that_knows_the_level_stores_none() -> None:
    desk = Desk()
    await desk.books.resume(10, [])
    await desk.books.close()
    assert desk.store.switches() == []


async def test_a_failing_store_gets_a_switch_once_it_takes_it() -> None:
    desk = Desk()
    async with desk.running() as books:
        books.begin(10)
        desk.store.failures = 3
        books.keep_switch(SWITCH)
        await anyio.sleep(60)
    assert [each.switch for each in desk.store.switches()] == [SWITCH]
