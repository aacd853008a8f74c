import pytest

from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.families import Family
from monitor.simulator.losses import ALONE, Portion
from monitor.simulator.options import OTHER_DELAY, SimulateOptions, rpc_names
from monitor.simulator.region import RegionSettings


def test_regions_have_the_delay_of_their_place_unless_told() -> None:
    options = SimulateOptions(delays={"nyc": 0.5})

    delays = [options.region_settings(name).delay for name in ("ams", "nyc", "tyo", "rio")]

    assert delays == [0.020, 0.5, 0.120, OTHER_DELAY]


def test_what_regions_have_in_common_is_kept() -> None:
    options = SimulateOptions(
        slot_time=0.1, token="t", jitter=0.002, server=RegionSettings(replay_stored_slots=7)
    )

    settings = options.region_settings("ams")

    assert settings == RegionSettings(
        slot_time=0.1, delay=0.020, jitter=0.002, x_token="t", replay_stored_slots=7
    )


def test_block_times_follow_the_slot_time() -> None:
    options = SimulateOptions(slot_time=0.1, chain=ChainSettings(votes=3))

    assert options.chain_settings() == ChainSettings(votes=3, slot_time=0.1)


@pytest.mark.parametrize(("ports", "expected"), [(10000, [10000, 10003]), (0, [0, 0])])
def test_ports_count_from_the_first_unless_any_will_do(ports: int, expected: list[int]) -> None:
    options = SimulateOptions(ports=ports)

    assert [options.port_of(0), options.port_of(3)] == expected


def test_regions_lose_apart_when_asked_to() -> None:
    assert SimulateOptions().portion(1) == ALONE

    assert SimulateOptions(losses_apart=True).portion(1) == Portion(1, 3)


def test_rpcs_are_numbered_and_listen_behind_the_regions() -> None:
    options = SimulateOptions(rpcs=2, ports=10000)

    assert rpc_names(2) == ("rpc1", "rpc2")
    assert options.rpc_ports() == [10003, 10004]
    assert SimulateOptions(rpcs=2, ports=0).rpc_ports() == [0, 0]


def test_an_old_chain_keeps_its_past_and_regions_have_heard_its_end() -> None:
    options = SimulateOptions(
        age=2000,
        chain=ChainSettings(window=500, slots_until_finalized=31),
        server=RegionSettings(replay_stored_slots=100),
    )

    assert options.chain_settings().window == 2500
    assert options.unheard() == 2000 - 100 - 62
    assert SimulateOptions(age=20).unheard() == 0


def test_a_region_may_differ_in_family_replay_and_numbers_of_its_own() -> None:
    options = SimulateOptions(
        families={"tyo": Family.RICHAT}, replays={"nyc": 7}, own_versions=True
    )

    ams, nyc, tyo = (options.region_settings(name) for name in options.regions)

    assert (ams.family, nyc.family, tyo.family) == (Family.USUAL, Family.USUAL, Family.RICHAT)
    assert (ams.replay_stored_slots, nyc.replay_stored_slots) == (150, 7)
    assert len({ams.version_offset, nyc.version_offset, tyo.version_offset, 0}) == 4


def test_regions_hear_as_much_of_the_past_as_the_deepest_of_them_replays() -> None:
    options = SimulateOptions(age=1000, replays={"nyc": 500})

    assert options.unheard() == 1000 - 500 - 2 * options.chain.slots_until_finalized
