"""A daemon's life: ready the machine, start every task under one owner, stop in order, flush every sink.

Starting: the store tells where to go on, and every sink what it holds from there, before a feed is opened.

Stopping: the driver goes first, so that nothing new is released; then the feeds; then each outbox writes what
it holds and closes its sink, within DRAIN_SECONDS; then the books are closed, the ways to RPCs, and the store.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import anyio
import anyio.abc
import anyio.to_thread

from monitor.adapters.clock import SystemClock, SystemDice
from monitor.adapters.grpc.making import AnyFeeds, make_deshred_feeds, make_feeds
from monitor.adapters.grpc.probes import GrpcProbes
from monitor.adapters.grpc.settings import Reader
from monitor.adapters.http.control import ControlSocket
from monitor.adapters.http.control_address import NAME
from monitor.adapters.http.server import HttpApi
from monitor.adapters.logs.log import LogSettings, open_log
from monitor.adapters.logs.reporter import LogReporter
from monitor.adapters.logs.standard import lead_standard_logging
from monitor.adapters.recovery.pool import RpcPool
from monitor.adapters.stores.ledger import SqliteLedger
from monitor.adapters.systemd.notify import Notifier
from monitor.app.commitment import vain_wishes
from monitor.app.configuration import Configuration
from monitor.app.controls import controls
from monitor.app.failover import indivisible
from monitor.app.ladder import make_pool
from monitor.app.long_lists import with_sets
from monitor.app.memory import give_back_large_buffers, tame_collector
from monitor.app.outset import MakeSink, Outset, set_out, take_over
from monitor.app.readiness import unready
from monitor.app.recoverability import beyond_recovery
from monitor.app.state_directory import StateDirectory
from monitor.app.views import answers
from monitor.app.wiring import Daemon, assemble, grpc_settings, make_sink
from monitor.core.commands import Report
from monitor.core.errors import ConfigurationRefused, MonitorError
from monitor.ports import Feeds, Reporter
from monitor.runtime.bookkeeping import Books
from monitor.runtime.driver import World
from monitor.runtime.outbox import Outbox

DRAIN_SECONDS: Final = 2.0
"""How long sinks may take to write what is queued when the daemon stops."""
STORE: Final = "ledger.sqlite"
"""The store's file in the state directory."""
STATUS_SECONDS: Final = 5.0
"""How often systemd is told how things are."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the daemon runs in; tests and benchmarks bring their own."""

    reporter: Reporter
    notifier: Notifier
    make: MakeSink = make_sink


def run_daemon(configuration: Configuration, engine_stays: str | None = None) -> int:
    """Watch until a signal to stop comes. Returns the exit code 0.

    `engine_stays`: why the event engine is on though the configuration says off.

    Raises: MonitorError, when the daemon cannot start.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    tame_collector()
    give_back_large_buffers()
    settings = LogSettings(configuration.log.level, configuration.log.form, configuration.secrets())
    log = open_log(settings, sys.stderr)
    lead_standard_logging(log)
    surroundings = Surroundings(LogReporter(log), Notifier.from_environ(os.environ))
    if engine_stays is not None:
        surroundings.reporter.report(
            Report("warning", "the event engine stayed on", {"why": engine_stays})
        )
    with StateDirectory(configuration.state_dir):
        anyio.run(
            _until_signalled,
            configuration,
            surroundings,
            backend="asyncio",
            backend_options={"use_uvloop": True},
        )
    return 0


async def _until_signalled(configuration: Configuration, surroundings: Surroundings) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async with running(configuration, surroundings):
            async for number in signals:
                if number != signal.SIGHUP:
                    surroundings.reporter.report(
                        Report("info", "a signal to stop came", {"signal": number.name})
                    )
                    return


@asynccontextmanager
async def running(
    configuration: Configuration, surroundings: Surroundings
) -> AsyncIterator[Daemon]:
    """A daemon that runs while the block does; on the way out it is stopped and every sink flushed.

    Raises: MonitorError, when a sink or the API cannot be opened, the monitors do not fit an endpoint, or
    the cores are not ours to use.
    """
    try:
        async with _running(configuration, surroundings) as daemon:
            yield daemon
    except ExceptionGroup as group:
        raise cause_of(group) from group


def cause_of(group: ExceptionGroup[Exception]) -> Exception:
    """What a user is to be told of a group that came out of our tasks.

    The only error in it, or the first one when all are ours; else the group itself, which is a bug.
    """
    causes = list(_leaves(group))
    if len(causes) == 1 or all(isinstance(cause, MonitorError) for cause in causes):
        return causes[0]
    return group


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


@asynccontextmanager
async def _running(
    configuration: Configuration, surroundings: Surroundings
) -> AsyncIterator[Daemon]:
    _keep_to_cores(configuration)
    settings = grpc_settings(configuration)
    configuration = await with_sets(configuration, settings, surroundings.reporter)
    feeds = make_feeds(settings)
    clock = SystemClock()
    probes = GrpcProbes(configuration.endpoints, settings, clock)
    world = World(feeds, clock, SystemDice(), surroundings.reporter, probes)
    store = await _open_store(configuration.state_dir)
    try:
        outset = set_out(configuration, world, store, surroundings.make)
        async with _rpcs(configuration, world, outset) as pool:
            reader = feeds.reader_chosen
            deshred = _deshred_feeds(configuration, reader)
            outset = await take_over(outset, configuration)
            daemon = assemble(configuration, world, reader, outset, pool, deshred)
            async with _watching(daemon, feeds, surroundings):
                yield daemon
    finally:
        store.close()


def _deshred_feeds(configuration: Configuration, reader: str) -> Feeds | None:
    if not any(monitor.deshred is not None for monitor in configuration.monitors):
        return None
    return make_deshred_feeds(replace(grpc_settings(configuration), reader=Reader(reader)))


@asynccontextmanager
async def _rpcs(
    configuration: Configuration, world: World, outset: Outset
) -> AsyncIterator[RpcPool | None]:
    """The RPCs while the block runs, if there are any."""
    pool = make_pool(configuration, outset.plans[0].slices, world.clock, world.dice)
    try:
        yield pool
    finally:
        if pool is not None:
            with anyio.CancelScope(shield=True):
                await pool.close()


async def _open_store(state_dir: Path) -> SqliteLedger:
    def opened() -> SqliteLedger:
        state_dir.mkdir(parents=True, exist_ok=True)
        return SqliteLedger(state_dir / STORE)

    return await anyio.to_thread.run_sync(opened)


@asynccontextmanager
async def _watching(
    daemon: Daemon, feeds: AnyFeeds, surroundings: Surroundings
) -> AsyncIterator[None]:
    configuration, reporter = daemon.configuration, surroundings.reporter
    reporter.report(
        Report(
            "info",
            "a reader was chosen",
            {
                "reader": feeds.reader_chosen,
                "why": feeds.reader_reason,
                "workers": configuration.ingest.workers,
            },
        )
    )
    for section in configuration.without_effect:
        reporter.report(
            Report("warning", "a section has no effect in this release", {"section": section})
        )
    why = indivisible(configuration)
    if why is not None:
        reporter.report(Report("warning", "monitors are not divided", {"why": why}))
    for sentence in vain_wishes(configuration):
        reporter.report(Report("warning", "a wish has no effect", {"why": sentence}))
    for sentence in beyond_recovery(configuration):
        facts = {"what": sentence}
        reporter.report(Report("info", "some losses cannot be recovered", facts))
    await _go_on(daemon, reporter)
    async with anyio.create_task_group() as writers:
        for outbox in daemon.outboxes:
            writers.start_soon(_write, outbox, daemon.books, name=f"outbox {outbox.name}")
        try:
            async with anyio.create_task_group() as tasks:
                await tasks.start(_serve, daemon, reporter, name="api")
                await tasks.start(_serve_controls, daemon, name="control")
                tasks.start_soon(daemon.driver.run, name="driver")
                tasks.start_soon(daemon.books.run, name="books")
                tasks.start_soon(daemon.recovering.run, name="recovery")
                if daemon.deshredding is not None:
                    tasks.start_soon(daemon.deshredding.run, name="deshred")
                for outbox in daemon.outboxes:
                    tasks.start_soon(outbox.lasts, name=f"reader of {outbox.name}")
                tasks.start_soon(surroundings.notifier.keep_watchdog, name="watchdog")
                tasks.start_soon(_tell_status, daemon, surroundings.notifier, name="status")
                tasks.start_soon(daemon.probing.run, name="probing")
                yield
                surroundings.notifier.stopping()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await feeds.stop()
                if daemon.deshredding is not None:
                    await daemon.deshredding.stop()
                await _drain(daemon, writers, reporter)
                await daemon.books.close()
                reporter.report(Report("info", "the daemon stopped", {}))


async def _go_on(daemon: Daemon, reporter: Reporter) -> None:
    """Tell the books and the sinks where the daemon begins."""
    resumed, inheritance = daemon.outset.resumed, daemon.outset.inheritance
    first, level = resumed.first, daemon.configuration.commitment.level
    begins_at = None if inheritance.switches else level
    await daemon.books.resume(first, daemon.outset.cursors, begins_at)
    for switch in inheritance.found:
        daemon.books.keep_switch(switch)
    for release in inheritance.undos:
        daemon.delivery.hand_on(release)
    if resumed.resume_slot is not None:
        written = {
            subscription.route.outbox.name: sum(map(len, subscription.route.written.values()))
            for subscription in daemon.subscriptions
        }
        facts = {"slot": first, "settled": resumed.settled, "written": written}
        reporter.report(Report("info", "the daemon went on where it had stopped", facts))


async def _write(outbox: Outbox, books: Books) -> None:
    """Nothing is written before the store knows the sink: a crash would leave lines that nobody remembers."""
    await books.begun.wait()
    await outbox.run()


def _keep_to_cores(configuration: Configuration) -> None:
    cores = configuration.ingest.cores
    if cores is None:
        return
    try:
        os.sched_setaffinity(0, cores)
    except OSError as error:
        allowed = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
        raise ConfigurationRefused(
            f"{configuration.file}: ingest.cores: this process may use none of them: "
            f"{error.strerror}; write some of {allowed}, or leave the key out"
        ) from error


async def _serve(
    daemon: Daemon, reporter: Reporter, *, task_status: anyio.abc.TaskStatus[None]
) -> None:
    """The HTTP API; its address is written to `STATE_DIR/api.url`."""

    def started(url: str) -> None:
        address = daemon.configuration.state_dir / "api.url"
        address.parent.mkdir(parents=True, exist_ok=True)
        address.write_text(url + "\n")
        reporter.report(Report("info", "the API listened", {"url": url}))
        task_status.started()

    await HttpApi(daemon.configuration.api.listen, answers(daemon)).serve(started)


async def _serve_controls(daemon: Daemon, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    """The control socket in the state directory."""
    path = daemon.configuration.state_dir / NAME
    await ControlSocket(path, controls(daemon)).serve(task_status.started)


async def _tell_status(daemon: Daemon, notifier: Notifier) -> None:
    """READY once the daemon does its work, with more time asked for until then; then a line now and again."""
    told = False
    while True:
        reasons = unready(daemon)
        frontier = max(daemon.driver.kernel.gate.frontier)
        text = "; ".join(reasons) if reasons else f"watching, slot {frontier}"
        if told:
            notifier.status(text)
        elif reasons:
            notifier.starting(text)
        else:
            notifier.ready(text)
            told = True
        await anyio.sleep(STATUS_SECONDS if told else 0.25)


async def _drain(daemon: Daemon, writers: anyio.abc.TaskGroup, reporter: Reporter) -> None:
    for outbox in daemon.outboxes:
        outbox.finish()
    daemon.books.begun.set()
    with anyio.move_on_after(DRAIN_SECONDS) as patience:
        for outbox in daemon.outboxes:
            await outbox.finished()
    if patience.cancelled_caught:
        left = {
            outbox.name: outbox.queued_bytes for outbox in daemon.outboxes if outbox.queued_bytes
        }
        reporter.report(Report("error", "sinks did not take all before the stop", {"bytes": left}))
        writers.cancel_scope.cancel()
