"""The demo as a newcomer starts and ends it: real processes, real signals."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.expected import stream
from tests.e2e.processes import ROOT, chain_monitor, demo, free_ports, until
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in tasks.split()]


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_events_flow_a_region_breaks_and_a_signal_ends_it_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    ports = free_ports()
    events = tmp_path / "events.jsonl"
    with demo(tmp_path, ports) as process:
        until(lambda: _lines(events) > 100)
        children = _children(process.pid)
        assert len(children) == 2
        chain_monitor("fault", "--control", f"127.0.0.1:{ports + 8}", "nyc", "kill")
        before = _lines(events)
        until(lambda: _lines(events) > before + 200)
        with urllib.request.urlopen(
            f"http://127.0.0.1:{ports + 9}/readyz", timeout=PATIENCE
        ) as answer:
            assert json.load(answer) == {"ready": True, "reasons": []}
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
        assert not any(os.path.exists(f"/proc/{child}") for child in children)
    assert events.read_bytes().endswith(b"\n")
    slots = [event["slot"] for event in stream(tmp_path)]
    assert max(slots) > min(slots)
    assert "the daemon stopped" in (tmp_path / "monitor.log").read_text()


def test_a_killed_demo_leaves_no_child(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    with demo(tmp_path, free_ports()) as process:
        until(lambda: _lines(events) > 0)
        children = _children(process.pid)
        process.kill()
        process.wait(PATIENCE)
        until(lambda: not any(os.path.exists(f"/proc/{child}") for child in children))


def test_a_second_demo_on_the_same_ports_says_so(tmp_path: Path) -> None:
    ports = free_ports()
    with closing(socket.create_server(("127.0.0.1", ports + 1))):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "monitor",
                "demo",
                "--dir",
                str(tmp_path),
                "--ports",
                str(ports),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {ports + 1} is taken" in done.stderr
