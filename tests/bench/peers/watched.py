"""The whole daemon until SIGTERM, and notes of when gaps were known, when slots came out, how late live events were.

It is put together and run by the daemon's own lifecycle, from a configuration file. What is noted, in seconds of the
monotonic clock, is written as one JSON object when it stops.
"""

import argparse
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import anyio
import uvloop

from monitor.adapters.logs.log import LogSettings, open_log
from monitor.adapters.logs.reporter import LogReporter
from monitor.adapters.systemd.notify import Notifier
from monitor.app.configuration import load
from monitor.app.lifecycle import Surroundings, running
from monitor.app.memory import give_back_large_buffers, tame_collector
from monitor.app.wiring import Daemon
from monitor.core.commands import Command, KeepJobs, Release
from monitor.core.events import Event, FeedEnded, FramesArrived
from monitor.core.jobs import Job
from monitor.core.recovery_terms import Ended
from monitor.wire.pb import geyser_pb2


@dataclass(slots=True)
class Notes:
    """What one run of the daemon came to."""

    jobs: list[tuple[float, int, int]] = field(default_factory=list)
    """When these slots, first to `end`, became jobs of recovery."""
    returns: list[tuple[float, int, int]] = field(default_factory=list)
    """When a stream told of a slot again after none was open, the highest slot met before, and that slot."""
    repairs: list[tuple[float, int, int, str, float]] = field(default_factory=list)
    """When these jobs, first to `end`, ended with their evidence, by which rung, and when they had been opened."""
    out: dict[int, float] = field(default_factory=dict)
    """By slot, when the last event of it was handed on."""
    live: list[tuple[float, float, float]] = field(default_factory=list)
    """When an event of a live stream was handed on, and the milliseconds since the server's stamp and since it was read."""


class Watch:
    """Looks at one daemon from beside it."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._open_jobs: set[int] = set()
        self._is_dark = False

    def begin(self, daemon: Daemon) -> None:
        """Note from now on. Before the driver runs."""
        kernel = daemon.driver.kernel
        handle, tick, hand_on = kernel.handle, kernel.tick, daemon.delivery.hand_on
        repaired = kernel.repair.progress.repaired
        endpoints = kernel.origins.endpoints
        notes = self._notes

        def handled(event: Event, now: float) -> list[Command]:
            tip = kernel.join.tip
            commands = handle(event, now)
            if isinstance(event, FeedEnded):
                self._is_dark = not any(each.open_feeds for each in daemon.driver.traffic)
            elif self._is_dark and isinstance(event, FramesArrived) and kernel.join.tip > tip:
                self._is_dark = False
                notes.returns.append((now, tip, kernel.join.tip))
            self._jobs(commands, now)
            return commands

        def ticked(now: float) -> list[Command]:
            commands = tick(now)
            self._jobs(commands, now)
            return commands

        def closed(ended: Ended, now: float) -> None:
            repaired(ended, now)
            self._open_jobs.difference_update(range(ended.first, ended.end))
            rung = "" if ended.rung is None else ended.rung.value
            notes.repairs.append((now, ended.first, ended.end, rung, ended.opened_at))

        def handed_on(release: Release) -> None:
            hand_on(release)
            self._released(release, endpoints)

        kernel.handle = handled  # type: ignore[method-assign]
        kernel.tick = ticked  # type: ignore[method-assign]
        kernel.repair.progress.repaired = closed  # type: ignore[method-assign]
        daemon.delivery.hand_on = handed_on  # type: ignore[method-assign]

    def _jobs(self, commands: list[Command], now: float) -> None:
        for command in commands:
            if isinstance(command, KeepJobs):
                for change in command.changes:
                    slots = range(change.first, change.end)
                    if not isinstance(change, Job):
                        self._open_jobs.difference_update(slots)
                    elif not self._open_jobs.issuperset(slots):
                        self._open_jobs.update(slots)
                        self._notes.jobs.append((now, change.first, change.end))

    def _released(self, release: Release, endpoints: int) -> None:
        now, utc_ns = time.monotonic(), time.time_ns()
        for _, origin, late, _, _, row in release.released:
            self._notes.out[row[1]] = now
            if 0 <= origin < endpoints and not late and row[6] is not None and row[5]:
                since_sent = (utc_ns - stamp_ns(row[6])) / 1e6
                self._notes.live.append((now, since_sent, now * 1e3 - row[5] / 1e6))


def stamp_ns(frame: bytes) -> int:
    """The server's created_at, in nanoseconds since 1970."""
    return geyser_pb2.SubscribeUpdate.FromString(frame).created_at.ToNanoseconds()


def as_json(notes: Notes) -> str:
    """For the file."""
    return json.dumps(asdict(notes))


def from_json(text: str) -> Notes:
    """The notes of `as_json`."""
    told: Mapping[str, Any] = json.loads(text)
    out = {int(slot): at for slot, at in told["out"].items()}
    lists = {
        name: [tuple(each) for each in told[name]]
        for name in ("jobs", "returns", "repairs", "live")
    }
    return Notes(**lists, out=out)


async def watch(config: Path, notes: Notes) -> None:
    """Run the daemon until a signal."""
    configured = load(config, dict(os.environ))
    reporter = LogReporter(open_log(LogSettings("info", "json", ()), sys.stderr))
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with running(configured, Surroundings(reporter, Notifier(None))) as daemon:
            Watch(notes).begin(daemon)
            async for _ in signals:
                return


def main() -> None:
    """One run, as its own process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    given = parser.parse_args()
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    tame_collector()
    give_back_large_buffers()
    notes = Notes()
    uvloop.run(watch(given.config, notes))
    given.notes.write_text(as_json(notes))


if __name__ == "__main__":
    main()
