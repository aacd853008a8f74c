"""The demo: a simulated cluster of three regions and the daemon on it, as two child processes.

It makes everything anew in its folder, says where things are, and hands a signal on to both children.
"""

import ctypes
import errno
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, TextIO

REGIONS: Final = (("ams", "europe", "one"), ("nyc", "us", "two"), ("tyo", "asia", "three"))
USUAL_PORT: Final = 10000
TRUTH_MAX_MB: Final = 128
STOP_SECONDS: Final = 2.5
"""How long children may take to stop before they are killed."""
LOOK_SECONDS: Final = 0.05

_LIBC: Final = ctypes.CDLL(None)
_PR_SET_PDEATHSIG: Final = 1
"""prctl(2)."""
_MADE: Final = ("events*.jsonl", "truth.jsonl*", "monitor.log", "simulator.log", "config.yaml")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the demo's parts are: its folder and its ports."""

    directory: Path
    first_port: int
    control: str
    api: str

    @classmethod
    def of(cls, directory: Path, first_port: int) -> "Places":
        """The ports that the documents name; with another first port, all of them next to it."""
        if first_port == USUAL_PORT:
            return cls(directory.resolve(), first_port, "127.0.0.1:9999", "127.0.0.1:3002")
        near = f"127.0.0.1:{first_port + 8}", f"127.0.0.1:{first_port + 9}"
        return cls(directory.resolve(), first_port, *near)

    def ports(self) -> list[int]:
        """Every port that the demo listens on: the regions, JSON-RPC, control and the API."""
        named = [int(address.rpartition(":")[2]) for address in (self.control, self.api)]
        return [*range(self.first_port, self.first_port + len(REGIONS) + 1), *named]


@dataclass(frozen=True, slots=True)
class Child:
    """One process of the demo and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def run_demo(
    directory: Path,
    slot_time: float,
    first_port: int = USUAL_PORT,
    out: TextIO = sys.stdout,
    err: TextIO = sys.stderr,
) -> int:
    """Run until a signal comes or a child ends. Returns 0 after a signal, 1 when refused or a child failed."""
    places = Places.of(directory, first_port)
    trouble = _make_folder(places.directory)
    if trouble is not None:
        err.write(f"{places.directory}: {trouble}; choose another folder with --dir\n")
        return 1
    with _owned(places.directory) as is_ours:
        if not is_ours:
            err.write(
                f"a demo is running in {places.directory}; stop it, or start this one elsewhere: "
                "scripts/run demo --ports 20000 --dir .demo2\n"
            )
            return 1
        busy = _busy(places.ports())
        if busy:
            verb = "is" if len(busy) == 1 else "are"
            err.write(
                f"port {', '.join(map(str, busy))} {verb} taken; stop what listens there, "
                "or choose others: scripts/run demo --ports 20000\n"
            )
            return 1
        return _run(places, slot_time, out, err)


def _run(places: Places, slot_time: float, out: TextIO, err: TextIO) -> int:
    _prepare(places)
    stop = _Stop()
    children = [_simulator(places, slot_time), _daemon(places)]
    out.write(_where(places))
    out.flush()
    failed = _watch(children, places.directory / "events.jsonl", stop, out)
    _end(children)
    if failed is not None:
        code = failed.process.returncode
        err.write(f"the {failed.name} ended with status {code}; see {failed.log}\n")
        return 1
    out.write("stopped\n")
    return 0


class _Stop:
    """Remembers that a signal to stop came."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def configuration_text(places: Places) -> str:
    """The demo's configuration, fit to be read and changed by a newcomer."""
    directory = places.directory
    endpoints = "".join(
        f'  - {{name: {name}, url: "http://127.0.0.1:{places.first_port + i}", '
        f"region: {region}, provider: {provider}, priority: {i + 1}}}\n"
        for i, (name, region, provider) in enumerate(REGIONS)
    )
    return f"""\
# Written by the demo at every start. Copy it to begin a configuration of your own.
profile: balanced
state_dir: {_quoted(directory / "state")}
endpoints:
{endpoints}rpc:
  - {{name: rpc1, url: "http://127.0.0.1:{places.first_port + len(REGIONS)}"}}   # what no region brought is fetched there
commitment: {{strategy: fixed, level: confirmed}}
monitors:
  - name: payments                  # every transaction that is no vote and did not fail
    transactions: {{vote: false, failed: false}}
  - name: tokens                    # every write to an account of the SPL token program, with the amount alone
    accounts: {{owner: [TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA]}}
    every_write: true
    data_slices: [{{offset: 64, length: 8}}]
  - {{name: chain, slots: {{}}, blocks_meta: {{}}}}
sinks:
  - {{name: file, kind: jsonl, monitors: [payments, tokens, chain], path: {_quoted(directory / "events.jsonl")}, rotate_mb: 128, keep: 4}}
api: {{listen: "{places.api}"}}
"""


def _quoted(path: Path) -> str:
    """The path as our YAML, whatever is in it: every JSON string is one of YAML's, and `$${` is a plain `${`."""
    return json.dumps(str(path), ensure_ascii=False).replace("${", "$${")


def _make_folder(directory: Path) -> str | None:
    """Make it where it is missing; returns why it cannot be written to, if so."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return error.strerror
    usable = os.access(directory, os.R_OK | os.W_OK | os.X_OK)
    return None if usable else os.strerror(errno.EACCES)


@contextmanager
def _owned(directory: Path) -> Iterator[bool]:
    """Whether the folder is ours while the block runs. The lock is on the folder, so no file tells of it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = True
    except BlockingIOError:
        is_ours = False
    try:
        yield is_ours
    finally:
        os.close(descriptor)


def _prepare(places: Places) -> None:
    directory = places.directory
    for pattern in _MADE:
        for old in directory.glob(pattern):
            old.unlink()
    shutil.rmtree(directory / "state", ignore_errors=True)
    (directory / "config.yaml").write_text(configuration_text(places))


def _simulator(places: Places, slot_time: float) -> Child:
    directory = places.directory
    names = ",".join(name for name, _, _ in REGIONS)
    arguments = ["simulate", "--regions", names, "--slot-time", str(slot_time)]
    arguments += ["--ports", str(places.first_port), "--control", places.control]
    arguments += ["--truth", str(directory / "truth.jsonl"), "--truth-max-mb", str(TRUTH_MAX_MB)]
    return _child("simulator", arguments, directory / "simulator.log")


def _daemon(places: Places) -> Child:
    directory = places.directory
    arguments = ["run", "--config", str(directory / "config.yaml")]
    return _child("daemon", arguments, directory / "monitor.log")


def _child(name: str, arguments: Sequence[str], log: Path) -> Child:
    """A session of its own, so that Ctrl-C reaches it through us and once."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
    return Child(name, process, log)


def _end_with_parent() -> None:
    """In the child: ask Linux for SIGTERM when the demo itself is killed, so that no child outlives it."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _where(places: Places) -> str:
    directory = places.directory
    ports = ", ".join(f"{name} :{places.first_port + i}" for i, (name, _, _) in enumerate(REGIONS))
    usual = places.first_port == USUAL_PORT
    control = "" if usual else f" --control {places.control}"
    api = "" if usual else f" --api {places.api}"
    return f"""\
Three simulated regions ({ports}) and the daemon that joins them.
  events   {directory / "events.jsonl"}
  truth    {directory / "truth.jsonl"}
  config   {directory / "config.yaml"}
  logs     {directory / "monitor.log"}, {directory / "simulator.log"}
  metrics  http://{places.api}/metrics   ready: http://{places.api}/readyz
See how it does: scripts/run status{api}     what became of each slot, and the proof: scripts/run slots{api}
What is fetched elsewhere, and from where:  scripts/run recovery{api} --watch
Drain each region in turn, and see what that costs:  scripts/run drill --state-dir {directory / "state"}
Break a region:  scripts/run fault{control} nyc kill     mend it:  scripts/run fault{control} nyc heal
Ctrl-C ends it.
"""


def _watch(children: Sequence[Child], events: Path, stop: _Stop, out: TextIO) -> Child | None:
    """Wait for a signal (None) or for a child's end (that child); says once when events come."""
    flowing = False
    while not stop.asked:
        for child in children:
            if child.process.poll() is not None:
                return child
        if not flowing and events.exists() and events.stat().st_size > 0:
            flowing = True
            out.write("events are being written\n")
            out.flush()
        time.sleep(LOOK_SECONDS)
    return None


def _end(children: Sequence[Child]) -> None:
    """The daemon first, so that it does not see its regions go."""
    for child in reversed(children):
        with suppress(ProcessLookupError):
            child.process.terminate()
    for child in children:
        try:
            child.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def _busy(ports: Sequence[int]) -> list[int]:
    """Those that something listens on."""
    busy = []
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                busy.append(port)
    return busy
