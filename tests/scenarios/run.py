"""One run of the whole daemon over simulated regions in virtual time, with faults at given slots."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import anyio
import orjson
from typing_extensions import override

from monitor.core.certificates import Certificate
from monitor.core.chain import Commitment, SlotStatus
from monitor.core.commands import Certify, Command, ReadAccounts, Report
from monitor.core.events import Wished
from monitor.core.failover import FailoverPolicy
from monitor.core.health import Placement
from monitor.core.jobs import Job
from monitor.core.kernel import Kernel
from monitor.core.monitors import Monitor
from monitor.core.policy import Policy
from monitor.core.quorum import QuorumPolicy
from monitor.core.reach import FLOOR_MARGIN
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung
from monitor.core.wishes import Wish
from monitor.runtime.delivery import Delivery, Route
from monitor.runtime.driver import Driver, World
from monitor.runtime.outbox import Outbox
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.losses import ALONE, Portion
from monitor.simulator.refused import Refused
from monitor.simulator.region import Region, RegionSettings
from monitor.simulator.rpc_node import RpcNode
from monitor.simulator.truth import TruthFile
from monitor.wire.pb import geyser_pb2
from monitor.wire.plan import compile_plan
from monitor.wire.records import RecordWriter
from tests.e2e.expected import Record, records
from tests.runtime.fakes import EvenDice, Journal, MemorySink, VirtualClock, books, recovering
from tests.scenarios.virtual import VirtualFeeds, endpoints
from tests.scenarios.virtual_blocks import VirtualBlocks
from tests.scenarios.virtual_nodes import nodes_of

REGIONS = {"ams": 0.02, "nyc": 0.06, "tyo": 0.12}
"""Regions and their delay in seconds."""
JITTER = 0.005
"""Seconds by which each event may come later, at random."""
START = 1.0
"""When the chain begins."""
LAGGED = "lagged"
"""The fault by which a region ends our streams as those of a slow reader: who reads in virtual time is never slow."""
TAIL_SLOTS = 60
"""Slots that the chain goes on after those of interest, so that they are finalized."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong, counted in slots from the first."""

    at_slot: float
    region: str
    name: str
    argument: str | None = None


@dataclass(frozen=True)
class Rpcs:
    """RPCs to recover from, and what goes wrong at them from the start: (node, fault, argument)."""

    count: int
    faults: Sequence[tuple[str, str, str | None]] = ()
    requests_per_second: float | None = None
    archives: frozenset[int] = frozenset()
    """Which of them are asked as the archive."""


class DatedSink(MemorySink):
    """Remembers when each line was written, and how much had been heard then."""

    def __init__(self, feeds: VirtualFeeds) -> None:
        super().__init__()
        self.heard: list[int] = []
        self.moments: list[float] = []
        self._feeds = feeds

    @override
    async def write(self, lines: Sequence[bytes]) -> None:
        self.heard += [len(self._feeds.delivered)] * len(lines)
        self.moments += [anyio.current_time()] * len(lines)
        await super().write(lines)


class DatedJournal(Journal):
    """Remembers when each report came."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    @override
    def report(self, report: Report) -> None:
        self.moments.append(anyio.current_time())
        super().report(report)


class DatedDriver(Driver):
    """Remembers when each certificate was made, and who had the writes in whose place states were read."""

    certificates: list[tuple[float, Certificate]]
    regions: Mapping[str, Region]
    could_replay: dict[int, list[str]]
    """By slot, the regions that would have replayed it when the states of its accounts were first asked for."""

    @override
    def _perform(self, commands: Sequence[Command]) -> None:
        now = anyio.current_time()
        for command in commands:
            if isinstance(command, Certify):
                self.certificates += [(now, made) for made in command.certificates]
            elif isinstance(command, ReadAccounts):
                for slot in self.kernel.repair.reconciling._slots:
                    if slot not in self.could_replay:
                        self.could_replay[slot] = self._who_replays(slot, now)
        super()._perform(commands)

    def _who_replays(self, slot: int, now: float) -> list[str]:
        return [name for name, region in self.regions.items() if slot >= _first_kept(region, now)]


def _first_kept(region: Region, now: float) -> float:
    """The first slot that the region could be asked to replay; infinity while nobody reaches it, or it stores none.

    The few at its floor are gone before a request is there.
    """
    try:
        answer = region.call("SubscribeReplayInfo", b"", {}, now)
    except Refused:
        return inf
    info = geyser_pb2.SubscribeReplayInfoResponse.FromString(answer)
    return info.first_available + FLOOR_MARGIN if info.HasField("first_available") else inf


@dataclass
class Outcome:
    """What came out, what should have, and what was heard on the way."""

    events: list[Record]
    heard: list[int]
    """For each event, how many frames had been handed to the daemon when it was written."""
    moments: list[float]
    """When each event was written."""
    truth: list[Record]
    slots: range
    feeds: VirtualFeeds
    journal: DatedJournal
    kernel: Kernel
    driver: DatedDriver
    chain: GeneratedChain
    regions: Mapping[str, Region]
    made: list[tuple[float, Certificate]]
    """Every certificate and when it was made, in order."""
    nodes: Sequence[RpcNode]
    """The RPCs."""

    @property
    def could_replay(self) -> Mapping[int, Sequence[str]]:
        """By slot of which account states were read, the regions that would have replayed it then."""
        return self.driver.could_replay

    def certificates(self) -> dict[int, Certificate]:
        """The last certificate of each slot of interest."""
        return {one.slot: one for _, one in self.made if one.slot in self.slots}

    def told(self, status: SlotStatus) -> list[int]:
        """After each frame handed over, and before the first: the highest slot said to be at `status` or above."""
        highest = [-1]
        for _, frame in self.feeds.delivered:
            update = geyser_pb2.SubscribeUpdate.FromString(frame)
            is_level = (
                update.WhichOneof("update_oneof") == "slot"
                and status <= update.slot.status <= SlotStatus.FINALIZED
            )
            highest.append(max(highest[-1], update.slot.slot) if is_level else highest[-1])
        return highest


async def watch(
    monitors: Sequence[Monitor],
    directory: Path,
    *,
    slots: int,
    faults: Sequence[Fault] = (),
    level: Commitment = Commitment.CONFIRMED,
    seed: int = 1,
    slot_time: float = 0.1,
    chain_settings: ChainSettings | None = None,
    region_settings: RegionSettings | None = None,
    own_settings: Mapping[str, RegionSettings] | None = None,
    delays: Mapping[str, float] = REGIONS,
    can_amend: bool = True,
    losses_apart: bool = False,
    rpcs: Rpcs | None = None,
    tail: int = TAIL_SLOTS,
    asks_floors: bool = True,
    failover: FailoverPolicy | None = None,
    wishes: Sequence[tuple[float, Wish]] = (),
    quorum: QuorumPolicy | None = None,
    providers: Sequence[str] = (),
    behind: int = 0,
) -> Outcome:
    """Run the daemon for `slots` slots and a tail; truth is written under `directory`.

    `delays` names the regions; of their settings, delay, jitter and slot time are set here. `own_settings` stand
    in the place of `region_settings` for regions that differ. With `losses_apart`
    no two regions drop the same. With `rpcs` what is missing is recovered. Without `asks_floors` servers cannot be asked
    how far back they replay. `failover` None: every region is hot. `wishes`: slots, and what an operator asks for then.
    `providers` run the regions, in their order; where none are named each is its own. `behind`: slots that the chain is
    old when the daemon starts, as after a restart, and brings from the first one on.
    """
    chain = GeneratedChain(seed, chain_settings or ChainSettings(slot_time=slot_time))
    base, own = region_settings or RegionSettings(), own_settings or {}
    regions = {
        name: Region(
            name,
            chain,
            replace(own.get(name, base), slot_time=slot_time, delay=delay, jitter=JITTER),
            seed=seed + place,
            started_at=START - behind * slot_time,
            utc_offset=behind * slot_time,
            portion=Portion(place, len(delays)) if losses_apart else ALONE,
        )
        for place, (name, delay) in enumerate(delays.items())
    }
    if behind:
        for region in regions.values():
            region.advance(0.0)
    feeds = VirtualFeeds(regions)
    journal = DatedJournal()
    clock = VirtualClock()
    ends = endpoints(tuple(delays))
    plans = [compile_plan(monitors, level, endpoint) for endpoint in ends]
    nodes = [] if rpcs is None else nodes_of(chain, slot_time, START, rpcs.count, seed=seed)
    recovers = RecoveryPolicy() if rpcs is None else recovery_policy(rpcs.archives, monitors)
    policy = Policy(
        level,
        can_amend=can_amend,
        recovery=recovers,
        asks_floors=asks_floors,
        failover=failover,
        placements=tuple(Placement(each) for each in providers or delays),
        quorum=quorum or QuorumPolicy(),
        resume_slot=chain.first_slot if behind else None,
    )
    kernel = Kernel(monitors, len(ends), policy, rpcs=len(nodes))
    names = kernel.origins.names([end.name for end in ends], [node.name for node in nodes])
    sink = DatedSink(feeds)
    outbox = Outbox("memory", sink, journal, EvenDice())
    everyone = (1 << len(monitors)) - 1
    delivery = Delivery(
        monitors,
        [Route(outbox, everyone)],
        RecordWriter(names, [monitor.name for monitor in monitors], kernel.origins.words()),
        {kind: mask for plan in plans for kind, mask in plan.judged.items()},
        clock,
        journal,
        slices_on_server=all(plan.slices_on_server for plan in plans),
    )
    world = World(feeds, clock, EvenDice(), journal)
    kept = books()
    recovery = recovering(feeds, len(ends), _blocks(rpcs, nodes, monitors), kept.recall, feeds)
    driver = DatedDriver(kernel, world, ends, plans, delivery, kept, recovery)
    driver.certificates, driver.regions, driver.could_replay = [], regions, {}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        with anyio.move_on_after(START + (slots + tail - behind) * slot_time):
            async with anyio.create_task_group() as running:
                running.start_soon(driver.run)
                running.start_soon(recovery.run)
                running.start_soon(kept.run)
                for fault in faults:
                    running.start_soon(_break, regions[fault.region], fault, slot_time)
                for at_slot, wish in wishes:
                    running.start_soon(_wish, driver, wish, START + at_slot * slot_time)
        outbox.finish()
    with TruthFile(directory / "truth.jsonl") as truth:
        truth.follow(chain, chain.first_slot + slots + tail)
    kernel.check()
    return Outcome(
        [orjson.loads(line) for line in sink.lines],
        sink.heard,
        sink.moments,
        records(directory / "truth.jsonl"),
        range(chain.first_slot, chain.first_slot + slots),
        feeds,
        journal,
        kernel,
        driver,
        chain,
        regions,
        driver.certificates,
        nodes,
    )


def recovery_policy(
    archives: Collection[int], monitors: Sequence[Monitor], jobs: Sequence[Job] = ()
) -> RecoveryPolicy:
    """All rungs that there are. `archives`: RPCs that are asked as the archive; `jobs`: of the daemon before."""
    return RecoveryPolicy(
        rungs=(Rung.REPLAY, Rung.RPC, *((Rung.ARCHIVE,) if archives else ())),
        workers={Rung.REPLAY: 2, Rung.RPC: 16, Rung.ARCHIVE: 8},
        reads_accounts=any(monitor.accounts is not None for monitor in monitors),
        jobs=tuple(jobs),
    )


def _blocks(
    rpcs: Rpcs | None, nodes: Sequence[RpcNode], monitors: Sequence[Monitor]
) -> VirtualBlocks | None:
    if rpcs is None:
        return None
    for node in nodes:
        for name, fault, argument in rpcs.faults:
            if name == node.name:
                node.apply(fault, argument)
    return VirtualBlocks(
        nodes,
        monitors,
        archives=rpcs.archives,
        requests_per_second=rpcs.requests_per_second,
    )


async def _wish(driver: Driver, wish: Wish, at: float) -> None:
    await anyio.sleep(at - anyio.current_time())
    driver.recovering.inbox.post(Wished(wish))


async def _break(region: Region, fault: Fault, slot_time: float) -> None:
    await anyio.sleep(START + fault.at_slot * slot_time - anyio.current_time())
    region.advance(anyio.current_time())
    if fault.name == LAGGED:
        code, text = region.manners.lagged_queue
        region.end_streams(text, code)
    else:
        region.faults.apply(fault.name, fault.argument)
