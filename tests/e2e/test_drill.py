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
WALKS = 5
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


def obeyed(running: Daemon, want: str, name: str) -> str:
    """What is said of a wish that was decided in time, asked for until it is."""
    said: list[str] = []

    def is_decided() -> bool:
        done = command("endpoints", want, name, *state(running))
        said.append(done.stdout)
        return done.returncode == 0

    until(is_decided)
    return said[-1]


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


def drilled(running: Daemon, hot: int, walks: int = WALKS) -> list[dict[str, Any]]:
    """What each failover of a walk has cost. No walk may lose or double anything, and one of a few goes through.

    On a machine that stalls, a daemon is not ready for a moment, or decides nothing in time: a drill breaks off then.
    """
    until(lambda: is_under_way(running, hot))
    done = command("drill", *state(running), "--window", "1", "--json")
    costs: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(cost["lost_slots"], cost["duplicates"]) for cost in costs} <= {(0, 0)}
    if done.returncode != 0 and walks > 1:
        return drilled(running, hot, walks - 1)
    assert (done.returncode, done.stderr) == (0, "")
    return costs


@pytest.mark.parametrize(("failover", "hot"), [("{}", 3), ("{strategy: standby}", 1)])
def test_a_drill_costs_no_event_and_makes_no_duplicate(
    tmp_path: Path, failover: str, hot: int
) -> None:
    with cluster(tmp_path, *CLUSTER) as regions:
        configuration = f"{configured(regions)}failover: {failover}\n"
        with daemon(tmp_path / "daemon", configuration) as running:
            costs = drilled(running, hot)
            last = highest_slot(running)
            until(lambda: highest_slot(running) >= last + 40)
            assert running.stop() == 0
        truth = tmp_path / "truth.jsonl"
        until(lambda: f'"id":"{last}:slot:finalized"'.encode() in truth.read_bytes())
    assert len({cost["endpoint"] for cost in costs} & set(REGIONS)) == len(costs) == hot
    for cost in costs:
        assert (cost["clean"], cost["fault"]) == (True, None)
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
        drained = obeyed(running, "drain", "nyc")
        until(lambda: not endpoint(running, "nyc")["open"])
        told = endpoint(running, "nyc")
        before = highest_slot(running)
        until(lambda: highest_slot(running) > before + 5)
        shown = chain_monitor("endpoints", "--why", *state(running))
        obeyed(running, "drain", "ams")
        until(lambda: outcome(last_one(running)) == "kept")
        kept = last_one(running)
        obeyed(running, "promote", "nyc")
        until(lambda: endpoint(running, "nyc")["covered"] >= 2)
        back = endpoint(running, "nyc")
        until(lambda: probed(running)["profile"] is not None)
        found = probed(running)
        nobody = command("endpoints", "drain", "lon", *state(running))
    assert drained.splitlines()[0] == "nyc is drained, until it is promoted or released"
    assert (told["drained"], told["role"]) == (True, "off")
    assert "decided: drained nyc: an operator asked for it" in shown
    assert (kept.returncode, outcome(kept)) == (1, "kept")
    assert (back["drained"], back["role"], back["open"]) == (False, "hot", True)
    assert (found["outcome"], found["profile"]["has_replay"]) == ("probed", True)
    assert (nobody.returncode, nobody.stderr) == (
        1,
        "there is no endpoint 'lon'; there are: ams, nyc, tyo\n",
    )


def last_one(running: Daemon) -> "subprocess.CompletedProcess[str]":
    """Ask to drain the only one that is left."""
    return command("endpoints", "drain", "tyo", *state(running), "--json")


def outcome(done: "subprocess.CompletedProcess[str]") -> str | None:
    told: dict[str, str | None] = json.loads(done.stdout)
    return told["outcome"]


def probed(running: Daemon) -> dict[str, Any]:
    done = command("endpoints", "probe", "nyc", *state(running), "--json")
    return dict(json.loads(done.stdout))


def test_an_interrupted_drill_gives_back_what_it_drained(tmp_path: Path) -> None:
    with (
        cluster(tmp_path, *CLUSTER) as regions,
        daemon(tmp_path / "daemon", configured(regions)) as running,
    ):
        until(lambda: is_under_way(running))
        drill = caught(running)
        drill.send_signal(signal.SIGINT)
        drill.send_signal(signal.SIGCONT)
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
            drill = caught(running)
            running.process.kill()
            running.process.wait()
        (folder / "state" / "api.url").unlink()
        with daemon(folder, configuration) as running:
            until(lambda: (folder / "state" / "api.url").exists())
            drill.send_signal(signal.SIGCONT)
            _, error = drill.communicate(timeout=PATIENCE)
            assert endpoint(running, "ams")["drained"] is False
    assert drill.returncode == 1
    assert error.startswith("ams is drained by this drill no more: the daemon was started anew")


def caught(running: Daemon) -> "subprocess.Popen[str]":
    """A drill that is stopped, and does nothing until it is told to go on, while its first endpoint is drained."""
    for _ in range(WALKS):
        drill = begun(running)
        until(lambda: bool(endpoint(running, "ams")["drained"]) or drill.poll() is not None)  # noqa: B023
        drill.send_signal(signal.SIGSTOP)
        if drill.poll() is None and endpoint(running, "ams")["drained"]:
            return drill
        drill.kill()  # the machine stalled, and it went on
        drill.communicate()
    raise AssertionError("no drill was caught")


def begun(running: Daemon) -> "subprocess.Popen[str]":
    """A drill that keeps its first endpoint drained for long."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "drill", *state(running), "ams", "--window", "6"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
