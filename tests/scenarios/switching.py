"""The whole daemon while its level is changed by hand every twenty slots, in virtual time, and killed if asked.

Each life is a new daemon on the file and the store that the last one left, as in `tests.scenarios.killed`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar, TypeVarTuple, cast

import anyio
import anyio.to_thread
import pytest
from typing_extensions import override

from monitor.adapters.sinks.jsonl import JsonlSettings, JsonlSink
from monitor.core.chain import Commitment
from monitor.core.commands import Command
from monitor.core.events import LevelPinned
from monitor.core.kernel import Kernel
from monitor.core.monitors import (
    AccountsFilter,
    BlocksMetaFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from monitor.core.policy import Policy
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery, Route
from monitor.runtime.driver import Driver, World
from monitor.runtime.inheritance import inherit
from monitor.runtime.outbox import Outbox
from monitor.runtime.resumption import Subscription, read_back, resumption
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_faults import ChainFaults
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.region import Region, RegionSettings
from monitor.wire.plan import compile_plan
from monitor.wire.records import RecordWriter
from tests.e2e.expected import Record, Wants, stream
from tests.runtime.fakes import EvenDice, Journal, MemoryLedger, VirtualClock, at_once, recovering
from tests.scenarios.run import JITTER, REGIONS, START
from tests.scenarios.switch_truth import Told, Watcher, told_of
from tests.scenarios.test_stitched import busiest_accounts
from tests.scenarios.test_three_regions import CLOCK, TOKEN
from tests.scenarios.virtual import VirtualFeeds, endpoints

EVERY: Final = 20
"""Slots between two switches."""
WINDOW: Final = 8192
"""Slots that the chain keeps, so that it can be asked for the truth in the end."""
CHAIN: Final = ChainSettings(
    slot_time=0.1,
    votes=10,
    transactions=8,
    account_writes=20,
    entries=3,
    skipped=0.04,
    forked=0.08,
    fork_depth=3,
    dead=0.02,
    recreated=0.03,
    window=WINDOW,
)
COMMIT: Final = 0.02
"""Seconds that a commit takes."""
DOWN: Final = (0.1, 1.0)
"""Seconds from a kill to the next start."""
LAST: Final = 10.0
"""Seconds that the last daemon lives on behind the slots of interest, which are finalized after three and a half."""

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True)
class Pin:
    """Somebody says the level, at this slot."""

    at_slot: int
    level: Commitment


def draw_pins(seed: int, slots: int) -> tuple[Pin, ...]:
    """Another level every twenty slots; the same seed gives the same."""
    dice = Random(f"{seed}:pins")
    pins = []
    level = Commitment.CONFIRMED
    for at_slot in range(EVERY, slots, EVERY):
        level = dice.choice([each for each in Commitment if each is not level])
        pins.append(Pin(at_slot, level))
    return tuple(pins)


def monitors(accounts: Sequence[str], *, with_processed: bool = True) -> tuple[Monitor, ...]:
    """Four that follow the daemon's level, and one of each level."""
    found = (
        Monitor("all", transactions=TransactionsFilter()),
        Monitor("tokens", transactions=TransactionsFilter(vote=False, account_include=(TOKEN,))),
        Monitor("vaults", accounts=AccountsFilter(account=(*accounts, CLOCK))),
        Monitor("chain", slots=SlotsFilter(interslot_updates=True), blocks_meta=BlocksMetaFilter()),
        Monitor(
            "early",
            Commitment.PROCESSED,
            transactions=TransactionsFilter(failed=True),
            slots=SlotsFilter(),
        ),
        Monitor(
            "sure",
            Commitment.CONFIRMED,
            transactions=TransactionsFilter(vote=False),
            accounts=AccountsFilter(account=(CLOCK,)),
        ),
        Monitor(
            "final",
            Commitment.FINALIZED,
            transactions=TransactionsFilter(),
            slots=SlotsFilter(),
            blocks_meta=BlocksMetaFilter(),
        ),
    )
    return tuple(m for m in found if with_processed or m.commitment is not Commitment.PROCESSED)


def watchers(
    watched: Sequence[Monitor], accounts: Sequence[str], level: Commitment
) -> tuple[Watcher, ...]:
    """The same, as their user knows them; `level` is the daemon's at the start."""
    wants: Mapping[str, Wants] = {
        "all": lambda r: r["kind"] == "transaction",
        "tokens": lambda r: (
            r["kind"] == "transaction" and not r["is_vote"] and TOKEN in r["accounts"]
        ),
        "vaults": lambda r: r["kind"] == "account" and r["pubkey"] in (*accounts, CLOCK),
        "chain": lambda r: r["kind"] in ("slot", "block_meta"),
        "early": lambda r: r["kind"] == "slot" or (r["kind"] == "transaction" and r["failed"]),
        "sure": lambda r: (
            (r["kind"] == "transaction" and not r["is_vote"])
            or (r["kind"] == "account" and r["pubkey"] == CLOCK)
        ),
        "final": lambda r: r["kind"] in ("transaction", "slot", "block_meta"),
    }
    return tuple(
        Watcher(
            monitor.name,
            wants[monitor.name],
            (level if monitor.commitment is None else monitor.commitment).name.lower(),
            follows=monitor.commitment is None,
        )
        for monitor in watched
    )


@dataclass(frozen=True)
class Trouble:
    """A fault of the chain or of a region, at this slot."""

    at_slot: float
    fault: str
    argument: str | None = None
    region: str | None = None
    """None: the chain, and so all of them."""


@dataclass
class Play:
    """What outlives a daemon, what is done to it, and notes of what became of it."""

    monitors: Sequence[Monitor]
    chain: GeneratedChain
    regions: Mapping[str, Region]
    folder: Path
    slots: range
    level: Commitment
    pins: Sequence[Pin] = ()
    kills: Sequence[float] = ()
    """Moments, in slots."""
    troubles: Sequence[Trouble] = ()
    held_bytes: int | None = None
    store: MemoryLedger = field(default_factory=MemoryLedger)
    journals: list[Journal] = field(default_factory=list)
    """Of each life."""
    most_held: int = 0
    """Bytes that waited for their level at once."""
    kernel: Kernel | None = None
    """The last one."""
    dice: Random = field(default_factory=lambda: Random(1))

    @property
    def slot_time(self) -> float:
        """Seconds."""
        return self.chain.settings.slot_time

    def begins(self, slot: float) -> float:
        """When the slot, counted from the first one of interest, begins for its leader."""
        return START + slot * self.slot_time

    def events(self) -> list[Record]:
        """What the file holds, in order."""
        return stream(self.folder)

    def told_slots(self) -> dict[int, tuple[Told, ...]]:
        """The slots of interest, with all that there was in them."""
        return {number: told_of(self.chain.slot(number)) for number in self.slots}

    def _begun(self) -> float:
        return (anyio.current_time() - START) / self.slot_time

    async def run(self) -> None:
        """All lives."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(anyio.to_thread, "run_sync", at_once)
            patch.setattr(os, "fdatasync", lambda descriptor: None)
            faults = ChainFaults(self.chain, self._begun)
            async with anyio.create_task_group() as tasks:
                for trouble in self.troubles:
                    tasks.start_soon(self._break, faults, trouble)
                for slot in sorted(self.kills):
                    await self._live(self.begins(slot))
                    await anyio.sleep(self.dice.uniform(*DOWN))
                await self._live(self.begins(len(self.slots)) + LAST)

    async def _break(self, faults: ChainFaults, trouble: Trouble) -> None:
        await anyio.sleep(self.begins(trouble.at_slot) - anyio.current_time())
        now = anyio.current_time()
        for region in self.regions.values():
            region.advance(now)
        if trouble.region is not None:
            self.regions[trouble.region].faults.apply(trouble.fault, trouble.argument)
            return
        faults.apply(trouble.fault, trouble.argument)
        for region in self.regions.values():
            region.resettle()

    async def _live(self, dies_at: float) -> None:
        clock, journal, dice = VirtualClock(), Journal(), EvenDice()
        self.journals.append(journal)
        names = tuple(self.regions)
        ends = endpoints(names)
        level = None if self.pins else self.level
        plans = [compile_plan(self.monitors, level, endpoint) for endpoint in ends]
        sink = JsonlSink(JsonlSettings(self.folder / "events.jsonl"), clock)
        outbox = Outbox("file", sink, journal, dice)
        bits = {monitor.name: 1 << i for i, monitor in enumerate(self.monitors)}
        subscription = Subscription(Route(outbox, sum(bits.values())), bits)
        resumed = resumption(self.store, [subscription], None)
        await outbox.open()
        cursors = await read_back(resumed, [subscription])
        legacy = inherit(resumed, [subscription.route], self.monitors, self.level)
        policy = Policy(
            self.level,
            resume_slot=resumed.resume_slot,
            closed=resumed.closed,
            held_bytes=self.held_bytes,
            asks_floors=True,
        )
        policy = _told(policy, switches=legacy.switches, inherited=legacy.inherited)
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
        recovery = recovering(feeds, len(ends), sounder=feeds)
        driver = _Weighing(
            kernel, World(feeds, clock, dice, journal), ends, plans, delivery, books, recovery
        )
        driver.most_held = 0
        await books.resume(resumed.first, cursors, None if legacy.switches else self.level)
        for switch in legacy.found:
            books.keep_switch(switch)
        for release in legacy.undos:
            delivery.hand_on(release)

        async def write() -> None:
            await books.begun.wait()
            await outbox.run()

        with anyio.move_on_after(dies_at - anyio.current_time()):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(write)
                tasks.start_soon(books.run)
                tasks.start_soon(recovery.run)
                tasks.start_soon(self._pin, driver)
                tasks.start_soon(driver.run)
        feeds.break_off()
        await sink.close()  # as the system does with what a dead process had open
        kernel.check()
        self.most_held = max(self.most_held, driver.most_held)

    async def _pin(self, driver: Driver) -> None:
        """Say each level when its slot begins; a daemon that starts later hears the last one again."""
        post = cast(Callable[[LevelPinned], None], driver.recovering.inbox.post)
        now = anyio.current_time()
        past = [pin for pin in self.pins if self.begins(pin.at_slot) <= now]
        for pin in (*past[-1:], *(pin for pin in self.pins if pin not in past)):
            await anyio.sleep(max(0.0, self.begins(pin.at_slot) - anyio.current_time()))
            post(LevelPinned(pin.level, f"said at slot {pin.at_slot}"))

    async def _aside(
        self, function: Callable[[*Arguments], Answer], *arguments: *Arguments
    ) -> Answer:
        """A commit takes time, and is whole or gone when the process dies meanwhile."""
        before = self.dice.uniform(0, COMMIT)
        await anyio.sleep(before)
        answer = function(*arguments)
        await anyio.sleep(COMMIT - before)
        return answer


def _told(policy: Policy, **fields: object) -> Policy:
    """What an earlier life left, as far as the kernel takes it."""
    known: dict[str, Any] = {name: value for name, value in fields.items() if hasattr(policy, name)}
    return replace(policy, **known)


class _Weighing(Driver):
    """Notes how much waits for its level."""

    most_held: int

    @override
    def _perform(self, commands: Sequence[Command]) -> None:
        self.most_held = max(self.most_held, self.kernel.gate.held_bytes)
        super()._perform(commands)


def make_play(
    folder: Path,
    *,
    seed: int,
    slots: int,
    level: Commitment,
    chain_settings: ChainSettings = CHAIN,
    with_processed: bool = True,
) -> tuple[Play, tuple[Watcher, ...]]:
    """A daemon on three regions that are never ill, and who judges what it gives."""
    chain = GeneratedChain(seed, chain_settings)
    settings = {
        name: RegionSettings(slot_time=chain_settings.slot_time, delay=delay, jitter=JITTER)
        for name, delay in REGIONS.items()
    }
    regions = {
        name: Region(name, chain, each, seed=seed + place, started_at=START)
        for place, (name, each) in enumerate(settings.items())
    }
    accounts = busiest_accounts(seed)
    watched = monitors(accounts, with_processed=with_processed)
    slots_told = range(chain.first_slot, chain.first_slot + slots)
    play = Play(watched, chain, regions, folder, slots_told, level, dice=Random(f"{seed}:play"))
    return play, watchers(watched, accounts, level)
