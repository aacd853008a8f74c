"""Readers against the replay server: each run in processes of its own, all runs interleaved, medians kept."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from tests.bench.window import PACED_WARM_UP, Figures

CORES: Final = sorted(os.sched_getaffinity(0))
SERVER_CORE: Final = CORES[0]
READER_CORE: Final = CORES[-1]
"""On another core than the server, where there are two."""
TRIES: Final = 3
"""Of a run in which the reader never ended: grpc.aio hangs in one of some fifty runs with whole blocks."""
GRACE: Final = 30.0
"""Seconds that a reader may take beyond its window, for starting and ending."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to read: a module with the command line of `tests.bench.peers.reading`."""

    name: str
    module: str
    pinned: bool = False
    arguments: tuple[str, ...] = ()
    feeds: int = 1
    """Replay servers that it reads at once; all send the same stream."""

    @property
    def core(self) -> int | None:
        """Where it is pinned."""
        return READER_CORE if self.pinned else None


@dataclass(frozen=True, slots=True)
class Load:
    """What the servers send in a run, and so what readers have to do."""

    rate: float | None = None
    """Messages a second of each server; None: as fast as they are taken."""
    burst: int = 1
    """So many of them leave at once."""
    blocks: bool = False
    """Whole blocks instead of the mix."""
    messages: int | None = None
    """Read so many messages of each server, in place of so many seconds."""

    def server_options(self) -> list[str]:
        """For the command line of the replay server."""
        options = [] if self.rate is None else ["--rate", str(self.rate)]
        options += [] if self.messages is None else ["--messages", str(self.messages)]
        return options if self.burst == 1 else [*options, "--burst", str(self.burst)]

    def reader_options(self) -> list[str]:
        """For the command line of `tests.bench.peers.reading`."""
        options = [] if self.rate is None else ["--delays"]
        options += [] if self.messages is None else ["--messages", str(self.messages)]
        return [*options, "--blocks"] if self.blocks else options


SATURATED: Final = Load()


@dataclass(frozen=True, slots=True)
class Server:
    """A running replay server, as its first line described it."""

    port: int
    source: str
    message_bytes: float


@contextmanager
def replay_server(load: Load = SATURATED, *, core: int | None = None) -> Iterator[Server]:
    """A replay server in its own process, ended on leaving."""
    command = [sys.executable, "-m", "tests.bench.replay_server", *load.server_options()]
    if core is not None:
        command += ["--core", str(core)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield Server(**ready)
        finally:
            process.terminate()


def run_once(contender: Contender, seconds: float, load: Load = SATURATED) -> Figures:
    """One contender alone with servers of its own. Raises CalledProcessError when it fails."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(replay_server(load, core=SERVER_CORE if contender.pinned else None))
            for _ in range(contender.feeds)
        ]
        command = [sys.executable, "-m", contender.module]
        command += ["--port", *(str(server.port) for server in servers)]
        command += ["--seconds", str(seconds), *contender.arguments, *load.reader_options()]
        if contender.core is not None:
            command += ["--core", str(contender.core)]
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=seconds + PACED_WARM_UP + GRACE,
        )
        return Figures(**json.loads(done.stdout.splitlines()[-1]))


def interleaved(
    contenders: Sequence[Contender], runs: int, seconds: float, load: Load = SATURATED
) -> dict[str, list[Figures]]:
    """So many rounds in which each contender runs once; figures by contender's name."""
    found: dict[str, list[Figures]] = {each.name: [] for each in contenders}
    for round_ in range(runs):
        for each in contenders:
            figures = run_until_ended(each, seconds, load)
            found[each.name].append(figures)
            print(f"{round_ + 1}/{runs} {each.name}: {brief(figures)}", file=sys.stderr, flush=True)
    return found


def run_until_ended(contender: Contender, seconds: float, load: Load) -> Figures:
    """As `run_once`, again when the reader hung, and telling so. Raises TimeoutExpired when it hangs each time."""
    for _ in range(TRIES - 1):
        try:
            return run_once(contender, seconds, load)
        except subprocess.TimeoutExpired:
            print(f"{contender.name} hung; it is run again", file=sys.stderr, flush=True)
    return run_once(contender, seconds, load)


def brief(figures: Figures) -> str:
    """One run in a line, for who waits."""
    delays = " ".join(f"{name} {value:,.0f}" for name, value in figures.delays_us.items())
    return f"{figures.rate:,.0f}/s {figures.cpu_us:.1f} us {figures.rss_mb:.0f} MB {delays}"


def middle(runs: Sequence[Figures]) -> Figures:
    """The medians of runs, figure by figure; its messages are those of one second."""
    rate = median(each.rate for each in runs)
    return Figures(
        messages=round(rate),
        seconds=1.0,
        cpu_seconds=median(each.cpu_us for each in runs) * rate / 1e6,
        rss_mb=median(each.rss_mb for each in runs),
        peak_mb=median(each.peak_mb for each in runs),
        delays_us={
            name: median(each.delays_us[name] for each in runs) for name in runs[0].delays_us
        },
    )


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next((line.split(":")[1].strip() for line in file if "model name" in line), "?")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "kernel": os.uname().release,
        "python": sys.version.split()[0],
    }
