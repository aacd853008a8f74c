"""The daemon on one feed, fixed at processed, with two filters and one sink: all its parts, in this process.

Delays are taken where the daemon has done its part with an event: `handler` when its record is made and queued
(or, for a sink without records, when it is handed on), `write` when the sink's write(2) of it has returned.
"""

import tempfile
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import anyio
import uvloop
from typing_extensions import override

from monitor.adapters.clock import SystemClock, SystemDice
from monitor.adapters.grpc.feeds import GrpcFeeds
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.adapters.sinks.jsonl import JsonlSettings, JsonlSink
from monitor.adapters.sinks.null import NullSink
from monitor.core.chain import Commitment
from monitor.core.commands import Release, Report
from monitor.core.kernel import Kernel, Policy
from monitor.core.monitors import AccountsFilter, Monitor, TransactionsFilter
from monitor.ports import Endpoint, Sink
from monitor.runtime.delivery import Delivery, Route
from monitor.runtime.driver import Driver, World
from monitor.runtime.outbox import Outbox
from monitor.wire.plan import compile_plan
from monitor.wire.records import RecordWriter
from tests.bench.peers.reading import parser, report
from tests.bench.stamps import sent_ns
from tests.bench.window import Figures, Window, delays, pin

MONITORS = (
    Monitor("a", transactions=TransactionsFilter()),
    Monitor("b", accounts=AccountsFilter()),
)
LOOK_SECONDS = 0.02
KEPT_FILES = 2


class Probe:
    """Delays from the send stamp, taken while the window is open."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.handler = delays()
        self.write = delays()
        self.queued: deque[int] = deque()
        """Send stamps of records on their way to the sink, in its order."""


class ProbedDelivery(Delivery):
    """The delivery, and a look at the clock after each release."""

    probe: Probe | None = None

    @override
    def hand_on(self, release: Release) -> None:
        """Hand on, then take the delay of every event."""
        super().hand_on(release)
        probe = self.probe
        if probe is None:
            return
        now = time.monotonic_ns()
        stamps = [sent_ns(each[5][6]) for each in release.released if each[5][6] is not None]
        probe.queued.extend(stamps)
        if probe.window.is_open:
            probe.handler.extend(now - each for each in stamps)


class ProbedSink:
    """The daemon's sink, and a look at the clock after each write."""

    def __init__(self, sink: Sink, probe: Probe) -> None:
        self.takes_records = sink.takes_records
        self.open, self.flush, self.close = sink.open, sink.flush, sink.close
        self._write = sink.write
        self._probe = probe

    async def write(self, lines: Sequence[bytes]) -> None:
        """Write, then take the delay of every line."""
        await self._write(lines)
        now, queued = time.monotonic_ns(), self._probe.queued
        stamps = [queued.popleft() for _ in lines]
        if self._probe.window.is_open:
            self._probe.write.extend(now - each for each in stamps)


class Complaints:
    """Stops the run when the daemon reports what a clean stream never causes."""

    def report(self, report: Report) -> None:
        """Only news of the connection is expected."""
        if report.level in ("warning", "error", "critical"):
            raise RuntimeError(f"the daemon complained: {report.sentence} {dict(report.facts)}")


def sink_of(kind: str, folder: Path) -> Sink:
    """The sink of the run; its file is rotated so that a run needs little room."""
    if kind == "null":
        return NullSink()
    return JsonlSink(JsonlSettings(folder / "events.jsonl", keep=KEPT_FILES), SystemClock())


async def watch(port: int, window: Window, sink: Sink, probe: Probe | None) -> Figures:
    """Run the daemon's parts until the window is full."""
    clock, dice, reporter = SystemClock(), SystemDice(), Complaints()
    endpoint = Endpoint("bench", f"http://127.0.0.1:{port}")
    plan = compile_plan(MONITORS, Commitment.PROCESSED, endpoint)
    if probe is not None:
        sink = ProbedSink(sink, probe)
    outbox = Outbox("bench", sink, reporter, dice)
    delivery = ProbedDelivery(
        MONITORS,
        [Route(outbox, 0b11)],
        RecordWriter([endpoint.name], [each.name for each in MONITORS]),
        dict(plan.judged),
        clock,
        slices_on_server=plan.slices_on_server,
    )
    delivery.probe = probe
    feeds = GrpcFeeds(GrpcSettings())
    kernel = Kernel(MONITORS, 1, Policy(Commitment.PROCESSED))
    driver = Driver(kernel, World(feeds, clock, dice, reporter), [endpoint], [plan], delivery)
    await outbox.open()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(driver.run)
        tasks.start_soon(outbox.run)
        messages = 0
        while not window.is_over(messages):
            await anyio.sleep(LOOK_SECONDS)
            messages = sum(driver.traffic[0].kinds.values())
        figures = (
            window.figures(messages)
            if probe is None
            else window.figures(messages, handler=probe.handler, write=probe.write)
        )
        tasks.cancel_scope.cancel()
    await feeds.stop()
    await sink.close()
    return figures


def main() -> None:
    """One run, as its own process."""
    command = parser(__doc__)
    command.add_argument("--sink", choices=("null", "jsonl"), default="null")
    given = command.parse_args()
    pin(given.core)
    window = Window(given.seconds)
    probe = Probe(window) if given.delays else None
    with tempfile.TemporaryDirectory() as folder:
        sink = sink_of(given.sink, Path(folder))
        report(uvloop.run(watch(given.port, window, sink, probe)))


if __name__ == "__main__":
    main()
