"""What the driver tells the books: where it begins, what was certified, what is settled; and when it waits for them."""

import anyio

from monitor.core.certificates import SlotEnd
from monitor.core.chain import SlotStatus
from monitor.runtime.bookkeeping import Books
from tests.runtime.fakes import EvenDice, Journal, MemoryLedger, VirtualClock, at_once
from tests.runtime.test_driver import Stage, slot_of, status


class Desk:
    """A store, books that run, and a driver that keeps them."""

    def __init__(self, *, bound_bytes: int = 1_000_000) -> None:
        self.store = MemoryLedger()
        self.books = Books(
            self.store,
            ["ams"],
            [],
            VirtualClock(),
            Journal(),
            EvenDice(),
            aside=at_once,
            bound_bytes=bound_bytes,
        )
        self.stage = Stage(kept=self.books)


def finalized(slot: int) -> list[bytes]:
    return [*slot_of(slot, 0), status(slot, SlotStatus.FINALIZED)]


async def test_the_first_slot_of_ours_is_told_before_anything_of_it_is_released() -> None:
    desk = Desk()
    async with desk.stage.running():
        await desk.stage.opens(1)
        assert desk.books.is_new
        await desk.stage.says(1, status(5, SlotStatus.CREATED_BANK))
        assert not desk.books.is_new
        assert desk.stage.records() == []
        await desk.books.close()
        assert desk.store.settled() == 4


async def test_certificates_and_what_is_settled_reach_the_store() -> None:
    desk = Desk()
    async with desk.stage.running():
        await desk.stage.opens(1)
        await desk.stage.says(1, *finalized(5), *finalized(6))
        await anyio.sleep(3)
        await desk.books.close()
    assert {slot: kept.end for slot, kept in desk.store.certificates.items()} == {
        5: SlotEnd.COMPLETE,
        6: SlotEnd.COMPLETE,
    }
    assert desk.store.settled() == 6


async def test_takes_nothing_while_the_store_is_behind_by_too_much() -> None:
    desk = Desk(bound_bytes=1)
    desk.store.failures = 1000
    async with desk.stage.running(), anyio.create_task_group() as tasks:
        tasks.start_soon(desk.books.run)
        await desk.stage.opens(1)
        await desk.stage.says(1, *finalized(5))
        await anyio.sleep(3)
        taken = len(desk.stage.feeds.takes)
        await desk.stage.says(1, *finalized(6))
        await anyio.sleep(10)
        assert len(desk.stage.feeds.takes) == taken
        desk.store.failures = 0
        await anyio.sleep(60)
        assert desk.store.settled() == 6
        tasks.cancel_scope.cancel()
    assert [record["slot"] for record in desk.stage.records()] == [5, 6]
