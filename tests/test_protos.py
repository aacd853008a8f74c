"""The generated code is what the protos give: nobody edited it, nobody forgot to generate it."""

import filecmp
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMITTED = ROOT / "monitor" / "wire" / "pb"


def sources(directory: Path) -> set[str]:
    """Names of the Python files and stubs of a folder."""
    return {path.name for path in directory.iterdir() if path.suffix in (".py", ".pyi")}


@pytest.mark.real_time
def test_generating_again_changes_nothing(tmp_path: Path) -> None:
    subprocess.run(
        [ROOT / "scripts" / "protos", tmp_path],
        env={**os.environ, "PYTHON": sys.executable},
        check=True,
        capture_output=True,
    )
    assert sources(tmp_path) == sources(COMMITTED)
    same, changed, failed = filecmp.cmpfiles(tmp_path, COMMITTED, sources(tmp_path), shallow=False)
    assert (changed, failed) == ([], [])
    assert len(same) == len(sources(COMMITTED))
