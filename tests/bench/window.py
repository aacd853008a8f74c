"""What every reader measures in its own process: messages, time, processor time, memory, delay."""

import os
import resource
import time
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

NS: Final = 1_000_000_000
WARM_UP: Final = 1.0
"""Seconds before the window: connections, flow-control windows and caches settle."""
PACED_WARM_UP: Final = 3.0
"""The same where delays are taken: what piled up while a client started has to be read before."""
STEP: Final = 64
"""Messages between two looks at the clock, where messages are small."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One run of one reader."""

    messages: int
    seconds: float
    cpu_seconds: float
    """User and system, of all threads and child processes."""
    rss_mb: float
    delays_us: dict[str, float]
    """p50, p99 and max from `created_at`, by the place where they were taken; empty when saturated."""
    peak_mb: float = 0.0
    """The most resident memory that the process ever had."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Messages by kind since the stream began; only from a reader that was to read so many."""

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_us(self) -> float:
        """Processor microseconds a message."""
        return self.cpu_seconds / max(self.messages, 1) * 1e6

    def as_json(self) -> dict[str, Any]:
        """For the line that a reader prints."""
        return asdict(self)


class Window:
    """The measured part of a run. A reader calls `is_over` each `step` messages, with those it has seen.

    With a `limit` all is measured, from the first message to that one.
    """

    def __init__(
        self, seconds: float, warm_up: float = WARM_UP, limit: int | None = None, step: int = STEP
    ) -> None:
        self._opens_ns = time.monotonic_ns() + int(warm_up * NS)
        self.warm_up = warm_up
        self.seconds = seconds
        self.limit = limit
        self.step = step if limit is None else 1
        self._began: tuple[int, int, float] | None = None
        if limit is not None:
            self.begin(0)

    @property
    def is_open(self) -> bool:
        """Whether messages count now."""
        return self._began is not None

    def is_over(self, messages: int) -> bool:
        """Open the window when it is time; true once it is full."""
        if self.limit is not None:
            return messages >= self.limit
        now_ns = time.monotonic_ns()
        if self._began is None:
            if now_ns >= self._opens_ns:
                self.begin(messages)
            return False
        return now_ns - self._began[0] >= self.seconds * NS

    def begin(self, messages: int) -> None:
        """Open the window now."""
        self._began = (time.monotonic_ns(), messages, cpu_seconds())

    def figures(self, messages: int, **delays: Sequence[int]) -> Figures:
        """Close the window. `delays` are nanoseconds, under the name of the place where they were taken."""
        assert self._began is not None
        began_ns, before, cpu = self._began
        return Figures(
            messages=messages - before,
            seconds=(time.monotonic_ns() - began_ns) / NS,
            cpu_seconds=cpu_seconds() - cpu,
            rss_mb=rss_mb() + sum(map(rss_mb, _children())),
            peak_mb=rss_mb(word="VmHWM"),
            delays_us={
                f"{place}_{word}": value
                for place, taken in delays.items()
                for word, value in spread_us(taken).items()
            },
        )


def cpu_seconds() -> float:
    """User and system time of this process, all its threads, and the processes that it started."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime + sum(map(_cpu_seconds_of, _children()))


def _children() -> list[str]:
    """Process ids of those that run."""
    found = Path("/proc/self/task").glob("*/children")
    return [child for each in found for child in each.read_text().split()]


def _cpu_seconds_of(pid: str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int | str = "self", word: str = "VmRSS") -> float:
    """Resident memory of a process; with the word VmHWM the most that it ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{word}:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(f"process {pid} has no memory")


def spread_us(delays_ns: Sequence[int]) -> dict[str, float]:
    """Median, 99th percentile and greatest of some delays; nothing of none."""
    if not delays_ns:
        return {}
    ordered = sorted(delays_ns)
    last = len(ordered) - 1
    return {
        "p50": ordered[last // 2] / 1000,
        "p99": ordered[last * 99 // 100] / 1000,
        "max": ordered[last] / 1000,
    }


def delays() -> "array[int]":
    """An empty run of nanosecond delays, eight bytes each."""
    return array("q")


def pin(core: int | None) -> None:
    """Keep this process, and the threads that it will start, on one core."""
    if core is not None:
        os.sched_setaffinity(0, {core})
