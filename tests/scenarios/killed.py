"""The whole daemon, killed about each second, over simulated regions in virtual time.

Each life is a new kernel, driver, delivery, outbox and books on the one file and the one store that the last life left.
A kill takes what a real one takes: records that were queued, commits under way, and all streams. What the file was
given stays, for the page cache outlives a process; a commit under way is whole or gone.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
import pytest
from typing_extensions import override

from monitor.adapters.sinks.jsonl import JsonlSettings, JsonlSink
from monitor.core.certificates import Certificate
from monitor.core.chain import Commitment
from monitor.core.commands import Certify, Command
from monitor.core.kernel import Kernel
from monitor.core.monitors import Monitor
from monitor.core.policy import Policy
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery, Route
from monitor.runtime.driver import Driver, World
from monitor.runtime.outbox import Outbox
from monitor.runtime.resumption import Subscription, read_back, resumption
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.losses import Portion
from monitor.simulator.region import Region, RegionSettings
from monitor.simulator.truth import TruthFile
from monitor.wire.plan import compile_plan
from monitor.wire.records import RecordWriter
from tests.e2e.expected import Record, records, stream
from tests.runtime.fakes import (
    EvenDice,
    Journal,
    MemoryLedger,
    VirtualClock,
    at_once,
    recovering,
)
from tests.scenarios.run import JITTER, REGIONS, START, Fault
from tests.scenarios.virtual import VirtualFeeds, endpoints

LIFE: Final = (0.4, 1.6)
"""Seconds from a daemon's start to its kill."""
DOWN: Final = (0.1, 1.0)
"""Seconds from a kill to the next start."""
COMMIT: Final = 0.02
"""Seconds that a commit takes."""
LAST: Final = 10.0
"""Seconds that the last daemon lives on behind the slots of interest: they are finalized after three, and what cannot
be proved is given up two later."""

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


@dataclass
class Outage:
    """From a kill to the next start, in seconds."""

    killed_at: float
    back_at: float
    settled: int
    """The last slot that the store knew to be settled when the daemon was killed."""


@dataclass
class Machine:
    """What outlives a daemon: the regions, the file and the store; and notes of what became of it."""

    monitors: Sequence[Monitor]
    chain: GeneratedChain
    regions: Mapping[str, Region]
    folder: Path
    slots: range
    slot_time: float
    dice: Random
    store: MemoryLedger = field(default_factory=MemoryLedger)
    outages: list[Outage] = field(default_factory=list)
    journals: list[tuple[float, Journal]] = field(default_factory=list)
    """Of each life, and when it began."""
    made: list[tuple[float, Certificate]] = field(default_factory=list)
    """Every certificate and when it was made, in order."""
    kernel: Kernel | None = None
    """The last one."""

    def begins(self, slot: int) -> float:
        """When the slot begins for its leader."""
        return START + (slot - self.slots.start) * self.slot_time

    def events(self) -> list[Record]:
        """What the file holds of the slots of interest, in order."""
        return [event for event in stream(self.folder) if event["slot"] in self.slots]

    def truth(self) -> list[Record]:
        """What was on the chain."""
        path = self.folder / "truth.jsonl"
        with TruthFile(path) as truth:
            truth.follow(self.chain, self.slots.stop)
        return records(path)

    async def live_and_die(self, faults: Sequence[Fault]) -> None:
        """All lives, while the regions suffer these faults."""
        ends = self.begins(self.slots.stop)
        async with anyio.create_task_group() as storm:
            for fault in faults:
                storm.start_soon(self._break, fault)
            dies_at = START + self.dice.uniform(*LIFE)
            while dies_at < ends:
                await self._live(dies_at)
                killed_at = anyio.current_time()
                settled = self.store.settled()
                assert settled is not None
                await anyio.sleep(self.dice.uniform(*DOWN))
                back_at = anyio.current_time()
                self.outages.append(Outage(killed_at, back_at, settled))
                dies_at = back_at + self.dice.uniform(*LIFE)
            await self._live(max(ends, anyio.current_time()) + LAST)

    async def _break(self, fault: Fault) -> None:
        await anyio.sleep(START + fault.at_slot * self.slot_time - anyio.current_time())
        region = self.regions[fault.region]
        region.advance(anyio.current_time())
        region.faults.apply(fault.name, fault.argument)

    async def _live(self, dies_at: float) -> None:
        clock, journal, dice = VirtualClock(), Journal(), EvenDice()
        self.journals.append((anyio.current_time(), journal))
        names = tuple(self.regions)
        ends = endpoints(names)
        level = Commitment.CONFIRMED
        plans = [compile_plan(self.monitors, level, endpoint) for endpoint in ends]
        sink = JsonlSink(JsonlSettings(self.folder / "events.jsonl"), clock)
        outbox = Outbox("file", sink, journal, dice)
        bits = {monitor.name: 1 << i for i, monitor in enumerate(self.monitors)}
        subscription = Subscription(Route(outbox, sum(bits.values())), bits)
        resumed = resumption(self.store, [subscription], None)
        policy = Policy(
            level, resume_slot=resumed.resume_slot, closed=resumed.closed, asks_floors=True
        )
        kernel = self.kernel = Kernel(self.monitors, len(ends), policy)
        delivery = Delivery(
            self.monitors,
            [subscription.route],
            RecordWriter(names, list(bits)),
            {kind: mask for plan in plans for kind, mask in plan.judged.items()},
            clock,
            journal,
            slices_on_server=all(plan.slices_on_server for plan in plans),
        )
        books = Books(self.store, names, [subscription], clock, journal, dice, aside=self._aside)
        feeds = VirtualFeeds(self.regions)
        world = World(feeds, clock, dice, journal)
        recovery = recovering(feeds, len(ends), sounder=feeds)
        driver = _Noting(kernel, world, ends, plans, delivery, books, recovery)
        driver.made = self.made
        await outbox.open()
        await books.resume(resumed.first, await read_back(resumed, [subscription]))

        async def write() -> None:
            await books.begun.wait()
            await outbox.run()

        with anyio.move_on_after(dies_at - anyio.current_time()):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(write)
                tasks.start_soon(books.run)
                tasks.start_soon(recovery.run)
                tasks.start_soon(driver.run)
        feeds.break_off()
        await sink.close()  # as the system does with what a dead process had open
        kernel.check()

    async def _aside(
        self, function: Callable[[*Arguments], Answer], *arguments: *Arguments
    ) -> Answer:
        """A commit takes time, and is whole or gone when the process dies meanwhile."""
        before = self.dice.uniform(0, COMMIT)
        await anyio.sleep(before)
        answer = function(*arguments)
        await anyio.sleep(COMMIT - before)
        return answer


class _Noting(Driver):
    """Notes when each certificate was made."""

    made: list[tuple[float, Certificate]]

    @override
    def _perform(self, commands: Sequence[Command]) -> None:
        now = anyio.current_time()
        for command in commands:
            if isinstance(command, Certify):
                self.made += [(now, certificate) for certificate in command.certificates]
        super()._perform(commands)


async def kill_each_second(
    monitors: Sequence[Monitor],
    folder: Path,
    *,
    seed: int,
    slots: int,
    faults: Sequence[Fault],
    chain_settings: ChainSettings,
) -> Machine:
    """One run of `slots` slots; regions lose apart, and each can replay as much as a real one."""
    slot_time = chain_settings.slot_time
    chain = GeneratedChain(seed, chain_settings)
    regions = {
        name: Region(
            name,
            chain,
            RegionSettings(slot_time=slot_time, delay=delay, jitter=JITTER),
            seed=seed + place,
            started_at=START,
            portion=Portion(place, len(REGIONS)),
        )
        for place, (name, delay) in enumerate(REGIONS.items())
    }
    first = chain.first_slot
    dice = Random(f"{seed}:kills")
    machine = Machine(
        monitors, chain, regions, folder, range(first, first + slots), slot_time, dice
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anyio.to_thread, "run_sync", at_once)
        patch.setattr(os, "fdatasync", lambda descriptor: None)
        await machine.live_and_die(faults)
    return machine
