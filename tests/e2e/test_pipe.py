"""The daemon in a pipe: when the program behind it leaves, it ends at once and says why."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, cluster
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time

CONFIGURATION = """\
endpoints: [{name: ams, url: "AMS"}]
state_dir: state
commitment: {strategy: fixed, level: processed}
monitors: [{name: all, transactions: {}}]
sinks:
  - {name: pipe, kind: stdout, monitors: [all]}
  - {name: file, kind: jsonl, monitors: [all], path: events.jsonl}
api: {listen: "127.0.0.1:0"}
"""


def test_a_daemon_whose_reader_left_ends_with_1_and_its_file_whole(tmp_path: Path) -> None:
    with cluster(tmp_path, "--slot-time", "0.1", regions="ams") as simulated:
        file = tmp_path / "config.yaml"
        file.write_text(CONFIGURATION.replace("AMS", simulated.addresses["ams"]))
        with subprocess.Popen(
            [sys.executable, "-m", "monitor", "run", "--config", str(file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as daemon:
            assert daemon.stdout is not None
            assert daemon.stderr is not None
            read = [daemon.stdout.readline() for _ in range(20)]
            daemon.stdout.close()
            said = daemon.stderr.read().decode().splitlines()
            assert daemon.wait(PATIENCE) == 1
    assert said[-1] == "standard output: its reader has left, so the daemon ended; start both again"
    assert "the daemon stopped" in said[-2]
    written = (tmp_path / "events.jsonl").read_bytes()
    assert written.startswith(b"".join(read))
    assert written.endswith(b"\n")
