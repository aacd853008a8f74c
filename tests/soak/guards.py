"""Lines that a contract hangs on, from tests/guards.toml: each is taken away, and its test must fail."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Final
from xml.etree import ElementTree

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "tests" / "guards.toml"
PATIENCE: Final = 120.0
"""Seconds that a test may run on; one that hangs for want of its line has noticed."""
JOBS: Final = 2
"""Guards that are tried at once, each in a copy of its own."""
PASSED: Final = 0
FAILED: Final = 1
"""Of pytest, as the one above; others mean that it could not be run."""
HUNG: Final = -1
"""In place of a status: it was ended after PATIENCE."""
_WORDS: Final = {FAILED: "noticed", HUNG: "noticed by a hang"}


@dataclass(frozen=True)
class Guard:
    """One line (or a few) and the test that notices its loss."""

    test: str
    """As pytest names it: file::function."""
    file: str
    text: str
    """Source text that occurs in the file exactly once."""
    instead: str
    """What it becomes: something harmless that compiles."""
    why: str

    @property
    def line(self) -> str:
        """Its place, in one line."""
        return f"{self.file}: {' '.join(self.text.split())}"


@dataclass(frozen=True)
class Outcome:
    """What taking lines away came to."""

    failures: list[str]
    """A line for each guard whose test passes without it, and for each test that does not pass with it."""
    hung: int
    """Guards whose test hangs without them. That counts as noticed."""


def read(file: Path = FILE) -> list[Guard]:
    """All guards in the order of the file."""
    with file.open("rb") as document:
        return [Guard(**entry) for entry in tomllib.load(document)["guard"]]


def chosen(text: str) -> list[Guard]:
    """Those whose file or test contains this text."""
    return [guard for guard in read() if text in f"{guard.file} {guard.test}"]


def try_all(guards: Sequence[Guard], jobs: int = JOBS, root: Path = ROOT) -> Outcome:
    """All tests as they are, in one run; then each guard is taken away, so many at once."""
    tests = list(dict.fromkeys(guard.test for guard in guards))
    with ExitStack() as stack:
        copies = [stack.enter_context(copy_of_repository(root)) for _ in range(jobs)]
        print(f"{len(tests)} tests as they are, in one run", flush=True)
        passed = passing(copies[0], tests)
        print(f"{len(passed)} of {len(tests)} pass", flush=True)
        alone = [
            test for test in tests if test not in passed and run_test(copies[0], test) != PASSED
        ]
        failures = [f"{test} does not pass as it is" for test in alone]
        statuses = _without_each(guards, copies)
    failures += [
        f"{guard.line} is not missed by {guard.test} (pytest status {status})"
        for guard, status in zip(guards, statuses, strict=True)
        if status not in _WORDS
    ]
    return Outcome(failures, statuses.count(HUNG))


def _without_each(guards: Sequence[Guard], copies: Sequence[Path]) -> list[int]:
    """The status of each guard's test without it, as many at once as there are copies; told as it comes."""
    done, telling = count(1), Lock()
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def attempt(guard: Guard) -> int:
        copy = free.get()
        try:
            status = run_without(copy, guard)
        finally:
            free.put(copy)
        with telling:
            word = _WORDS.get(status, f"STATUS {status}")
            print(f"{next(done):4} of {len(guards)}  {word}  {guard.line}", flush=True)
        return status

    with ThreadPoolExecutor(len(copies)) as pool:
        tries = [pool.submit(attempt, guard) for guard in guards]
        try:
            return [each.result() for each in tries]
        finally:  # after an interrupt, what has not begun never does
            pool.shutdown(cancel_futures=True)


def run_without(root: Path, guard: Guard) -> int:
    """The status of the guard's test while its text is replaced; the file is as it was afterwards."""
    file = root / guard.file
    whole = file.read_text()
    file.write_text(whole.replace(guard.text, guard.instead))
    try:
        return run_test(root, guard.test)
    finally:
        file.write_text(whole)


def run_test(root: Path, test: str) -> int:
    """The status of pytest, or HUNG."""
    return _run(root, PATIENCE, "-x", test)


def passing(root: Path, tests: Sequence[str]) -> set[str]:
    """Those of the tests that pass when all are run together; none where the run itself could not be."""
    report = root / "passing.xml"
    _run(root, None, f"--junit-xml={report}", *tests)
    if not report.is_file():
        return set()
    by_test: dict[str, list[bool]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.attrib["classname"].replace(".", "/") + ".py"
        name = case.attrib["name"].partition("[")[0]
        is_bad = any(case.find(word) is not None for word in ("failure", "error", "skipped"))
        by_test.setdefault(f"{file}::{name}", []).append(not is_bad)
    return {test for test in tests if by_test.get(test) and all(by_test[test])}


def _run(root: Path, seconds: float | None, *words: str) -> int:
    """The status of pytest in this folder, or HUNG: then everything that it started is ended too."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:randomly"]
    command += ["-p", "no:cacheprovider", *words]
    with subprocess.Popen(
        command,
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    ) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return HUNG
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def copy_of_repository(root: Path = ROOT) -> Iterator[Path]:
    """Tracked files, as they are now, in a folder of their own, with the environment and what it reads linked."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "repository"
        for name in listed.stdout.decode().rstrip("\0").split("\0"):
            if (root / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, copy / name)
        (copy / ".venv").symlink_to(ROOT / ".venv")
        if (ROOT.parent / "shared").is_dir():
            (copy.parent / "shared").symlink_to(ROOT.parent / "shared")
        yield copy
