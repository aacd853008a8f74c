"""The whole daemon on one paced feed with a null sink, in this process: when it hands on what a status allows.

It is put together as `tests.bench.peers.daemon` is. With `--level` that level holds; without one it is changed each
second, as an operator could.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import anyio
import uvloop
from typing_extensions import override

from monitor.adapters.systemd.notify import Notifier
from monitor.app.configuration import Configuration, load
from monitor.app.lifecycle import Surroundings, running
from monitor.app.memory import give_back_large_buffers, tame_collector
from monitor.app.wiring import Daemon, make_sink
from monitor.core.chain import Commitment
from monitor.core.commands import Command, Release, Report
from monitor.core.events import Event, FramesArrived, LevelPinned
from tests.bench.peers.daemon import Complaints, taken, verify
from tests.bench.peers.reading import parser, report, window
from tests.bench.released import Delays
from tests.bench.window import Figures, Window, pin

PINS: Final = (
    Commitment.FINALIZED,
    Commitment.PROCESSED,
    Commitment.CONFIRMED,
    Commitment.PROCESSED,
    Commitment.FINALIZED,
    Commitment.CONFIRMED,
)
"""One a second, over and over: every way from a level to another."""
PIN_EVERY: Final = 1.0


class Expected(Complaints):
    """As the bench's, but that changes of the level are what is asked for."""

    @override
    def report(self, report: Report) -> None:
        if report.sentence != "the commitment changed":
            super().report(report)


def configuration(folder: Path, ports: Sequence[int], level: str) -> Configuration:
    """Two monitors that follow the daemon's level, written to a file and read as a user's is. JSON is YAML."""
    document = {
        "state_dir": str(folder / "state"),
        "commitment": {"level": level},
        "endpoints": [
            {"name": f"feed{n}", "url": f"http://127.0.0.1:{port}"} for n, port in enumerate(ports)
        ],
        "monitors": [{"name": "a", "transactions": {}}, {"name": "b", "accounts": {}}],
        "sinks": [{"name": "out", "kind": "null", "monitors": ["a", "b"]}],
        "api": {"listen": "127.0.0.1:0"},
    }
    file = folder / "config.yaml"
    file.write_text(json.dumps(document))
    return load(file, dict(os.environ))


def watch(daemon: Daemon, delays: Delays, measured: Window) -> None:
    """Note what goes into the kernel and what is handed on, from now on."""
    handle, hand_on = daemon.driver.kernel.handle, daemon.delivery.hand_on

    def watched_handle(event: Event, now: float) -> list[Command]:
        if isinstance(event, FramesArrived):
            delays.saw(event.rows)
        return handle(event, now)

    def watched_hand_on(release: Release) -> None:
        hand_on(release)
        if measured.is_open:
            delays.handed_on(release, time.monotonic_ns())

    daemon.driver.kernel.handle = watched_handle  # type: ignore[method-assign]
    daemon.delivery.hand_on = watched_hand_on  # type: ignore[method-assign]


async def change(daemon: Daemon, delays: Delays) -> None:
    """Say another level each second, until cancelled."""
    post: Any = daemon.recovering.inbox.post
    for level in cycle(PINS):
        delays.pinned(time.monotonic_ns())
        post(LevelPinned(level, "measured"))
        await anyio.sleep(PIN_EVERY)


async def measure(configured: Configuration, measured: Window, *, changes: bool) -> Figures:
    """Run the daemon until the window is full."""
    delays = Delays()
    surroundings = Surroundings(Expected(), Notifier(None), make_sink)
    async with running(configured, surroundings) as daemon:
        watch(daemon, delays, measured)
        async with anyio.create_task_group() as tasks:
            if changes:
                tasks.start_soon(change, daemon, delays)
            await anyio.sleep(measured.warm_up)
            measured.begin(taken(daemon).total())
            await anyio.sleep(measured.seconds)
            tasks.cancel_scope.cancel()
        found = {f"{word}_first": each for word, each in delays.firsts().items()}
        found |= {f"{word}_last": each for word, each in delays.overs().items()}
        figures = measured.figures(taken(daemon).total(), **found)
        verify(daemon)
        return figures


def run(given: argparse.Namespace, folder: Path) -> Figures:
    """One run, its files in this folder."""
    configured = configuration(folder, given.port, given.level or "confirmed")
    return uvloop.run(measure(configured, window(given), changes=given.level is None))


def main() -> None:
    """One run, as its own process."""
    command = parser(__doc__)
    command.add_argument("--level", choices=[each.name.lower() for each in Commitment])
    given = command.parse_args()
    pin(given.core)
    tame_collector()
    give_back_large_buffers()
    with tempfile.TemporaryDirectory() as folder:
        report(run(given, Path(folder)))


if __name__ == "__main__":
    main()
