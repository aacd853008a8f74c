"""Slots go to the disk and come back: each command is answered once, whatever the disk does."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import anyio
import pytest

from monitor.adapters.stores.spill import SpillFolder, fingerprint
from monitor.core.commands import Stow, Unneeded, Unstow
from monitor.core.errors import SpillFailed, SpillFull, SpillTorn
from monitor.core.events import SpillEvent, Stowed, StowFailed, Unstowed, UnstowFailed
from monitor.core.stowing import stow
from monitor.runtime.spilling import Spilling
from monitor.spilled import SpilledSlot, SpillIndex, SpillStore
from tests.core.play import tx
from tests.core.twins import Twin
from tests.runtime.fakes import EvenDice, Journal

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


def packed() -> bytes:
    twin = Twin()
    twin.says(1, tx(5, 0), tx(5, 1))
    return stow(twin.state)


PACKED = packed()


class Disk:
    """Keeps slots; what is to fail is told by slot, in turn."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}
        self.outlines: dict[int, int] = {}
        self.failures: dict[int, list[SpillFailed]] = {}
        self.index: SpillIndex | SpillFailed = SpillIndex((), 0, ())
        self.calls: list[str] = []
        self.removed: list[Sequence[int]] = []

    @property
    def slots(self) -> int:
        return len(self.kept)

    @property
    def bytes_used(self) -> int:
        return sum(map(len, self.kept.values()))

    def open(self) -> SpillIndex:
        if isinstance(self.index, SpillFailed):
            raise self.index
        return self.index

    def put(self, slot: int, outline_bytes: int, packed: bytes) -> None:
        self._may_fail(f"put {slot}", slot)
        self.kept[slot] = packed
        self.outlines[slot] = outline_bytes

    def get(self, slot: int) -> SpilledSlot:
        self._may_fail(f"get {slot}", slot)
        return SpilledSlot(slot, self.kept[slot], 3)

    def remove(self, slots: Sequence[int]) -> None:
        self.removed.append(slots)
        for slot in slots:
            self._may_fail(f"remove {slot}", slot)
            self.kept.pop(slot, None)

    def _may_fail(self, call: str, slot: int) -> None:
        self.calls.append(call)
        if failures := self.failures.get(slot):
            raise failures.pop(0)


class Stage:
    """The spill as it runs, and all that it answered."""

    def __init__(self, store: SpillStore) -> None:
        self.journal = Journal()
        self.posted: list[SpillEvent] = []
        self.threads = 0
        self.spilling = Spilling(store, EvenDice(), self.journal, aside=self._aside)
        self.spilling.post = self.posted.append

    async def _aside(
        self, function: Callable[[*Arguments], Answer], /, *arguments: *Arguments
    ) -> Answer:
        self.threads += 1
        assert self.threads == 1, "one call at a time"
        await anyio.sleep(0.01)
        try:
            return function(*arguments)
        finally:
            self.threads -= 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Spilling]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.spilling.run)
            yield self.spilling
            tasks.cancel_scope.cancel()


async def test_a_slot_goes_and_comes_back_and_stays_until_it_is_needed_no_more() -> None:
    disk = Disk()
    stage = Stage(disk)
    async with stage.running() as spilling:
        spilling.perform(Stow(5, PACKED))
        await anyio.sleep(1)
        assert stage.posted == [Stowed(5)]
        assert (spilling.slots, spilling.bytes_used) == (1, len(PACKED))
        spilling.perform(Unstow(5))
        await anyio.sleep(1)
        assert stage.posted[1:] == [Unstowed(5, PACKED, 3)]
        assert spilling.slots == 1
        spilling.perform(Unneeded((5,)))
        await anyio.sleep(1)
        assert spilling.slots == 0
    assert 8 < disk.outlines[5] < len(PACKED)
    assert stage.journal.reports == []


async def test_who_waits_for_a_slot_comes_before_slots_that_go() -> None:
    disk = Disk()
    stage = Stage(disk)
    disk.put(9, 8, PACKED)
    async with stage.running() as spilling:
        for slot in (5, 6):
            spilling.perform(Stow(slot, PACKED))
        await anyio.sleep(0.005)
        spilling.perform(Unstow(9))
        await anyio.sleep(1)
    assert disk.calls == ["put 9", "put 5", "get 9", "put 6"]


async def test_what_is_no_longer_needed_on_its_way_there_is_removed_behind_it() -> None:
    disk = Disk()
    stage = Stage(disk)
    async with stage.running() as spilling:
        spilling.perform(Stow(5, PACKED))
        spilling.perform(Unneeded((5, 4)))
        await anyio.sleep(1)
    assert disk.calls == ["put 5", "remove 5", "remove 4"]
    assert disk.kept == {}


async def test_slots_that_are_released_together_are_removed_in_one_call() -> None:
    disk = Disk()
    stage = Stage(disk)
    async with stage.running() as spilling:
        spilling.perform(Stow(5, PACKED))
        for slot in (6, 7, 8):
            spilling.perform(Unneeded((slot,)))
        spilling.perform(Stow(6, PACKED))
        spilling.perform(Unneeded((9,)))
        await anyio.sleep(1)
    assert disk.removed == [(6, 7, 8), (9,)]


async def test_a_refusal_is_an_answer() -> None:
    disk = Disk()
    disk.failures[5] = [SpillFull("the disk is full; free space")]
    stage = Stage(disk)
    async with stage.running() as spilling:
        for slot in (5, 6):
            spilling.perform(Stow(slot, PACKED))
        await anyio.sleep(1)
    assert stage.posted == [StowFailed(5, "the disk is full; free space"), Stowed(6)]


async def test_a_lost_slot_is_an_answer() -> None:
    disk = Disk()
    disk.failures[5] = [SpillTorn("5.segment: it is not what was written")]
    stage = Stage(disk)
    async with stage.running() as spilling:
        spilling.perform(Unstow(5))
        await anyio.sleep(1)
    assert stage.posted == [UnstowFailed(5, "5.segment: it is not what was written")]


async def test_a_disk_that_cannot_be_read_for_a_while_is_asked_again() -> None:
    disk = Disk()
    disk.put(5, 8, PACKED)
    disk.failures[5] = [SpillFailed("busy")] * 2
    stage = Stage(disk)
    async with stage.running() as spilling:
        spilling.perform(Unstow(5))
        await anyio.sleep(60)
    assert stage.posted == [Unstowed(5, PACKED, 3)]
    assert stage.journal.sentences() == ["a slot could not be read back"] * 2


async def test_what_cannot_be_removed_is_said_and_work_goes_on() -> None:
    disk = Disk()
    disk.failures[5] = [SpillFailed("no permission")]
    stage = Stage(disk)
    async with stage.running() as spilling:
        spilling.perform(Unneeded((5,)))
        spilling.perform(Stow(6, PACKED))
        await anyio.sleep(1)
    assert stage.journal.sentences() == ["the spill could not be cleared"]
    assert stage.posted == [Stowed(6)]


@pytest.mark.parametrize(
    ("index", "sentences"),
    [
        (SpillIndex((SpilledSlot(5, b"", 0),), 0, ()), []),
        (
            SpillIndex((), 2, ()),
            ["slots that another configuration had left on the disk were removed"],
        ),
        (SpillIndex((), 0, ("5.segment",)), ["segments of the spill were spoilt, and set aside"]),
    ],
    ids=["whole", "foreign", "torn"],
)
async def test_what_an_earlier_process_left_is_told(
    index: SpillIndex, sentences: list[str]
) -> None:
    disk = Disk()
    disk.index = index
    stage = Stage(disk)
    assert await stage.spilling.open() == index
    assert stage.journal.sentences() == sentences


async def test_a_folder_that_cannot_be_used_is_no_reason_not_to_start() -> None:
    disk = Disk()
    disk.index = SpillFailed("spill: Permission denied; make it writable")
    stage = Stage(disk)
    assert (await stage.spilling.open()).slots == ()
    assert stage.journal.sentences() == ["the spill could not be opened"]


@pytest.mark.real_time
async def test_a_slot_comes_back_from_a_real_disk(tmp_path: Path) -> None:
    store = SpillFolder(tmp_path / "spill", fingerprint(), 2**30, lambda stamp: stamp)
    send, receive = anyio.create_memory_object_stream[SpillEvent](2)
    spilling = Spilling(store, EvenDice(), Journal())
    spilling.post = send.send_nowait
    assert (await spilling.open()).slots == ()
    async with send, receive, anyio.create_task_group() as tasks:
        tasks.start_soon(spilling.run)
        spilling.perform(Stow(5, PACKED))
        assert await receive.receive() == Stowed(5)
        spilling.perform(Unstow(5))
        assert await receive.receive() == Unstowed(5, PACKED, 0)
        tasks.cancel_scope.cancel()
