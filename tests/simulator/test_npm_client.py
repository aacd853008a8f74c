"""The official Node client against the simulator: every filter kind, every kind of update, pong and replay."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from monitor.simulator.cluster import Cluster
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from tests.patience import PATIENCE
from tests.simulator.yellowstone_client import connected, request

PROJECT = Path(__file__).parent / "npm"
CLOCK = "SysvarC1ock11111111111111111111111111111111"
TOKEN = "secret"

pytestmark = pytest.mark.real_time


def run(*command: str, folder: Path) -> str:
    """What the command prints; its complaints are in the failure."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the client of the exact version that package.json names."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"CI has to have {' and '.join(missing)}")
    if missing:
        pytest.skip(f"{' and '.join(missing)} not found; the official client is a Node package")
    for name in ("package.json", "client.mjs"):
        shutil.copy(PROJECT / name, tmp_path)
    run(
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--omit-lockfile-registry-resolved",
        folder=tmp_path,
    )
    return tmp_path


def told_by_the_client(installed: Path) -> dict[str, Any]:
    """Run it against a cluster that already holds some finalized slots."""
    options = SimulateOptions(
        ports=0,
        control="127.0.0.1:0",
        slot_time=0.05,
        regions=("ams",),
        token=TOKEN,
        server=RegionSettings(replay_stored_slots=2000),  # the client may start slowly
    )
    with Cluster(options) as cluster:
        url, first_slot = cluster.endpoints["ams"], cluster.chain.first_slot
        with connected(url, x_token=TOKEN) as client:
            client.send(request("slots"))
            client.first(lambda update: update.slot.status == 2 and update.slot.slot > first_slot)
        told: dict[str, Any] = json.loads(
            run("node", "client.mjs", url, TOKEN, CLOCK, folder=installed)
        )
    return told


def test_the_official_client_gets_everything(installed: Path) -> None:
    told = told_by_the_client(installed)

    everything, replay = told["everything"], told["replay"]
    assert everything["names"] == ["all", "cuckoo", "failed", "one", "sized", "votes"]
    assert all(everything["counts"].values())
    assert everything["counts"]["pongId"] == 7
    assert "legacy" in everything["versions"]
    assert set(everything["versions"]) & {0, 1}
    assert told["pong"] == 3
    assert told["version"]["extra"]["hostname"] == "ams"
    assert int(told["blockhash"]["slot"]) <= replay["tip"]
    assert told["height"] > 0
    slots = replay["slots"]
    assert slots == sorted(set(slots))
    assert replay["firstAvailable"] == slots[0] < replay["tip"] < slots[-1]
    assert "failed to open subscribe stream" in told["refusal"]
