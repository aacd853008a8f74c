"""What is known before the kernel is made: what to ask for, where the store says to go on, and what the sinks hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from monitor.app.budget import budget_of
from monitor.app.configuration import Configuration, Sink
from monitor.core.chain import Commitment
from monitor.core.commitment import LevelStrategy
from monitor.core.monitors import Monitor
from monitor.ports import Clock, Store
from monitor.ports import Sink as SinkPort
from monitor.runtime.delivery import Route
from monitor.runtime.driver import World
from monitor.runtime.inheritance import Inheritance, inherit
from monitor.runtime.outbox import Outbox
from monitor.runtime.resumption import Resumption, Subscription, read_back, resumption
from monitor.stored import Cursor
from monitor.wire.plan import Plan, compile_plan

MakeSink = Callable[[Sink, Clock], SinkPort]


@dataclass(frozen=True, slots=True)
class Outset:
    """Where a daemon begins."""

    store: Store
    plans: tuple[Plan, ...]
    """By endpoint."""
    subscriptions: tuple[Subscription, ...]
    """One for each sink, in the order of the configuration."""
    resumed: Resumption
    inheritance: Inheritance
    cursors: tuple[Cursor, ...] = ()
    """Those that hold from now on, once the sinks were read."""


def set_out(configuration: Configuration, world: World, store: Store, make: MakeSink) -> Outset:
    """Make the requests and the sinks' queues, and read the store; no sink is opened.

    Raises: PlanRefused when the monitors do not fit an endpoint's limits; StoreFailed.
    """
    monitors = configuration.monitors
    bound = budget_of(configuration).outbox
    subscriptions = tuple(
        subscription(sink, monitors, make(sink, world.clock), world, bound)
        for sink in configuration.sinks
    )
    resumed = resumption(store, subscriptions, configuration.start_slot)
    level = plan_level(configuration, resumed)
    plans = tuple(compile_plan(monitors, level, endpoint) for endpoint in configuration.endpoints)
    return Outset(store, plans, subscriptions, resumed, Inheritance(resumed.switches, (), (), ()))


async def take_over(outset: Outset, configuration: Configuration) -> Outset:
    """Open every sink, and find out what it holds already. Raises: SinkFailed."""
    for each in outset.subscriptions:
        await each.route.outbox.open()
    cursors = await read_back(outset.resumed, outset.subscriptions)
    routes = [each.route for each in outset.subscriptions]
    level = configuration.commitment.level
    inheritance = inherit(outset.resumed, routes, configuration.monitors, level)
    return replace(outset, inheritance=inheritance, cursors=cursors)


def plan_level(configuration: Configuration, resumed: Resumption) -> Commitment | None:
    """The level that monitors without one of their own have all the while; None where it may change.

    Slots in flight may have another one than those to come.
    """
    level, switches = configuration.commitment.level, resumed.switches
    levels = {switch.level for switch in switches}
    lowest = min([resumed.first or 0, *(begin for begin, _ in resumed.open)])
    if switches and lowest < switches[0].first_slot:
        levels.add(switches[0].came_from)
    is_fixed = configuration.commitment.strategy == LevelStrategy.FIXED
    return level if is_fixed and levels <= {level} else None


def subscription(
    sink: Sink, monitors: Sequence[Monitor], adapter: SinkPort, world: World, bound_bytes: int
) -> Subscription:
    """A sink's queue, and what it is for."""
    bits = {monitor.name: 1 << i for i, monitor in enumerate(monitors)}
    wanted = {name: bits[name] for name in sink.monitors}
    outbox = Outbox(sink.name, adapter, world.reporter, world.dice, bound_bytes=bound_bytes)
    return Subscription(Route(outbox, sum(wanted.values())), wanted)
