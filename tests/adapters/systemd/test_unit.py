import os
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[3] / "systemd" / "chain-monitor.service"
PROGRAM = "/opt/chain-monitor/.venv/bin/chain-monitor"


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_waits_for_ready_watches_and_starts_again() -> None:
    unit = settings()

    assert unit["Type"] == ["notify"]
    assert unit["WatchdogSec"] == ["30"]
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == ["2 78"]
    assert unit["StateDirectory"] == ["chain-monitor"]
    assert unit["ExecStart"] == [f"{PROGRAM} run --config /etc/chain-monitor/config.yaml"]


def test_systemd_finds_nothing_to_blame(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not here")
    copy = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace(PROGRAM, shutil.which("true") or "/bin/true")
    copy.write_text(text, encoding="utf-8")
    verified = subprocess.run(
        [analyze, "verify", str(copy)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )

    complaints = [line for line in verified.stderr.splitlines() if UNIT.name in line]
    assert (verified.returncode, complaints) == (0, [])
