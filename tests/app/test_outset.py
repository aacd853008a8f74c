"""Where a daemon begins: what it asks for follows from the levels that slots may have."""

from pathlib import Path

import pytest

from monitor.app.outset import set_out
from monitor.core.chain import Commitment
from monitor.core.level_history import Switch
from monitor.runtime.driver import World
from monitor.stored import StoredSwitch
from tests.app.configurations import LEAST, loaded
from tests.app.daemons import NOBODY, StillClock, configuration
from tests.runtime.fakes import EvenDice, Journal, MemoryLedger, MemorySink, ScriptedFeeds

PROCESSED, CONFIRMED = Commitment.PROCESSED, Commitment.CONFIRMED


def world() -> World:
    return World(ScriptedFeeds(), StillClock(), EvenDice(), Journal())


@pytest.mark.parametrize(
    ("switches", "level"),
    [
        ([], PROCESSED),
        ([Switch(5, PROCESSED, PROCESSED, "x")], PROCESSED),
        ([Switch(5, CONFIRMED, CONFIRMED, "x")], None),
        ([Switch(5, PROCESSED, CONFIRMED, "x")], PROCESSED),
        ([Switch(10, PROCESSED, CONFIRMED, "x")], PROCESSED),
        ([Switch(12, PROCESSED, CONFIRMED, "x")], None),
        ([Switch(5, PROCESSED, CONFIRMED, "x"), Switch(12, CONFIRMED, PROCESSED, "x")], None),
    ],
)
def test_slots_in_flight_at_another_level_are_asked_for_as_any_level_needs_it(
    tmp_path: Path, switches: list[Switch], level: Commitment | None
) -> None:
    watched = configuration(tmp_path, {"ams": NOBODY})
    store = MemoryLedger(settled=9)
    store.keep_switches([StoredSwitch(switch, 0) for switch in switches])
    outset = set_out(watched, world(), store, lambda *_: MemorySink())
    assert [plan.level for plan in outset.plans] == [level]
    assert outset.inheritance.switches == tuple(switches)


def test_nothing_is_in_flight_at_a_first_start(tmp_path: Path) -> None:
    watched = configuration(tmp_path, {"ams": NOBODY})
    outset = set_out(watched, world(), MemoryLedger(), lambda *_: MemorySink())
    assert [plan.level for plan in outset.plans] == [PROCESSED]


def test_where_the_level_may_change_all_is_asked_for_as_any_level_needs_it(tmp_path: Path) -> None:
    watched = loaded(tmp_path, LEAST + "commitment: {strategy: adaptive}\n")
    outset = set_out(watched, world(), MemoryLedger(), lambda *_: MemorySink())
    assert [plan.level for plan in outset.plans] == [None]
