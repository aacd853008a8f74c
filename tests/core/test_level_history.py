"""From which slot on which level holds."""

import pytest

from monitor.core.chain import Commitment
from monitor.core.level_history import LevelHistory, Switch
from monitor.core.monitors import Monitor, SlotsFilter

PROCESSED, CONFIRMED, FINALIZED = Commitment
MONITORS = (
    Monitor("follows", slots=SlotsFilter()),
    Monitor("own", slots=SlotsFilter(), commitment=FINALIZED),
)


def test_a_switch_holds_from_its_first_slot_on_for_monitors_that_name_no_level() -> None:
    history = LevelHistory(MONITORS, CONFIRMED)
    history.switch(100, PROCESSED)
    assert (history.level_of(99), history.level_of(100)) == (CONFIRMED, PROCESSED)
    assert history.of(99).at == (0, 0b01, 0b10)
    assert history.of(100).at == (0b01, 0, 0b10)
    assert history.current is history.of(100)
    assert (history.level, history.since) == (PROCESSED, 100)


def test_switches_of_an_earlier_process_hold_again() -> None:
    switches = [Switch(100, PROCESSED, CONFIRMED, ""), Switch(200, FINALIZED, PROCESSED, "")]
    history = LevelHistory(MONITORS, FINALIZED, switches)
    levels = [history.level_of(slot) for slot in (99, 100, 199, 200)]
    assert levels == [CONFIRMED, PROCESSED, PROCESSED, FINALIZED]


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    history = LevelHistory(MONITORS, CONFIRMED)
    history.switch(100, PROCESSED)
    history.switch(200, CONFIRMED)
    history.forget_below(199)
    assert history.level_of(150) == PROCESSED
    history.forget_below(200)
    assert history.level_of(0) == CONFIRMED
    assert history.of(300) is history.current


def test_two_switches_at_one_slot_are_refused() -> None:
    history = LevelHistory(MONITORS, CONFIRMED)
    history.switch(100, PROCESSED)
    with pytest.raises(AssertionError):
        history.switch(100, CONFIRMED)
