"""Endpoints drained, promoted, probed and drilled by command on a daemon that runs: the file equals the truth."""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.expected import expected, records, stream
from tests.e2e.processes import ROOT, Daemon, chain_monitor, cluster, daemon, until
from tests.e2e.test_three_regions import FIRST, REGIONS, SLOT_TIME, configured, highest_slot
from tests.patience import PATIENCE
from tests.scenarios.test_three_regions import WANTS

pytestmark = pytest.mark.real_time

BEGUN = 20
"""Slots until everything is under way."""
CLUSTER = ("--slot-time", str(SLOT_TIME), "--start-when", "3")


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """A command, run to its end, whatever that is."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )


def state(running: Daemon) -> tuple[str, str]:
    """What says which daemon is meant."""
    return "--state-dir", str(running.directory / "state")


def endpoint(running: Daemon, name: str) -> dict[str, Any]:
    """What the daemon tells of it."""
    told = json.loads(running.get("/api/v1/performance/endpoints")[1])["endpoints"]
    (found,) = [each for each in told if each["endpoint"] == name]
    return dict(found)


def is_under_way(running: Daemon, hot: int = len(REGIONS)) -> bool:
    """Whether so many endpoints bring whole slots, and all are open."""
    if highest_slot(running) < FIRST + BEGUN:
        return False
    told = [endpoint(running, name) for name in REGIONS]
    has_place = [each["role"] == "hot" and each["covered"] >= 2 for each in told]
    return sum(has_place) == hot and all(each["open"] for each in told)


@pytest.mark.parametrize(
    ("failover", "hot"), [("{}", 3), ("{hot: 2}", 2), ("{strategy: standby}", 1)]
)
def test_a_drill_costs_no_event_and_makes_no_duplicate(
    tmp_path: Path, failover: str, hot: int
) -> None:
    with cluster(tmp_path, *CLUSTER) as regions:
        configuration = f"{configured(regions)}failover: {failover}\n"
        with daemon(tmp_path / "daemon", configuration) as running:
            until(lambda: is_under_way(running, hot))
            done = command("drill", *state(running), "--window", "1", "--json")
            last = highest_slot(running)
            until(lambda: highest_slot(running) >= last + 40)
            assert running.stop() == 0
        truth = tmp_path / "truth.jsonl"
        until(lambda: f'"id":"{last}:slot:finalized"'.encode() in truth.read_bytes())
    assert (done.returncode, done.stderr) == (0, "")
    costs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({cost["endpoint"] for cost in costs} & set(REGIONS)) == len(costs) == hot
    for cost in costs:
        assert (cost["clean"], cost["fault"], cost["lost_slots"], cost["duplicates"]) == (
            *(True, None, 0),
            0,
        )
        assert cost["slots"] > 0
        assert cost["records"] > 0
        assert cost["handed_over_ms"] is not None
        assert (cost["successor"] is None) == (hot == len(REGIONS))
        assert cost["added_ms"] is not None
    slots = range(FIRST, last)
    events = [event for event in stream(running.directory) if event["slot"] in slots]
    ids = Counter(event["id"] for event in events)
    assert [key for key, count in ids.items() if count > 1] == []
    assert set(ids) == set(expected(records(truth), WANTS, slots))


def test_an_endpoint_is_drained_promoted_and_probed_by_command(tmp_path: Path) -> None:
    with (
        cluster(tmp_path, *CLUSTER) as regions,
        daemon(tmp_path / "daemon", configured(regions)) as running,
    ):
        until(lambda: is_under_way(running))
        drained = chain_monitor("endpoints", "drain", "nyc", *state(running))
        until(lambda: endpoint(running, "nyc")["role"] == "off")
        told = endpoint(running, "nyc")
        before = highest_slot(running)
        until(lambda: highest_slot(running) > before + 5)
        shown = chain_monitor("endpoints", "--why", *state(running))
        chain_monitor("endpoints", "drain", "ams", *state(running))
        last_one = command("endpoints", "drain", "tyo", *state(running), "--json")
        chain_monitor("endpoints", "promote", "nyc", *state(running))
        until(lambda: endpoint(running, "nyc")["covered"] >= 2)
        back = endpoint(running, "nyc")
        probed = json.loads(chain_monitor("endpoints", "probe", "nyc", *state(running), "--json"))
        nobody = command("endpoints", "drain", "lon", *state(running))
    assert drained.splitlines()[0] == "nyc is drained, until it is promoted or released"
    assert (told["drained"], told["open"]) == (True, False)
    assert "decided: drained nyc: an operator asked for it" in shown
    assert (last_one.returncode, json.loads(last_one.stdout)["outcome"]) == (1, "kept")
    assert (back["drained"], back["role"], back["open"]) == (False, "hot", True)
    assert (probed["outcome"], probed["profile"]["has_replay"]) == ("probed", True)
    assert (nobody.returncode, nobody.stderr) == (
        1,
        "there is no endpoint 'lon'; there are: ams, nyc, tyo\n",
    )


def test_an_interrupted_drill_gives_back_what_it_drained(tmp_path: Path) -> None:
    with (
        cluster(tmp_path, *CLUSTER) as regions,
        daemon(tmp_path / "daemon", configured(regions)) as running,
    ):
        until(lambda: is_under_way(running))
        drill = begun(running)
        until(lambda: bool(endpoint(running, "ams")["drained"]))
        drill.send_signal(signal.SIGINT)
        output, error = drill.communicate(timeout=PATIENCE)
        until(lambda: not endpoint(running, "ams")["drained"])
    assert (drill.returncode, error) == (1, "interrupted\nams was promoted back\n")
    assert output.splitlines()[-1].startswith("0 failovers, ")


def test_a_drill_whose_daemon_is_started_anew_says_that_nothing_stays_drained(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "daemon"
    with cluster(tmp_path, *CLUSTER) as regions:
        configuration = configured(regions)
        with daemon(folder, configuration) as running:
            until(lambda: is_under_way(running))
            drill = begun(running)
            until(lambda: bool(endpoint(running, "ams")["drained"]))
            running.process.kill()
            running.process.wait()
        with daemon(folder, configuration) as running:
            _, error = drill.communicate(timeout=PATIENCE)
            until(lambda: (folder / "state" / "control.sock").exists())
            assert endpoint(running, "ams")["drained"] is False
    assert drill.returncode == 1
    assert error.startswith("ams is not drained: the daemon was started anew")


def begun(running: Daemon) -> "subprocess.Popen[str]":
    """A drill that keeps its first endpoint drained for long."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "drill", *state(running), "ams", "--window", "6"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
