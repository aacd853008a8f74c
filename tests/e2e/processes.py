"""The product's own commands as processes: a simulated cluster and a daemon, started and stopped by a test."""

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
_LOCKS: list[IO[str]] = []
"""Files that keep ports from other processes of tests."""


@dataclass(frozen=True)
class Cluster:
    """A running `chain-monitor simulate`."""

    process: subprocess.Popen[str]
    addresses: dict[str, str]

    def fault(self, region: str, *words: str) -> None:
        """What an operator types to break or mend a region."""
        chain_monitor("fault", "--control", self.addresses["control"], region, *words)


@dataclass(frozen=True)
class Daemon:
    """A running `chain-monitor run`."""

    process: subprocess.Popen[str]
    directory: Path

    @property
    def events(self) -> Path:
        return self.directory / "events.jsonl"

    def log(self) -> str:
        return (self.directory / "monitor.log").read_text()

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a path of the API."""
        url = (self.directory / "state" / "api.url").read_text().strip()
        try:
            with urllib.request.urlopen(url + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it and wait for its end."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def chain_monitor(*arguments: str) -> str:
    """Run a command to its end; its output."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def cluster(directory: Path, *options: str, regions: str = "ams,nyc,tyo") -> Iterator[Cluster]:
    """Simulate on free ports; truth goes to `truth.jsonl` in the directory.

    Slots are small, for they are many and processors few. Servers replay all, since a machine that stalls takes many.
    """
    arguments = ["simulate", "--regions", regions, "--ports", "0", "--control", "127.0.0.1:0"]
    arguments += ["--votes", "8", "--transactions", "6", "--replay-slots", "10000"]
    arguments += ["--truth", str(directory / "truth.jsonl"), *options]
    with (directory / "simulator.log").open("w") as log:
        process = _start(arguments, subprocess.PIPE, log)
        try:
            yield Cluster(process, dict(_addresses(process, len(regions.split(",")) + 2)))
        finally:
            _end(process)


@contextmanager
def daemon(directory: Path, configuration: str) -> Iterator[Daemon]:
    """Run the daemon on a configuration; `{dir}` in it stands for the directory."""
    directory.mkdir(exist_ok=True)
    file = directory / "config.yaml"
    file.write_text(configuration.replace("{dir}", str(directory)))
    with (directory / "monitor.log").open("a") as log:
        process = _start(["run", "--config", str(file)], log, log)
        try:
            yield Daemon(process, directory)
        finally:
            _end(process)


@contextmanager
def demo(directory: Path, ports: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the demo at 0.1 s a slot; its control is eight ports above the first, its API nine."""
    arguments = ["demo", "--dir", str(directory), "--ports", str(ports), "--slot-time", "0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", *arguments], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def free_ports() -> int:
    """The first of ten ports in a row that nobody listens on, nor any other test, as long as this process runs."""
    for first in range(21_000, 32_000, 10):
        lock = (Path(tempfile.gettempdir()) / f"chain-monitor-ports-{first}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for port in range(first, first + 10):
                with closing(socket.socket()) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _LOCKS.append(lock)
        return first
    raise AssertionError("no free ports")


def until(what: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + patience
    while not what():
        assert time.monotonic() < deadline, f"waited {patience} s in vain"
        select.select([], [], [], 0.05)


def pause(seconds: float) -> None:
    """Let the processes run on."""
    select.select([], [], [], seconds)


def _start(arguments: Sequence[str], out: IO[str] | int, err: IO[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        text=True,
    )


def _addresses(process: subprocess.Popen[str], count: int) -> Iterator[tuple[str, str]]:
    assert process.stdout is not None
    for _ in range(count):
        line = process.stdout.readline()
        assert line, "the simulator ended before it said its addresses"
        name, address = line.split()
        yield name, address


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
