"""Named scenarios: files under `config/scenarios/` that become options of the simulator."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from monitor.app.configuration_document import Document, read_document
from monitor.app.configuration_mistakes import Mistake, refuse
from monitor.app.configuration_reading import read_shape
from monitor.app.scenario_shape import Scenario, ScenarioFault
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.families import Family
from monitor.simulator.options import SimulateOptions, rpc_names
from monitor.simulator.region import RegionSettings
from monitor.simulator.timed_faults import ALL_REGIONS, TimedFault, check_fault

SCENARIOS_DIRECTORY: Final = Path(__file__).resolve().parents[2] / "config" / "scenarios"


def scenario_files(directory: Path = SCENARIOS_DIRECTORY) -> list[Path]:
    """Every named scenario, in the order of names."""
    return sorted(directory.glob("*.yaml"))


def find_scenario(wanted: str, directory: Path = SCENARIOS_DIRECTORY) -> Path:
    """The file of this name, or at this path. Raises: ConfigurationRefused naming what there is."""
    named = directory / f"{wanted}.yaml"
    if named.is_file():
        return named
    path = Path(wanted)
    if path.is_file():
        return path
    names = ", ".join(file.stem for file in scenario_files(directory)) or "none"
    remedy = f"give the path of a file, or one of these names: {names}"
    raise refuse(path, [Mistake(0, "(scenario)", "is no scenario", remedy)])


def read_scenario(file: Path) -> Scenario:
    """The scenario of this file. Raises: ConfigurationRefused with every mistake in it."""
    document = read_document(file, {})
    scenario = read_shape(document, Scenario)
    if scenario is not None:
        _check(document, scenario)
    if scenario is None or document.mistakes:
        raise refuse(file, document.mistakes)
    return scenario


def options_of(scenario: Scenario) -> SimulateOptions:
    """What the simulator is to do for it."""
    chain, server = scenario.chain, scenario.server
    told = RegionSettings(family=Family(scenario.family), unary_disabled=not server.unary)
    return SimulateOptions(
        regions=scenario.regions,
        rpcs=scenario.rpcs,
        slot_time=scenario.slot_time,
        seed=scenario.seed,
        age=scenario.age,
        start_when=scenario.start_when,
        delays=scenario.delays,
        families={name: Family(word) for name, word in scenario.families.items()},
        ways=scenario.ways,
        replays=scenario.replays,
        clocks=scenario.clocks,
        own_versions=scenario.own_versions,
        losses_apart=scenario.losses_apart,
        least_ping_interval=server.least_ping_interval,
        chain=_told(
            ChainSettings(), {each.name: getattr(chain, each.name) for each in fields(chain)}
        ),
        server=_told(
            told,
            {
                "replay_stored_slots": server.replay_slots,
                "replay_rate": server.replay_rate,
                "channel_capacity": server.queue,
                "max_decoding_message_size": server.request_bytes,
                "subscription_limit": server.streams,
                "ping_every": server.ping_every,
            },
        ),
        faults=tuple(timed(fault) for fault in scenario.faults),
    )


def timed(fault: ScenarioFault) -> TimedFault:
    """The fault as the simulator takes it."""
    word, _, argument = fault.fault.strip().partition(" ")
    return TimedFault(fault.at, fault.target, word, argument.strip() or None, fault.every)


def list_scenarios(directory: Path = SCENARIOS_DIRECTORY) -> Iterator[str]:
    """A line each: the name, and what it is about."""
    files = scenario_files(directory)
    width = max((len(file.stem) for file in files), default=0)
    for file in files:
        yield f"{file.stem:{width}}  {read_scenario(file).about}"


def _told(usual: Any, values: dict[str, Any]) -> Any:
    return replace(usual, **{name: value for name, value in values.items() if value is not None})


def _check(document: Document, scenario: Scenario) -> None:
    rpcs = rpc_names(scenario.rpcs)
    _check_regions(document, scenario.regions, rpcs)
    known = ", ".join(scenario.regions)
    for key in ("families", "delays", "ways", "replays", "clocks"):
        for name in getattr(scenario, key):
            if name not in scenario.regions:
                document.wrong((key, name), "is no region", f"regions are {known}")
    for place, fault in enumerate(scenario.faults):
        if fault.target not in (*scenario.regions, ALL_REGIONS, *rpcs):
            remedy = f"write one of {', '.join((*scenario.regions, ALL_REGIONS, *rpcs))}"
            document.wrong(("faults", place, "target"), "is no region nor RPC", remedy)
            continue
        try:
            check_fault(timed(fault), scenario.regions, rpcs)
        except ValueError as wrong:
            location = ("faults", place, "fault")
            document.wrong(location, "cannot be done", str(wrong))


def _check_regions(document: Document, regions: tuple[str, ...], rpcs: Iterable[str]) -> None:
    taken = {ALL_REGIONS, *rpcs}
    for place, name in enumerate(regions):
        if name in regions[:place]:
            document.wrong(("regions", place), "stands twice", "remove one of the two")
        if name in taken:
            document.wrong(("regions", place), "names something else", "give it another name")
