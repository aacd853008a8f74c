"""Named scenarios: each is read and can be played, each trap has one, and a mistake is told with its place and remedy."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.app.scenarios import (
    find_scenario,
    list_scenarios,
    options_of,
    read_scenario,
    scenario_files,
)
from monitor.core.errors import ConfigurationRefused
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.families import Family
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from monitor.simulator.timed_faults import TimedFault
from tests.simulator.staged import Stage

FILES = scenario_files()
SLOTS = 45
"""Of each scenario that are played."""


def written(directory: Path, text: str) -> Path:
    file = directory / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(directory: Path, text: str) -> list[str]:
    file = written(directory, text)
    with pytest.raises(ConfigurationRefused) as refused:
        read_scenario(file)
    return [line.removeprefix(f"{file}:") for line in str(refused.value).splitlines()]


def small(options: SimulateOptions) -> SimulateOptions:
    """The same with slots of a few messages, and a chain that is no older than it takes."""
    chain = replace(options.chain, votes=3, transactions=4, account_writes=8, entries=2)
    return replace(options, chain=chain, age=min(options.age, 200))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_simulator_plays_every_scenario(file: Path) -> None:
    options = small(options_of(read_scenario(file)))
    stage = Stage(options)
    stage.play(SLOTS)
    assert len(stage.done) >= sum(fault.at < SLOTS for fault in options.faults)
    assert all(stage.frames.values())


def test_blocks_of_the_scenario_of_large_ones_are_over_the_usual_limit() -> None:
    options = options_of(read_scenario(find_scenario("large-blocks")))
    stage = Stage(replace(options, regions=("ams",)))
    stage.play(2)
    assert stage.largest > 4 * 2**20


def test_every_trap_has_its_scenario() -> None:
    traps = Counter(read_scenario(file).trap for file in FILES)
    del traps[None]
    assert traps == dict.fromkeys(range(1, 31), 1)


def test_the_list_tells_each_name_and_what_it_is_about() -> None:
    lines = list(list_scenarios())
    assert [line.split()[0] for line in lines] == [file.stem for file in FILES]
    assert all(line.endswith(".") for line in lines)


def test_a_scenario_is_found_by_its_name_or_its_path(tmp_path: Path) -> None:
    assert find_scenario("lying-node").stem == "lying-node"
    own = written(tmp_path, "about: Mine.\n")
    assert find_scenario(str(own)) == own


def test_what_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    written(tmp_path, "about: Mine.\n")
    with pytest.raises(ConfigurationRefused, match=r"is no scenario; .* one of these names: own$"):
        find_scenario("other", tmp_path)
    with pytest.raises(ConfigurationRefused, match="these names: none"):
        find_scenario("other", tmp_path / "nowhere")


def test_nothing_but_a_sentence_is_the_usual_simulation(tmp_path: Path) -> None:
    assert options_of(read_scenario(written(tmp_path, "about: Mine.\n"))) == SimulateOptions()


def test_everything_told_becomes_an_option(tmp_path: Path) -> None:
    text = """
about: All of it.
trap: 3
regions: [ams, nyc]
rpcs: 2
slot_time: 150ms
seed: 5
age: 9
start_when: 2
family: later
families: {nyc: richat}
delays: {ams: 0.5}
ways: {ams: 0.1}
replays: {nyc: 7}
clocks: {nyc: -60.0}
own_versions: true
losses_apart: true
chain: {votes: 3, skipped: 0.5}
server:
  replay_slots: 20
  replay_rate: 50
  queue: 99
  request_bytes: 1000
  streams: 4
  ping_every: 5s
  least_ping_interval: 20s
  unary: false
faults:
  - {at: 2.5, target: nyc, fault: drop-tx 0.1, every: 7}
  - {at: 3, target: rpc2, fault: errors 32004 0.5}
  - {at: 4, target: all, fault: cut}
"""
    assert options_of(read_scenario(written(tmp_path, text))) == SimulateOptions(
        regions=("ams", "nyc"),
        rpcs=2,
        slot_time=0.15,
        seed=5,
        age=9,
        start_when=2,
        families={"nyc": Family.RICHAT},
        delays={"ams": 0.5},
        ways={"ams": 0.1},
        replays={"nyc": 7},
        clocks={"nyc": -60.0},
        own_versions=True,
        losses_apart=True,
        least_ping_interval=20.0,
        chain=ChainSettings(votes=3, skipped=0.5),
        server=RegionSettings(
            family=Family.LATER,
            replay_stored_slots=20,
            replay_rate=50.0,
            channel_capacity=99,
            max_decoding_message_size=1000,
            subscription_limit=4,
            ping_every=5.0,
            unary_disabled=True,
        ),
        faults=(
            TimedFault(2.5, "nyc", "drop-tx", "0.1", 7),
            TimedFault(3, "rpc2", "errors", "32004 0.5"),
            TimedFault(4, "all", "cut"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed: 1\n", "1: about: is missing; add it"),
        ("about: x\ntrap: 31\n", "2: trap: is more than 30; write a smaller number"),
        ("about: x\nregion: [a]\n", "2: region: is no key of this place; did you mean regions?"),
        ("about: x\nregions: []\n", "2: regions: is empty; write at least one item"),
        (
            "about: x\nfamily: old\n",
            "2: family: is none of the words known here; "
            "write older, usual, later, richat or laserstream",
        ),
        (
            "about: x\nfamilies: {rio: older}\n",
            "2: families.rio: is no region; regions are ams, nyc, tyo",
        ),
        (
            "about: x\nchain: {skipped: 2}\n",
            "2: chain.skipped: is more than 1.0; write a smaller number",
        ),
        (
            "about: x\nregions: [ams, ams, rpc1]\n",
            "2: regions[1]: stands twice; remove one of the two",
        ),
        (
            "about: x\nregions: [ams, all]\n",
            "2: regions[1]: names something else; give it another name",
        ),
        (
            "about: x\nfaults:\n  - {at: 1, target: rio, fault: kill}\n",
            "3: faults[0].target: is no region nor RPC; write one of ams, nyc, tyo, all, rpc1",
        ),
        (
            "about: x\nfaults:\n  - {at: 1, target: nyc, fault: drop-tx 7}\n",
            "3: faults[0].fault: cannot be done; "
            "drop-tx takes a ratio from 0 to 1, as 0.01; not '7'",
        ),
        (
            "about: x\nfaults:\n  - {at: 1, target: nyc, fault: cut, every: 0}\n",
            "3: faults[0].every: is not above 0; write a larger number",
        ),
        ("about: x\nslot_time: fast\n", "2: slot_time: is no duration; write a number of seconds,"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_do(
    text: str, told: str, tmp_path: Path
) -> None:
    assert mistakes(tmp_path, text)[0].startswith(told)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = (
        "about: x\ndelays: {rio: 1}\nfaults:\n"
        "  - {at: 1, target: nyc, fault: boom}\n  - {at: 1, target: x, fault: cut}\n"
    )
    assert [line.split(":")[0] for line in mistakes(tmp_path, text)] == ["2", "4", "5"]
