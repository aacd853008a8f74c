"""`chain-monitor simulate` with a scenario, and the help of `fault`."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from monitor.app import simulation
from monitor.app.simulator_commands import simulate
from monitor.simulator.families import Family
from monitor.simulator.faults import WORDS
from monitor.simulator.options import SimulateOptions
from monitor.simulator.rpc_faults import RPC_WORDS
from tests.app.test_cli import invoke
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


def simulated(monkeypatch: pytest.MonkeyPatch, *words: str) -> SimulateOptions:
    """What the simulator would be run with."""
    asked: list[SimulateOptions] = []

    def run(options: SimulateOptions, tell: Any) -> int:
        del tell
        asked.append(options)
        return 0

    monkeypatch.setattr(simulation, "run_simulation", run)
    app = typer.Typer()
    app.command()(simulate)
    app(list(words), standalone_mode=False)
    (options,) = asked
    return options


def test_without_a_word_the_usual_cluster_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert simulated(monkeypatch) == SimulateOptions()


def test_a_scenario_says_what_the_command_line_leaves_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = simulated(monkeypatch, "--scenario", "replay-depths", "--seed", "9", "--votes", "7")
    assert (options.seed, options.slot_time, options.chain.votes) == (9, 0.15, 7)
    assert options.replays == {"ams": 0, "nyc": 15, "tyo": 400}
    assert simulated(monkeypatch, "--scenario", "half-close").server.family is Family.OLDER


def test_a_value_that_is_written_out_goes_before_the_scenario_though_it_is_the_usual_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = simulated(monkeypatch, "--scenario", "replay-depths", "--slot-time", "0.3")
    assert options.slot_time == 0.3


def test_the_scenarios_are_listed_and_nothing_runs() -> None:
    code, output = invoke("simulate", "--list-scenarios")
    assert code == 0
    assert "lying-node" in output


def test_a_scenario_that_is_none_is_refused_with_what_there_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "simulate", "--scenario", "nope"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert "nope:0: (scenario): is no scenario;" in done.stderr
    assert "lying-node" in done.stderr


def test_a_region_that_the_scenario_breaks_must_be_there() -> None:
    code, output = invoke("simulate", "--scenario", "lying-node", "--regions", "ams")
    assert code == 2
    assert "the scenario has a fault of nyc" in output


def test_the_help_of_fault_names_every_word() -> None:
    _, output = invoke("fault", "--help")
    told = output.replace("│", " ").split()
    assert {*WORDS, *RPC_WORDS} <= {word.strip(".:,") for word in told}


@pytest.mark.real_time
def test_a_scenario_runs_until_a_signal() -> None:
    words = ["simulate", "--scenario", "every-family", "--ports", "0", "--control", "127.0.0.1:0"]
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().split()[0] for _ in range(7)]
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=PATIENCE)
    assert told == ["ams", "nyc", "tyo", "fra", "sin", "rpc1", "control"]
    assert (process.returncode, error) == (0, "")
