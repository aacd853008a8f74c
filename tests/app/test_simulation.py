import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from monitor.app.simulation import chain_of, region_names, server_of
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.region import RegionSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("listed", ["ams,ams", "a b", "", "ams,all", "rpc2,ams"])
def test_names_of_regions_are_words_that_mean_nothing_else(listed: str) -> None:
    with pytest.raises(typer.BadParameter, match="names"):
        region_names(listed, 2)


def test_a_name_is_free_while_no_rpc_has_it() -> None:
    assert region_names("ams, rpc3", 2) == ("ams", "rpc3")


def test_what_is_not_told_stays_as_usual() -> None:
    assert chain_of(None, None) == ChainSettings()
    assert chain_of(300, 200) == ChainSettings(votes=300, transactions=200)
    assert server_of(None) == RegionSettings()
    assert server_of(5) == RegionSettings(replay_stored_slots=5)


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
        _, error = process.communicate(timeout=10)

    assert [line.split()[0] for line in told] == ["ams", "nyc", "rpc1", "rpc2", "control"]
    assert (process.returncode, error) == (0, "")
