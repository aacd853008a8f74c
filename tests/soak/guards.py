"""Lines that a contract hangs on, from tests/guards.toml: each is taken away, and its test must fail."""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "tests" / "guards.toml"
PATIENCE: Final = 120.0
"""Seconds that a test may run on; one that hangs for want of its line has noticed."""


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


def read(file: Path = FILE) -> list[Guard]:
    """All guards in the order of the file."""
    with file.open("rb") as document:
        return [Guard(**entry) for entry in tomllib.load(document)["guard"]]


def chosen(text: str) -> list[Guard]:
    """Those whose file or test contains this text."""
    return [guard for guard in read() if text in f"{guard.file} {guard.test}"]


def unnoticed(guards: Sequence[Guard]) -> list[str]:
    """A line for each guard whose test passes without it, or does not pass with it."""
    found = []
    with copy_of_repository() as copy:
        for test in dict.fromkeys(guard.test for guard in guards):
            if run_test(copy, test) != 0:
                found.append(f"{test} does not pass as it is")
        for number, guard in enumerate(guards, 1):
            code = run_without(copy, guard)
            line = f"{guard.file}: {' '.join(guard.text.split())}"
            print(f"{number:3} {'noticed' if code == 1 else f'STATUS {code}'}  {line}", flush=True)
            if code != 1:
                found.append(f"{line} is not missed by {guard.test} (pytest status {code})")
    return found


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
    """The status of pytest: 0 passed, 1 failed, others mean that it could not be run. A hang is 1."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:randomly"]
    command += ["-p", "no:cacheprovider", test]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return 1
    return done.returncode


@contextmanager
def copy_of_repository() -> Iterator[Path]:
    """Tracked files, as they are now, in a folder of their own, with the environment and what it reads linked."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "repository"
        for name in listed.stdout.decode().rstrip("\0").split("\0"):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        (copy / ".venv").symlink_to(ROOT / ".venv")
        if (ROOT.parent / "shared").is_dir():
            (copy.parent / "shared").symlink_to(ROOT.parent / "shared")
        yield copy
