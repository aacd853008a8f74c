"""The cluster plays a scenario on real sockets: faults come by themselves, and a region may be far away."""

import time
from typing import Any

import pytest

from monitor.core.errors import FaultRefused, SimulatorFailed
from monitor.simulator.control import ask_status
from monitor.simulator.timed_faults import TimedFault
from tests.simulator.test_cluster import running
from tests.simulator.yellowstone_client import connected

pytestmark = pytest.mark.real_time


def status_of(cluster: Any) -> dict[str, Any]:
    return {each["region"]: each for each in ask_status(cluster.control)}


def test_faults_come_when_their_slots_do() -> None:
    faults = (TimedFault(5, "nyc", "mute"), TimedFault(6, "all", "lag", "0.5"))
    with running(faults=faults, rpcs=1) as cluster:
        while not all(each["faults"] for each in status_of(cluster).values()):
            time.sleep(0.01)
        told = {name: each["faults"] for name, each in status_of(cluster).items()}
    assert told == {"ams": ["lag 0.5"], "nyc": ["mute", "lag 0.5"], "tyo": ["lag 0.5"]}


def test_what_strikes_the_chain_strikes_all_regions_and_ends_by_a_heal() -> None:
    faults = (TimedFault(5, "all", "stall-finality", "1000000"),)
    with running(faults=faults, rpcs=1) as cluster:
        while not all(each["faults"] for each in status_of(cluster).values()):
            time.sleep(0.01)
        told = [each["faults"] for each in status_of(cluster).values()]
        assert {words[0].partition(" ")[0] for words in told} == {"stall-finality"}
        with pytest.raises(FaultRefused, match="fork strikes the chain"):
            cluster.fault("ams", "fork")
        with pytest.raises(FaultRefused, match="halt takes slots"):
            cluster.fault("all", "halt", "never")
        assert "the chain is healed of stall-finality" in cluster.fault("all", "heal")
        assert not any(each["faults"] for each in status_of(cluster).values())


def test_a_chain_that_waits_for_feeds_lets_its_faults_wait_too() -> None:
    faults = (TimedFault(0, "ams", "mute"),)
    with running(regions=("ams",), faults=faults, start_when=1) as cluster:
        time.sleep(0.1)
        assert status_of(cluster)["ams"]["faults"] == []


def test_a_far_region_is_reached_over_its_way_and_survives_a_kill() -> None:
    with running(regions=("ams", "tyo"), ways={"tyo": 0.05}) as cluster:
        assert status_of(cluster)["tyo"]["endpoint"] == cluster.endpoints["tyo"]
        began = time.perf_counter()
        with connected(cluster.endpoints["tyo"]) as client:
            client.first(lambda update: update.HasField("ping"))
            assert time.perf_counter() > began + 0.1
        cluster.fault("tyo", "kill")
        cluster.fault("tyo", "heal")
        with connected(cluster.endpoints["tyo"]) as client:
            client.first(lambda update: update.HasField("ping"))


def test_a_port_of_a_far_region_that_is_taken_is_told() -> None:
    with running(regions=("ams",), ways={"ams": 0.01}) as cluster:
        port = int(cluster.endpoints["ams"].rpartition(":")[2])
        with pytest.raises(SimulatorFailed, match=f"port {port} .* choose others with --ports"):
            with running(regions=("ams",), ways={"ams": 0.01}, ports=port):
                pass
