"""RESULTS.md: one line for each soak that was run, oldest first."""

import subprocess
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
ROOT: Final = Path(__file__).resolve().parents[2]

_HEADING: Final = """\
# Soaks

Every line is one `scripts/soak NAME` at full count, appended by it. `--seed` with the seed repeats it.

| date (UTC) | commit | soak | seed | size | result | seconds |
|---|---|---|---|---|---|---:|
"""


@dataclass(frozen=True)
class Line:
    """One run of one soak."""

    date: str
    commit: str
    name: str
    seed: str
    size: str
    result: str
    seconds: str


def append(
    name: str, seed: int | None, size: str, result: str, seconds: float, file: Path = RESULTS
) -> None:
    """Add the line of a run that ended now."""
    if not file.exists():
        file.write_text(_HEADING)
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    shown = "" if seed is None else str(seed)
    line = Line(date, commit(), name, shown, size, result.replace("|", "/"), f"{seconds:.0f}")
    with file.open("a") as results:
        results.write("| " + " | ".join(astuple(line)) + " |\n")


def commit() -> str:
    """The short hash of the commit that is checked out, with `+` where tracked files differ from it."""
    hash_ = _git("rev-parse", "--short", "HEAD")
    return hash_ + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
