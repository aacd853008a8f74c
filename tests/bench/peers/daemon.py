"""The whole daemon on one feed or more, fixed at processed, with two filters and one sink, in this process.

It is put together and run by the daemon's own lifecycle, from a configuration file, HTTP API and all. Delays
are taken where the daemon has done its part with an event: `handler` when its record is made and queued (or,
for a sink without records, when it is handed on), `write` when the sink's write(2) of it has returned.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio
import uvloop

from monitor.adapters.grpc.environment import EventEngine, prepare
from monitor.adapters.grpc.settings import Workers
from monitor.adapters.systemd.notify import Notifier
from monitor.app.configuration import Configuration, load
from monitor.app.configuration import Sink as ConfiguredSink
from monitor.app.lifecycle import Surroundings, running
from monitor.app.memory import give_back_large_buffers, tame_collector
from monitor.app.wiring import Daemon, make_sink
from monitor.core.commands import Release, Report
from monitor.ports import Clock, Sink
from tests.bench.peers.reading import counted, parser, report, window
from tests.bench.stamps import sent_ns
from tests.bench.window import Figures, Window, delays, pin

KEPT_FILES: Final = 1
LOOK: Final = 0.01
"""Seconds between two looks whether the messages that were asked for are there."""


class Probe:
    """Delays from the send stamp, taken while the window is open."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.handler = delays()
        self.write = delays()
        self.queued: deque[int] = deque()
        """Send stamps of records on their way to the sink, in its order."""

    def watch(self, daemon: Daemon) -> None:
        """Look at the clock after each release from now on."""
        hand_on = daemon.delivery.hand_on
        takes_records = any(outbox.takes_records for outbox in daemon.outboxes)

        def watched(release: Release) -> None:
            hand_on(release)
            now = time.monotonic_ns()
            stamps = [sent_ns(each[5][6]) for each in release.released if each[5][6] is not None]
            if takes_records:
                self.queued.extend(stamps)
            if self.window.is_open:
                self.handler.extend(now - each for each in stamps)

        daemon.delivery.hand_on = watched  # type: ignore[method-assign]

    def make(self, configured: ConfiguredSink, clock: Clock) -> Sink:
        """The daemon's sink, watched."""
        return ProbedSink(make_sink(configured, clock), self)


class ProbedSink:
    """A sink, and a look at the clock after each write."""

    def __init__(self, sink: Sink, probe: Probe) -> None:
        self.takes_records = sink.takes_records
        self.open, self.close = sink.open, sink.close
        self.flush_due_in, self.flush = sink.flush_due_in, sink.flush
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
        """Only news is expected."""
        if report.level not in ("debug", "info"):
            raise RuntimeError(f"the daemon complained: {report.sentence} {dict(report.facts)}")


def configuration(
    folder: Path,
    ports: Sequence[int],
    sink: str,
    *,
    blocks: bool = False,
    workers: str = Workers.THREAD.value,
) -> Configuration:
    """The configuration of the bench, written to a file and read as a user's is. JSON is YAML."""
    monitors: list[dict[str, object]] = [
        {"name": "a", "transactions": {}},
        {"name": "b", "accounts": {}},
    ]
    if blocks:
        monitors = [{"name": "a", "blocks": {}}]
    document = {
        "profile": "aggressive",
        "state_dir": str(folder / "state"),
        "endpoints": [
            {"name": f"feed{n}", "url": f"http://127.0.0.1:{port}"} for n, port in enumerate(ports)
        ],
        "monitors": monitors,
        "sinks": [
            {"name": "out", "kind": sink, "monitors": [each["name"] for each in monitors]}
            | ({"path": str(folder / "events.jsonl"), "keep": KEPT_FILES} if sink != "null" else {})
        ],
        "ingest": {"workers": workers},
        "api": {"listen": "127.0.0.1:0"},
    }
    file = folder / "config.yaml"
    file.write_text(json.dumps(document))
    return load(file, dict(os.environ))


def taken(daemon: Daemon) -> Counter[int]:
    """Messages of all feeds that went through the kernel, by kind."""
    return sum((each.kinds for each in daemon.driver.traffic), Counter[int]())


def verify(daemon: Daemon) -> None:
    """Raises RuntimeError when a slot did not close whole: a figure of a daemon that loses data is worth nothing."""
    tally = daemon.driver.kernel.tally
    if set(tally.slots) - {"complete"}:
        raise RuntimeError(f"slots did not all close whole: {tally.slots}")
    if len(tally.duplicates) == 1 and tally.duplicates[0]:
        raise RuntimeError(f"keys of one stream repeated {tally.duplicates[0]} times")


async def watch(configured: Configuration, measured: Window, probe: Probe | None) -> Figures:
    """Run the daemon until the window is full."""
    surroundings = Surroundings(
        Complaints(), Notifier(None), make_sink if probe is None else probe.make
    )
    async with running(configured, surroundings) as daemon:
        if probe is not None:
            probe.watch(daemon)
        await wait(daemon, measured)
        taken_delays = {} if probe is None else {"handler": probe.handler, "write": probe.write}
        kinds = taken(daemon)
        figures = measured.figures(kinds.total(), **taken_delays)
        verify(daemon)
        return figures if measured.limit is None else counted(figures, kinds)


async def wait(daemon: Daemon, measured: Window) -> None:
    """Until the window is full."""
    if measured.limit is not None:
        asked = measured.limit * len(daemon.driver.traffic)
        while taken(daemon).total() < asked:  # noqa: ASYNC110 (nothing tells it at a given count)
            await anyio.sleep(LOOK)
        return
    await anyio.sleep(measured.warm_up)
    measured.begin(taken(daemon).total())
    await anyio.sleep(measured.seconds)


def lines_written(folder: Path) -> int:
    """Lines that the jsonl sink wrote into this folder."""
    return sum(file.read_bytes().count(b"\n") for file in folder.glob("*.jsonl*"))


def run(given: argparse.Namespace, folder: Path) -> Figures:
    """One run, its files in this folder. A limited one to a file tells the lines too, as the kind `line`."""
    measured = window(given)
    probe = Probe(measured) if given.delays else None
    configured = configuration(
        folder, given.port, given.sink, blocks=given.blocks, workers=given.workers
    )
    figures = uvloop.run(watch(configured, measured, probe))
    if measured.limit is not None and given.sink != "null":
        figures.kinds["line"] = lines_written(folder)
    return figures


def main() -> None:
    """One run, as its own process."""
    command = parser(__doc__)
    command.add_argument("--sink", choices=("null", "jsonl"), default="null")
    command.add_argument("--workers", choices=[each.value for each in Workers], default="thread")
    command.add_argument("--event-engine", type=EventEngine, default=EventEngine.DEFAULT)
    given = command.parse_args()
    before = dict(os.environ)
    prepare(given.event_engine)
    if before != dict(os.environ):  # grpc is imported already, and read it
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    pin(given.core)
    tame_collector()
    give_back_large_buffers()
    with tempfile.TemporaryDirectory() as folder:
        report(run(given, Path(folder)))


if __name__ == "__main__":
    main()
