"""Puts one daemon together from its configuration: the only place that knows every part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.adapters.grpc.settings import GrpcSettings, Reader, Workers
from monitor.adapters.sinks.jsonl import JsonlSettings
from monitor.adapters.sinks.jsonl import JsonlSink as JsonlFile
from monitor.adapters.sinks.null import NullSink as NoWhere
from monitor.adapters.sinks.stdout import StdoutSink as StandardOutput
from monitor.app.budget import budget_of
from monitor.app.commitment import level_policy
from monitor.app.configuration import Configuration, JsonlSink, NullSink, Sink, StdoutSink
from monitor.app.failover import failover_policy
from monitor.app.ladder import recovery_policy
from monitor.app.outset import Outset
from monitor.app.quorum import quorum_policy
from monitor.core.chain import Kind
from monitor.core.commands import Report
from monitor.core.health import Placement
from monitor.core.kernel import Kernel
from monitor.core.monitors import Monitor
from monitor.core.policy import Policy
from monitor.ports import Blocks, Clock, Feeds, Store
from monitor.ports import Sink as SinkPort
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery
from monitor.runtime.deshredding import Deshredding
from monitor.runtime.driver import Driver, World
from monitor.runtime.inbox import Inbox
from monitor.runtime.outbox import Outbox
from monitor.runtime.probing import Probing
from monitor.runtime.recovery import Recovering, Sources
from monitor.runtime.resumption import Subscription
from monitor.wire.plan import Plan
from monitor.wire.records import RecordWriter, utc_text

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Daemon:
    """The parts that run."""

    configuration: Configuration
    clock: Clock
    reader: str
    """How streams are read."""
    driver: Driver
    delivery: Delivery
    outboxes: tuple[Outbox, ...]
    subscriptions: tuple[Subscription, ...]
    """What each outbox is for, in the same order."""
    outset: Outset
    """Where it began."""
    books: Books
    recovering: Recovering
    probing: Probing
    """What endpoints are."""
    deshredding: Deshredding | None
    """None where no monitor has deshred."""


def make_sink(sink: Sink, clock: Clock) -> SinkPort:
    """The adapter of a configured sink."""
    match sink:
        case JsonlSink():
            settings = JsonlSettings(
                path=Path(sink.path),
                rotate_bytes=None if sink.rotate_mb is None else int(sink.rotate_mb * MIB),
                rotate_every=sink.rotate_every,
                keep=sink.keep,
                sync=sink.sync,
            )
            return JsonlFile(settings, clock)
        case StdoutSink():
            return StandardOutput()
        case NullSink():
            return NoWhere()


def grpc_settings(configuration: Configuration) -> GrpcSettings:
    """How endpoints are spoken to."""
    ingest = configuration.ingest
    return GrpcSettings(
        reader=Reader(ingest.reader),
        workers=Workers(ingest.workers),
        max_message_mb=ingest.max_message_mb,
        gzip=ingest.gzip,
        feed_buffer_bytes=budget_of(configuration).feed,
    )


def assemble(
    configuration: Configuration,
    world: World,
    reader: str,
    outset: Outset,
    blocks: Blocks | None = None,
    deshred: Feeds | None = None,
) -> Daemon:
    """One daemon, not yet running. `blocks`: None where there is no RPC to be asked.

    `deshred`: feeds of SubscribeDeshred; None where no monitor wants one.

    Raises: StoreFailed.
    """
    monitors = configuration.monitors
    plans, subscriptions, resumed = outset.plans, outset.subscriptions, outset.resumed
    store = outset.store
    drained = frozenset(_drained(configuration, store, world))
    failover = failover_policy(configuration)
    policy = Policy(
        configuration.commitment.level,
        hold=hold_of(configuration.sinks),
        start_slot=resumed.start_slot,
        resume_slot=resumed.resume_slot,
        closed=resumed.closed,
        still_open=resumed.open,
        beside=resumed.beside,
        recovery=recovery_policy(configuration, resumed.jobs),
        covers=min(configuration.covers, len(configuration.endpoints), failover.places),
        held_bytes=budget_of(configuration).held,
        placements=tuple(Placement(e.provider, e.priority) for e in configuration.endpoints),
        quorum=quorum_policy(configuration),
        can_amend=reader != Reader.SINGLE_THREADED,
        asks_floors=world.probes is not None,
        failover=failover,
        drained=drained,
        levels=level_policy(configuration),
        switches=outset.inheritance.switches,
        inherited=outset.inheritance.inherited,
    )
    rpcs = [] if blocks is None else [tally.name for tally in blocks.tallies]
    kernel = Kernel(monitors, len(configuration.endpoints), policy, rpcs=len(rpcs))
    for monitor in last_matching(monitors, plans):
        facts = {"monitor": monitor, "remedy": "list the pubkeys, or ask for every_write"}
        world.reporter.report(
            Report("warning", "a monitor gets the last matching write of each account", facts)
        )
    origins = kernel.origins
    names = origins.names([endpoint.name for endpoint in configuration.endpoints], rpcs)
    archives = frozenset(i for i, rpc in enumerate(configuration.rpc) if rpc.archive)
    writer = RecordWriter(names, [monitor.name for monitor in monitors], origins.words(archives))
    delivery = Delivery(
        monitors,
        [subscription.route for subscription in subscriptions],
        writer,
        judged_of(plans),
        world.clock,
        world.reporter,
        slices_on_server=all(plan.slices_on_server for plan in plans),
    )
    books = Books(store, names, subscriptions, world.clock, world.reporter, world.dice)
    inbox = Inbox(world.feeds.wake)
    sources = Sources(blocks, books.recall, world.probes, configuration.recovery.batch_size)
    recovering = Recovering(sources, inbox, origins, world.dice, world.reporter)
    driver = Driver(kernel, world, configuration.endpoints, plans, delivery, books, recovering)
    probing = Probing(
        world.probes,
        [endpoint.name for endpoint in configuration.endpoints],
        world.reporter,
        configuration.failover.health_check_interval,
    )
    driver.probe = probing.ask
    return Daemon(
        configuration,
        world.clock,
        reader,
        driver,
        delivery,
        tuple(subscription.route.outbox for subscription in subscriptions),
        subscriptions,
        outset,
        books,
        recovering,
        probing,
        None
        if deshred is None
        else Deshredding(
            monitors,
            configuration.endpoints,
            [subscription.route for subscription in subscriptions],
            replace(world, feeds=deshred),
            off=kernel.health.off,
            can_send=reader != Reader.SINGLE_THREADED,
        ),
    )


def hold_of(sinks: Sequence[Sink]) -> float:
    """How long a slot that nobody holds whole keeps later ones back: as long as the most patient sink asks."""
    return max((sink.hold for sink in sinks if sink.order == "slot"), default=0.0)


def _drained(configuration: Configuration, store: Store, world: World) -> Iterator[int]:
    """Endpoints that an operator drained before this start; it is said of each."""
    since = store.drains()
    for index, endpoint in enumerate(configuration.endpoints):
        if endpoint.name in since:
            facts = {
                "endpoint": endpoint.name,
                "since": utc_text(since[endpoint.name]),
                "remedy": f"chain-monitor endpoints release {endpoint.name}",
            }
            world.reporter.report(Report("warning", "an endpoint stayed drained", facts))
            yield index


def last_matching(monitors: Sequence[Monitor], plans: Sequence[Plan]) -> list[str]:
    """Monitors whose accounts filter has no pubkeys, so that other writes are not seen."""
    mask = 0
    for plan in plans:
        mask |= plan.last_matching
    return [monitor.name for i, monitor in enumerate(monitors) if mask >> i & 1]


def judged_of(plans: Sequence[Plan]) -> dict[Kind, int]:
    """By kind, the monitors that some endpoint's plan leaves to be judged here."""
    judged: dict[Kind, int] = {}
    for plan in plans:
        for kind, mask in plan.judged.items():
            judged[kind] = judged.get(kind, 0) | mask
    return judged
