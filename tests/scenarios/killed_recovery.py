"""The whole daemon over regions that are never whole, killed at points of its recovery, in virtual time.

Each life is a new daemon on the file and on the store that the last one left: SQLite with its log as it was, not
closed. All regions lose the same transactions, and are gone together now and again; RPCs err, one lies, and at times
none has what was last lost, so that slots are LOST, of which an operator signs some off.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
import pytest

from monitor.adapters.sinks.jsonl import JsonlSettings
from monitor.core.chain import Commitment
from monitor.core.events import SignedOff
from monitor.core.kernel import Kernel
from monitor.core.monitors import Monitor
from monitor.core.policy import Policy
from monitor.core.standing import Standing
from monitor.runtime.delivery import Route
from monitor.runtime.driver import World
from monitor.runtime.outbox import Outbox
from monitor.runtime.resumption import Subscription, read_back, resumption
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.region import Region, RegionSettings
from monitor.simulator.rpc_node import RpcNode
from monitor.simulator.truth import TruthFile
from monitor.stored import StoredSlot
from monitor.wire.plan import compile_plan
from monitor.wire.records import RecordWriter
from tests.e2e.expected import Record, records, stream
from tests.runtime.fakes import EvenDice, Journal, VirtualClock, at_once, recovering
from tests.scenarios.marked import (
    MarkedBlocks,
    MarkedBooks,
    MarkedDelivery,
    MarkedDriver,
    MarkedSink,
    MarkedStore,
)
from tests.scenarios.marks import Executioner, Killed
from tests.scenarios.outages import ARCHIVES, RATE, RPCS, rpc_faults
from tests.scenarios.run import JITTER, REGIONS, START, recovery_policy
from tests.scenarios.test_stitched import CHAIN, SLOT_TIME
from tests.scenarios.virtual import VirtualFeeds, endpoints
from tests.scenarios.virtual_nodes import nodes_of

LOST: Final = 0.004
"""Share of transactions that every region loses, the same ones."""
REPLAYED: Final = 8
"""Finalized slots that a region keeps beside those that are not final yet."""
CALM: Final = (1.5, 5.0)
"""Seconds between outages of all regions."""
OUTAGES: Final = (5, 12, 30)
"""Slots for which all regions are gone."""
PRUNED: Final = 0.5
"""Share of outages behind which no RPC has what was missed, for a while."""
PRUNED_FOR: Final = (1.0, 4.0)
"""Seconds of that."""
DOWN: Final = (0.1, 1.0)
"""Seconds from a kill to the next start, mostly."""
DOWN_LONG: Final = (3.0, 6.0)
"""Seconds of one in `LONG`."""
LONG: Final = 6
COMMIT: Final = 0.02
"""Seconds that a commit takes."""
SIGNS_OFF: Final = 0.3
"""Share of the operator's looks at lost slots at which one is signed off."""
WINDOW: Final = 8192
"""Slots that the chain keeps: RPCs have all of them to the end, so that nothing is lost for good."""
LAST: Final = 150.0
"""Seconds that the last daemon may take to bring everything, when all trouble is over but that RPCs err: a LOST slot is
tried again within a minute."""

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


@dataclass
class Machine:
    """What outlives a daemon, and notes of what became of it."""

    seed: int
    monitors: Sequence[Monitor]
    chain: GeneratedChain
    regions: dict[str, Region]
    nodes: Sequence[RpcNode]
    folder: Path
    dice: Random
    executioner: Executioner
    lives: int = 0
    slots: range = range(0)
    """Those that began before the last kill."""
    kernel: Kernel | None = None
    """The last one."""
    journals: list[tuple[float, Journal]] = field(default_factory=list)
    """Of each life, and when it began."""

    @property
    def store(self) -> Path:
        """Of the present life."""
        return self.folder / f"life-{self.lives}" / "ledger.sqlite"

    def events(self) -> list[Record]:
        """What the file holds, in order."""
        return stream(self.folder)

    def chain_anew(self) -> GeneratedChain:
        """The same chain from its beginning: a chain keeps its latest slots alone."""
        return GeneratedChain(self.seed, CHAIN)

    def truth(self) -> list[Record]:
        """What was on the chain."""
        path = self.folder / "truth.jsonl"
        with TruthFile(path) as truth:
            truth.follow(self.chain_anew(), self.slots.stop)
        return records(path)

    def certificates(self) -> dict[int, StoredSlot]:
        """By slot."""
        store = MarkedStore(self.store, self.executioner)
        found = store.slots(self.slots.start, self.slots.stop, len(self.slots))
        store.close()
        return {one.slot: one for one in found}

    def standing(self) -> Standing:
        """Of the last life."""
        assert self.kernel is not None
        return self.kernel.standing()

    async def live_and_die(self) -> None:
        """All lives."""
        await anyio.sleep(START)
        async with anyio.create_task_group() as storm:
            storm.start_soon(self._rage)
            while not self.executioner.is_done:
                await self._live()
                bounds = DOWN if self.dice.randrange(LONG) else DOWN_LONG
                await anyio.sleep(self.dice.uniform(*bounds))
            storm.cancel_scope.cancel()
        self._prune(0)
        begun = int((anyio.current_time() - START) / SLOT_TIME)
        self.slots = range(self.chain.first_slot, self.chain.first_slot + begun)
        await self._live()

    async def _rage(self) -> None:
        """Outages, for ever."""
        while True:
            await anyio.sleep(self.dice.uniform(*CALM))
            outage = self.dice.choice(OUTAGES)
            for region in self.regions.values():
                region.advance(anyio.current_time())
                region.faults.apply("outage", str(outage))
            await anyio.sleep(outage * SLOT_TIME)
            if self.dice.random() < PRUNED:
                begun = int((anyio.current_time() - START) / SLOT_TIME)
                self._prune(self.chain.first_slot + begun)
                await anyio.sleep(self.dice.uniform(*PRUNED_FOR))
                self._prune(0)

    def _prune(self, first: int) -> None:
        """RPCs have no slot below this one."""
        for node in self.nodes:
            node.faults.apply("pruned", str(first))

    async def _live(self) -> None:
        """One daemon, until it is killed; the last one until it has brought everything, or `LAST` seconds."""
        self.store.parent.mkdir(exist_ok=True)
        self.executioner.begin()
        feeds = VirtualFeeds(self.regions)
        clock = VirtualClock()
        settings = JsonlSettings(self.folder / "events.jsonl", rotate_bytes=2**20)
        sink = MarkedSink(settings, clock, self.executioner)
        store = MarkedStore(self.store, self.executioner)
        is_last = self.executioner.is_done
        try:
            with anyio.move_on_after(LAST if is_last else None):
                await self._run(feeds, clock, sink, store)
        except* Killed:
            assert not is_last
        self.executioner.end()
        feeds.break_off()
        await sink.close()  # as the system does with what a dead process had open
        self.lives += 1
        self.store.parent.mkdir()
        for name in ("ledger.sqlite", "ledger.sqlite-wal"):
            left = self.folder / f"life-{self.lives - 1}" / name
            if left.exists():
                shutil.copyfile(left, self.store.with_name(name))
        store.close()
        shutil.rmtree(self.folder / f"life-{self.lives - 1}")
        if self.kernel is not None:
            self.kernel.check()

    async def _run(
        self, feeds: VirtualFeeds, clock: VirtualClock, sink: MarkedSink, store: MarkedStore
    ) -> None:
        journal, dice = Journal(), EvenDice()
        self.journals.append((anyio.current_time(), journal))
        ends = endpoints(tuple(self.regions))
        level = Commitment.CONFIRMED
        plans = [compile_plan(self.monitors, level, endpoint) for endpoint in ends]
        outbox = Outbox("file", sink, journal, dice)
        bits = {monitor.name: 1 << i for i, monitor in enumerate(self.monitors)}
        subscription = Subscription(Route(outbox, sum(bits.values())), bits)
        resumed = resumption(store, [subscription], None)
        policy = Policy(
            level,
            resume_slot=resumed.resume_slot,
            closed=resumed.closed,
            still_open=resumed.open,
            beside=resumed.beside,
            recovery=recovery_policy(ARCHIVES, self.monitors, resumed.jobs),
            asks_floors=True,
        )
        kernel = self.kernel = Kernel(self.monitors, len(ends), policy, rpcs=len(self.nodes))
        origins = kernel.origins
        names = origins.names([end.name for end in ends], [node.name for node in self.nodes])
        delivery = MarkedDelivery(
            self.monitors,
            [subscription.route],
            RecordWriter(names, list(bits), origins.words(ARCHIVES)),
            {kind: mask for plan in plans for kind, mask in plan.judged.items()},
            clock,
            journal,
            slices_on_server=all(plan.slices_on_server for plan in plans),
        )
        books = MarkedBooks(store, names, [subscription], clock, journal, dice, aside=self._aside)
        blocks = MarkedBlocks(
            self.nodes, self.monitors, archives=ARCHIVES, requests_per_second=RATE
        )
        recovery = recovering(feeds, len(ends), blocks, books.recall, feeds)
        world = World(feeds, clock, dice, journal)
        driver = MarkedDriver(kernel, world, ends, plans, delivery, books, recovery)
        driver.replays = set()
        delivery.origins = origins
        driver.executioner = delivery.executioner = self.executioner
        books.executioner = blocks.executioner = self.executioner
        await outbox.open()
        await books.resume(resumed.first, await read_back(resumed, [subscription]))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_write, outbox, books)
            tasks.start_soon(books.run)
            tasks.start_soon(recovery.run)
            tasks.start_soon(driver.run)
            tasks.start_soon(self._sign_off, driver, books)
            if self.executioner.is_done:
                await self._until_all_is_there(store)
                tasks.cancel_scope.cancel()

    async def _until_all_is_there(self, store: MarkedStore) -> None:
        end = self.slots.stop
        while True:
            await anyio.sleep(1.0)
            is_settled = (store.settled() or 0) >= end
            if is_settled and not (store.open_before(end) or store.given(self.slots)):
                return

    async def _sign_off(self, driver: MarkedDriver, books: MarkedBooks) -> None:
        """The operator: looks at what is lost now and again."""
        while True:
            await anyio.sleep(self.dice.uniform(0.2, 1.0))
            lost = driver.kernel.standing().lost_ranges
            if lost and not self.executioner.is_done and self.dice.random() < SIGNS_OFF:
                first, end = self.dice.choice(lost)
                slot = self.dice.randrange(first, end)
                books.sign_off(slot, "not needed")
                driver.recovering.inbox.post(SignedOff(slot, "not needed"))

    async def _aside(
        self, function: Callable[[*Arguments], Answer], *arguments: *Arguments
    ) -> Answer:
        """A commit takes time, and is whole or gone when the process dies meanwhile."""
        before = self.dice.uniform(0, COMMIT)
        await anyio.sleep(before)
        answer = function(*arguments)
        await anyio.sleep(COMMIT - before)
        return answer


async def _write(outbox: Outbox, books: MarkedBooks) -> None:
    await books.begun.wait()
    await outbox.run()


async def kill_at_marks(
    monitors: Sequence[Monitor], folder: Path, *, seed: int, kills: int
) -> Machine:
    """So many lives that end at a point, and a last one."""
    chain = GeneratedChain(seed, replace(CHAIN, window=WINDOW))
    regions = {
        name: Region(
            name,
            chain,
            RegionSettings(
                slot_time=SLOT_TIME, delay=delay, jitter=JITTER, replay_stored_slots=REPLAYED
            ),
            seed=seed + place,
            started_at=START,
        )
        for place, (name, delay) in enumerate(REGIONS.items())
    }
    for region in regions.values():
        # No account writes: one that the only region dropped whose replay reached back so far is known to nobody.
        region.faults.apply("lose-tx", str(LOST))
    nodes = nodes_of(chain, SLOT_TIME, START, RPCS, seed=seed)
    dice = Random(f"{seed}:kills at marks")
    for name, fault, argument in rpc_faults(dice):
        next(node for node in nodes if node.name == name).faults.apply(fault, argument)
    machine = Machine(seed, monitors, chain, regions, nodes, folder, dice, Executioner(dice, kills))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anyio.to_thread, "run_sync", at_once)
        patch.setattr(os, "fdatasync", lambda descriptor: None)
        await machine.live_and_die()
    return machine
