"""A gap of a month that the user does not want: the daemon is killed at any point, and every slot has its word.

The kernel, the books and the file are the real ones; the chain is told as dialogue.
"""

import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import Abandon, Certify, Fetch, Settled
from monitor.runtime.bookkeeping import Books
from monitor.runtime.resumption import read_back, resumption
from monitor.stored import Cursor, StoredSlot
from tests.core.play import ALL, finalized, tx
from tests.core.test_repair import RPC, Recovery
from tests.runtime.fakes import DurableMemory, EvenDice, Journal, VirtualClock, at_once
from tests.runtime.test_resumption import subscribed

SKIP = replace(RPC, max_catchup=100, on_exceeded="skip")
LAST = 9
"""The last slot of the process that ended a month ago."""
TIP = LAST + 6_500_000
LEAST = 2.0
"""Seconds that a turn of the kernel and a commit may take, both together; they take milliseconds."""


class Daemon:
    """One process: it reads the file, and is killed when nobody asks it any more."""

    def __init__(self, path: Path) -> None:
        self.store = SqliteLedger(path)
        self.file = subscribed("file", DurableMemory(), "a")
        self.resumed = resumption(self.store, [self.file], None)
        clock, journal, dice = VirtualClock(), Journal(), EvenDice()
        self.books = Books(self.store, ["ams"], [self.file], clock, journal, dice, aside=at_once)
        self.play = Recovery(
            ALL,
            recovery=SKIP,
            resume_slot=self.resumed.resume_slot,
            closed=self.resumed.closed,
            still_open=self.resumed.open,
        )

    async def sees(self, tip: int) -> None:
        """A block at the tip, final; what comes of it is in the books."""
        await self.books.resume(self.resumed.first, await read_back(self.resumed, [self.file]))
        self.play.block(1, tip, tx(tip, 0), height=tip - 1000).says(1, finalized(tip)).ends(1).at(9)
        for command in self.play.commands:
            match command:
                case Abandon():
                    self.books.abandon(command.first, command.end, command.reason)
                case Certify():
                    self.books.certify(command.certificates, command.given)
                case Settled():
                    self.books.settle(command.slot)
                case _:
                    pass

    def lost(self) -> int:
        return self.store.tally().ever.get(SlotEnd.LOST, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a process that ended a month ago."""
    path = tmp_path / "ledger.sqlite"
    last = StoredSlot(LAST, SlotEnd.COMPLETE, "counted", "B9", 8, LAST - 1000, (), (), (), None, 7)
    store = SqliteLedger(path)
    store.commit([last], [Cursor("file", "a", LAST, "")], LAST)
    store.close()
    return path


async def test_a_month_is_skipped_in_little_memory_and_a_moment(path: Path) -> None:
    daemon = Daemon(path)
    tracemalloc.start()
    began = time.thread_time()
    await daemon.sees(TIP)
    await daemon.books.close()
    spent, (_, peak) = time.thread_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < LEAST
    assert peak < 2**20
    assert daemon.lost() == TIP - 1 - LAST - 1
    assert daemon.play.kernel.frontier(Commitment.FINALIZED) == TIP - 2


async def test_every_slot_of_it_is_accounted_for_and_none_is_asked_for(path: Path) -> None:
    daemon = Daemon(path)
    await daemon.sees(TIP)
    await daemon.books.close()
    told = [slot.slot for slot in await daemon.books.slots(0, 2**62, 1000)]
    assert told == list(range(LAST, LAST + 1000))
    told = [slot.slot for slot in await daemon.books.slots(TIP - 1000, 2**62, 2000)]
    assert told == list(range(TIP - 1000, TIP + 1))
    assert sum(daemon.store.tally().ever.values()) == TIP + 1 - LAST
    assert daemon.books.durable_slot == TIP
    assert min(fetch.slot for fetch in daemon.play.asked(Fetch)) == TIP - 1
    coverage = daemon.play.kernel.coverage()
    assert coverage is not None
    assert (coverage.complete, coverage.produced) == (2, TIP - LAST + 1)


@pytest.mark.parametrize("is_stored", [False, True], ids=["before", "after"])
async def test_a_kill_before_or_after_it_is_stored_loses_no_slot(
    path: Path, *, is_stored: bool
) -> None:
    killed = Daemon(path)
    killed.file.route.outbox.put(b"a line that is never safe: no cursor moves\n", TIP)
    await killed.sees(TIP)
    if is_stored:
        await killed.books.close()
        assert [cursor.frontier for cursor in killed.store.cursors()] == [LAST]
    killed.store.close()
    daemon = Daemon(path)
    assert daemon.resumed.first == (TIP - 1 if is_stored else LAST + 1)
    await daemon.sees(TIP + 50)
    await daemon.books.close()
    caught_up = {fetch.slot for fetch in daemon.play.asked(Fetch)}
    assert min(caught_up) >= (TIP - 1 if is_stored else TIP + 49)
    assert daemon.lost() == (TIP if is_stored else TIP + 50) - 1 - LAST - 1
    with anyio.fail_after(10):
        certified = await daemon.books.slots(TIP - 10, TIP, 100)
    ends = {slot.slot: slot.end for slot in certified}
    assert {ends[slot] for slot in range(TIP - 10, TIP - 1)} == {SlotEnd.LOST}
