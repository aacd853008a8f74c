import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from monitor.app.simulation import region_names, with_words
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from monitor.simulator.timed_faults import TimedFault
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("listed", ["ams,ams", "a b", "", "ams,all", "rpc2,ams"])
def test_names_of_regions_are_words_that_mean_nothing_else(listed: str) -> None:
    with pytest.raises(typer.BadParameter, match="names"):
        region_names(listed, 2)


def test_a_name_is_free_while_no_rpc_has_it() -> None:
    assert region_names("ams, rpc3", 2) == ("ams", "rpc3")


def test_what_is_not_told_stays_as_it_was() -> None:
    base = SimulateOptions(seed=7, chain=ChainSettings(skipped=0.5))
    assert with_words(base, {}) == base
    given = {"votes": 300, "replay_slots": 0, "replay_rate": 50.0, "regions": "ams, nyc", "seed": 9}
    told = with_words(base, given)
    assert told == SimulateOptions(
        regions=("ams", "nyc"),
        seed=9,
        chain=ChainSettings(skipped=0.5, votes=300),
        server=RegionSettings(replay_stored_slots=0, replay_rate=50.0),
    )


def test_a_fault_of_a_region_that_is_left_out_is_refused() -> None:
    base = SimulateOptions(faults=(TimedFault(1, "tyo", "kill"), TimedFault(1, "all", "cut")))
    with pytest.raises(typer.BadParameter, match="the scenario has a fault of tyo"):
        with_words(base, {"regions": "ams,nyc"})
    assert with_words(base, {"regions": "ams,tyo"}).regions == ("ams", "tyo")


@pytest.mark.real_time
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulation_tells_its_addresses_and_ends_clean_on_a_signal(
    number: signal.Signals,
) -> None:
    words = [
        "simulate",
        "--regions",
        "ams,nyc",
        "--rpcs",
        "2",
        "--ports",
        "0",
        "--control",
        "127.0.0.1:0",
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(5)]
        process.send_signal(number)
        _, error = process.communicate(timeout=PATIENCE)

    assert [line.split()[0] for line in told] == ["ams", "nyc", "rpc1", "rpc2", "control"]
    assert (process.returncode, error) == (0, "")
