"""The words of scenario files are those of the simulator."""

from dataclasses import fields
from typing import get_args

from monitor.app.scenario_shape import FamilyWord, Scenario, ScenarioChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.families import Family
from monitor.simulator.options import SimulateOptions


def test_every_family_has_its_word() -> None:
    assert list(get_args(FamilyWord)) == [family.value for family in Family]


def test_what_is_told_of_the_chain_has_the_names_of_its_settings() -> None:
    known = {each.name for each in fields(ChainSettings)}
    assert {each.name for each in fields(ScenarioChain)} <= known


def test_defaults_are_those_of_the_simulator() -> None:
    usual, scenario = SimulateOptions(), Scenario("x")
    for name in ("regions", "rpcs", "slot_time", "seed", "age", "start_when", "losses_apart"):
        assert getattr(scenario, name) == getattr(usual, name)
