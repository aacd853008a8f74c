"""The daemon's memory on three feeds of the same mix for half an hour: below a bound, and flat.

The daemon is a process of its own, started as a user starts it, and writes to a rotating file. The feeds come from
packed replay servers, whose slots close: with their banks, metas, parents, and all three commitments.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from tests.bench.contest import Load, replay_server
from tests.bench.window import rss_mb

MINUTES: Final = 30.0
RATE: Final = 5_000.0
"""Messages a second of each feed."""
FEEDS: Final = 3
BURST: Final = 10
"""Messages that leave at once, so that the servers do not wake for each."""
EVERY: Final = 10.0
"""Seconds between two samples."""
WARM_UP: Final = 0.2
"""Share of the samples before memory is expected to be flat."""
KEEPS_UP: Final = 0.97
"""Share of the messages due that have to be taken for memory to mean something."""
MOST_MB: Final = 250
MOST_SLOPE: Final = 1.0
"""MB a minute."""
READY_WITHIN: Final = 240.0
LOOK: Final = 0.05
FILE_MB: Final = 64


@dataclass(slots=True)
class Watched:
    """What was seen of a daemon."""

    samples: list[tuple[float, float]] = field(default_factory=list)
    """(minutes since the start, MB)."""
    peak: float = 0.0
    """The most that it ever had, MB."""
    due: int = 0
    """Messages that each feed should have brought; 0 where that is not judged."""
    messages: Counter[str] = field(default_factory=Counter)
    """By endpoint."""
    duplicates: int = 0
    slots: Counter[str] = field(default_factory=Counter)
    """By how they were closed."""
    coverage: float = 1.0
    """Blocks held whole, of those that there were."""
    events: int = 0
    lines: int = 0
    """Of the file, where it was never rotated."""
    complaints: list[str] = field(default_factory=list)
    """Log lines above information."""

    @property
    def slope(self) -> float:
        """MB a minute of the straight line through the samples after the warm-up; 0 of fewer than two."""
        flat = self.samples[int(len(self.samples) * WARM_UP) :]
        if len(flat) < 2:
            return 0.0
        minutes, sizes = zip(*flat, strict=True)
        return linear_regression(minutes, sizes).slope

    def failures(self) -> list[str]:
        """What did not hold."""
        found = [] if self.peak < MOST_MB else [f"{self.peak:.0f} MB, more than {MOST_MB:g}"]
        if self.slope >= MOST_SLOPE:
            found.append(f"grew by {self.slope:.2f} MB a minute")
        if set(self.slots) != {"complete"} or self.coverage < 1:
            found.append(f"coverage {self.coverage:g}, slots closed as {dict(self.slots)}")
        least = min(self.messages.values(), default=0)
        if least < self.due * KEEPS_UP:
            found.append(f"took {least} of {self.due} messages of a feed")
        return found + self.complaints[:1]


def watch(minutes: float, rate: float, every: float = EVERY) -> Watched:
    """Sample a daemon's memory for so many minutes, printing as it goes."""
    watched = Watched()
    with daemon(Load(rate=rate, burst=BURST)) as running:
        began = time.monotonic()
        while (passed := time.monotonic() - began) < minutes * 60:
            watched.samples.append((passed / 60, running.memory_mb()))
            print(f"{passed:6.0f} s  {watched.samples[-1][1]:6.1f} MB", flush=True)
            time.sleep(min(every, max(0.0, minutes * 60 - (time.monotonic() - began))))
        running.note(watched)
    watched.due = round(minutes * 60 * rate)
    watched.complaints = running.complaints()
    return watched


def watch_messages(messages: int, events: int) -> Watched:
    """Let a daemon take so many messages of each feed as fast as it can, until it has released so many events."""
    watched = Watched()
    with daemon(Load(messages=messages)) as running:
        ends = time.monotonic() + READY_WITHIN
        while watched.messages.total() < messages * FEEDS or watched.events < events:
            if time.monotonic() > ends:
                break
            time.sleep(LOOK)
            running.note(watched)
    watched.lines = running.lines()
    watched.complaints = running.complaints()
    return watched


class Running:
    """A daemon's process, with its folder."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._log = b""
        self._lines = 0

    def memory_mb(self, word: str = "VmRSS") -> float:
        """Resident memory now, or the most ever (VmHWM).

        Raises: RuntimeError with the end of its log when the daemon is gone.
        """
        if self._process.poll() is not None:
            raise RuntimeError(f"the daemon ended: {(self._folder / 'log').read_text()[-2_000:]}")
        return rss_mb(self._process.pid, word)

    def metrics(self) -> str:
        """What it shows at /metrics, waiting for it to listen."""
        url_file = self._folder / "state" / "api.url"
        ends = time.monotonic() + READY_WITHIN
        while not url_file.exists() and time.monotonic() < ends:
            self.memory_mb()
            time.sleep(LOOK)
        url = url_file.read_text().strip().rstrip("/")
        with urllib.request.urlopen(f"{url}/metrics", timeout=READY_WITHIN) as answer:
            return str(answer.read(), "utf-8")

    def note(self, watched: Watched) -> None:
        """Take its counts."""
        messages, slots = Counter[str](), Counter[str]()
        duplicates = events = 0.0
        for family in text_string_to_metric_families(self.metrics()):
            for sample in family.samples:
                match sample.name:
                    case "chain_monitor_messages_total":
                        messages[sample.labels["endpoint"]] += int(sample.value)
                    case "chain_monitor_slots_total" if sample.value:
                        slots[sample.labels["state"]] += int(sample.value)
                    case "chain_monitor_duplicates_total":
                        duplicates += sample.value
                    case "chain_monitor_events_total":
                        events += sample.value
                    case "chain_monitor_slot_coverage_ratio":
                        watched.coverage = sample.value
                    case _:
                        continue
        watched.messages, watched.slots = messages, slots
        watched.peak = self.memory_mb("VmHWM")
        watched.duplicates, watched.events = int(duplicates), int(events)

    def end(self) -> None:
        """Stop it as a service manager does, and keep what is asked for afterwards."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(READY_WITHIN)
        self._log = (self._folder / "log").read_bytes()
        files = self._folder.glob("events.jsonl*")
        self._lines = sum(file.read_bytes().count(b"\n") for file in files)

    def lines(self) -> int:
        """Of the files that were there at the end."""
        return self._lines

    def complaints(self) -> list[str]:
        """Log lines above information, of the daemon that has ended."""
        lines = self._log.decode().splitlines()
        return [line for line in lines if json.loads(line)["level"] not in ("debug", "info")]


@contextmanager
def daemon(load: Load) -> Iterator[Running]:
    """A daemon on servers of its own, ended on leaving."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = [stack.enter_context(replay_server(load)).port for _ in range(FEEDS)]
        file = folder / "config.yaml"
        file.write_text(json.dumps(configuration(folder, ports)))  # JSON is YAML
        command = [sys.executable, "-m", "monitor", "run", "--config", str(file)]
        log = stack.enter_context((folder / "log").open("wb"))
        running = Running(subprocess.Popen(command, stderr=log), folder)
        try:
            running.metrics()
            yield running
        finally:
            running.end()


def configuration(folder: Path, ports: list[int]) -> dict[str, object]:
    """Two monitors on three feeds, released once confirmed."""
    return {
        "state_dir": str(folder / "state"),
        "endpoints": [
            {"name": f"feed{n}", "url": f"http://127.0.0.1:{port}"} for n, port in enumerate(ports)
        ],
        "commitment": {"level": "confirmed"},
        "monitors": [{"name": "a", "transactions": {}}, {"name": "b", "accounts": {}}],
        "sinks": [
            {
                "name": "out",
                "kind": "jsonl",
                "monitors": ["a", "b"],
                "path": str(folder / "events.jsonl"),
                "rotate_mb": FILE_MB,
                "keep": 1,
            }
        ],
        "limits": {"memory_mb": MOST_MB},
        "api": {"listen": "127.0.0.1:0"},
        "log": {"form": "json"},
    }
