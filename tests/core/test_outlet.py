"""What is handed on, to whom, and of which version."""

import pytest

from monitor.core.banks import Held, Meta
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Command, Release, Released, Report
from monitor.core.level_history import LevelHistory
from monitor.core.monitors import AccountsFilter, Monitor, SlotsFilter, TransactionsFilter
from monitor.core.outlet import Outlet
from monitor.core.slots import SlotState
from monitor.core.tally import Tally
from tests.core.play import created, status, tx, write

PROCESSED, CONFIRMED, FINALIZED = Commitment
MONITORS = [
    Monitor(
        level.name,
        commitment=level,
        transactions=TransactionsFilter(),
        accounts=AccountsFilter(),
        slots=SlotsFilter(interslot_updates=level == PROCESSED),
    )
    for level in Commitment
]
EVERYONE = 0b111
OF_PROCESSED, OF_CONFIRMED, OF_FINALIZED = 0b001, 0b010, 0b100


@pytest.fixture
def outlet() -> Outlet:
    return Outlet(LevelHistory(MONITORS, CONFIRMED), Tally([0]))


@pytest.fixture
def state() -> SlotState:
    return SlotState(5)


def held(*names: str, mask: int = EVERYONE) -> list[Held]:
    return [(1, tx(5, index, name, mask=mask)) for index, name in enumerate(names)]


def released(commands: list[Command]) -> list[tuple[Commitment, Released]]:
    return [
        (command.commitment, each)
        for command in commands
        if isinstance(command, Release)
        for each in command.released
    ]


def statuses_of(outlet: Outlet) -> list[int]:
    return [each[5][2] for _, each in released(list(outlet.collect()))]


def test_a_row_goes_to_those_who_are_wanted_and_want_it(outlet: Outlet, state: SlotState) -> None:
    rows = [*held("a"), *held("b", mask=OF_CONFIRMED), *held("c", mask=OF_FINALIZED)]
    outlet.hand_on(state, CONFIRMED, rows, OF_PROCESSED | OF_CONFIRMED, late=True)
    assert released(list(outlet.collect())) == [
        (CONFIRMED, (0b011, 1, True, 0, None, rows[0][1])),
        (CONFIRMED, (0b010, 1, True, 0, None, rows[1][1])),
    ]
    assert list(outlet.collect()) == []


def test_releases_come_by_level_and_reports_before_them(outlet: Outlet, state: SlotState) -> None:
    outlet.hand_on(state, FINALIZED, held("a"), OF_FINALIZED, late=False)
    outlet.hand_on(state, PROCESSED, held("a"), OF_PROCESSED, late=False)
    outlet.report("info", "something happened", slot=5)
    report, *others = outlet.collect()
    assert report == Report("info", "something happened", {"slot": 5})
    assert [each.commitment for each in others if isinstance(each, Release)] == [
        PROCESSED,
        FINALIZED,
    ]


def test_what_was_handed_on_before_a_level_is_closed_comes_before_all_else(
    outlet: Outlet, state: SlotState
) -> None:
    outlet.hand_on(state, FINALIZED, held("old"), OF_FINALIZED, late=False)
    outlet.close_level()
    outlet.hand_on(state, PROCESSED, held("new"), OF_PROCESSED, late=False)
    found = released(list(outlet.collect()))
    assert [(level, each[5][2][:3]) for level, each in found] == [
        (FINALIZED, b"old"),
        (PROCESSED, b"new"),
    ]


def test_what_a_level_had_is_known_by_monitor(outlet: Outlet, state: SlotState) -> None:
    outlet.hand_on(state, PROCESSED, held("a"), OF_PROCESSED, late=False)
    outlet.hand_on(state, CONFIRMED, held("a", mask=OF_PROCESSED), OF_CONFIRMED, late=False)
    assert state.told.masks == [OF_PROCESSED, 0, 0]
    assert outlet.top_at_once == 5


def test_other_levels_say_nothing_of_how_far_processed_is(outlet: Outlet, state: SlotState) -> None:
    outlet.hand_on(state, CONFIRMED, held("a"), OF_CONFIRMED, late=False)
    assert outlet.top_at_once == -1
    outlet.hand_on(SlotState(9), PROCESSED, held("a"), OF_PROCESSED, late=False)
    outlet.hand_on(state, PROCESSED, held("a"), OF_PROCESSED, late=False)
    assert outlet.top_at_once == 9


def test_an_undo_takes_back_one_version_of_one_level(outlet: Outlet, state: SlotState) -> None:
    state.confirmed = "B5"
    outlet.hand_on(state, CONFIRMED, held("a"), OF_CONFIRMED, late=False)
    outlet.hand_on(state, PROCESSED, held("a"), OF_PROCESSED, late=False)
    outlet.undo(state, CONFIRMED, "it lost")
    outlet.hand_on(state, CONFIRMED, held("b"), OF_CONFIRMED, late=False)
    report, *others = outlet.collect()
    assert report == Report(
        "info",
        "events of a slot were taken back",
        {"slot": 5, "commitment": "confirmed", "why": "it lost"},
    )
    found = [each for level, each in released(others) if level == CONFIRMED]
    row = (Kind.UNDO, 5, 0, OF_CONFIRMED, ("B5", "it lost"), 0, None)
    assert found[1] == (OF_CONFIRMED, -1, False, 0, "B5", row)
    assert [each[3] for each in found] == [0, 0, 1]
    assert state.told.versions == [0, 1, 0]
    assert outlet.tally.undos == 1


def test_nothing_is_taken_back_of_what_nobody_had(outlet: Outlet, state: SlotState) -> None:
    state.told.inherited[PROCESSED] = {}
    outlet.undo(state, PROCESSED, "it lost")
    assert list(outlet.collect()) == []
    assert state.told.versions == [0, 0, 0]
    assert state.told.inherited[PROCESSED] is None
    assert outlet.tally.undos == 0


def test_an_undo_at_processed_lets_levels_be_told_anew_and_no_observed_status(
    outlet: Outlet, state: SlotState
) -> None:
    outlet.observed(state, 0, created(5))
    outlet.reached(state, PROCESSED, 1)
    outlet.undo(state, PROCESSED, "it lost")
    outlet.observed(state, 0, created(5))
    outlet.reached(state, PROCESSED, 1)
    created_bank, reached = int(SlotStatus.CREATED_BANK), int(SlotStatus.PROCESSED)
    assert statuses_of(outlet) == [created_bank, reached, 0, reached]


def test_an_observed_status_is_of_no_version(outlet: Outlet, state: SlotState) -> None:
    state.told.versions = [2, 2, 2]
    outlet.observed(state, 1, status(5, SlotStatus.DEAD, 4))
    ((level, given),) = released(list(outlet.collect()))
    assert level == PROCESSED
    assert given[:5] == (OF_PROCESSED, 1, False, 0, None)
    assert given[5][4] == (4, None, True)
    assert state.told.masks == [0, 0, 0]


def test_each_level_is_told_once_and_those_below_before_it(
    outlet: Outlet, state: SlotState
) -> None:
    outlet.reached(state, CONFIRMED, 3)
    outlet.reached(state, CONFIRMED, 4)
    outlet.reached(state, FINALIZED, 4)
    assert statuses_of(outlet) == [PROCESSED, CONFIRMED, FINALIZED]


def test_no_level_is_told_of_a_slot_that_the_chain_passes_by(
    outlet: Outlet, state: SlotState
) -> None:
    state.told.is_passed_by = True
    outlet.reached(state, PROCESSED, 3)
    assert list(outlet.collect()) == []
    assert state.statuses == 0


def test_a_level_is_told_with_the_parent_of_the_block_or_else_the_one_that_was_said(
    outlet: Outlet, state: SlotState
) -> None:
    state.parent = 4
    outlet.tell_status(state, PROCESSED, PROCESSED, 1, stamp=7)
    state.confirmed = "B5"
    outlet.tell_status(state, PROCESSED, CONFIRMED, 1)
    state.metas["B5"] = Meta("B5", 3, "B3", None, 1, 1)
    outlet.tell_status(state, PROCESSED, FINALIZED, 1, late=True)
    found = [each for _, each in released(list(outlet.collect()))]
    assert [(each[2], each[4], each[5][4][0], each[5][5]) for each in found] == [
        (False, None, 4, 7),
        (False, "B5", 4, 0),
        (True, "B5", 3, 0),
    ]


def test_states_go_to_every_level_as_late_ones_of_no_version(outlet: Outlet) -> None:
    row = write(5, "x", "", 1, mask=OF_PROCESSED | OF_FINALIZED)
    outlet.hand_on_states([row], 3, {})
    assert released(list(outlet.collect())) == [
        (PROCESSED, (OF_PROCESSED, 3, True, 0, None, row)),
        (FINALIZED, (OF_FINALIZED, 3, True, 0, None, row)),
    ]


def test_a_switch_is_told_at_the_new_level_to_one_monitor(outlet: Outlet) -> None:
    outlet.tell_switch(7, FINALIZED, 0b10, ("name", 0, "why"))
    row = (Kind.COMMITMENT, 7, int(FINALIZED), 0b10, ("name", 0, "why"), 0, None)
    assert released(list(outlet.collect())) == [(FINALIZED, (0b10, -1, False, 0, None, row))]


def test_what_comes_at_once_of_an_open_slot_is_noted_for_its_certificate(outlet: Outlet) -> None:
    outlet.left_open = {5: SlotEnd.PARTIAL, 7: SlotEnd.PARTIAL}
    for number in (5, 6):
        rows = [(0, tx(number, 0))]
        outlet.hand_on(SlotState(number), PROCESSED, rows, OF_PROCESSED, late=False)
    assert outlet.late == set()
    list(outlet.collect())
    assert outlet.late == {5}
