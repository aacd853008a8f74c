"""What an earlier process handed on is taken over by the slots that it is of."""

from monitor.core.at_once import inherit
from monitor.core.chain import Commitment, Kind
from monitor.core.inherited import Inherited
from monitor.core.level_history import LevelHistory
from monitor.core.outlet import Outlet
from monitor.core.slots import SlotState
from monitor.core.tally import Tally
from tests.core.play import ALL

PROCESSED, CONFIRMED, FINALIZED = Commitment
IDS = {int(Kind.TRANSACTION): frozenset({b"t0"})}


def taken_over(*inherited: Inherited, floor: int = 0) -> tuple[Outlet, dict[int, SlotState]]:
    outlet = Outlet(LevelHistory([ALL], PROCESSED), Tally([0]))
    slots: dict[int, SlotState] = {}

    def slot(number: int) -> SlotState | None:
        return None if number < floor else slots.setdefault(number, SlotState(number))

    inherit(outlet, inherited, slot)
    return outlet, slots


def test_each_level_goes_on_with_its_own_version_and_has_to_be_matched() -> None:
    _, slots = taken_over(
        Inherited(5, PROCESSED, 2, 0b01, IDS), Inherited(5, FINALIZED, 1, 0b10, IDS)
    )
    told = slots[5].told
    assert told.versions == [2, 0, 1]
    assert told.masks == [0b01, 0, 0b10]
    assert told.inherited == [IDS, None, IDS]


def test_a_version_that_has_only_begun_has_nothing_to_match() -> None:
    _, slots = taken_over(Inherited(5, PROCESSED, 3, 0, {}))
    told = slots[5].told
    assert (told.versions[0], told.masks[0], told.inherited[0]) == (3, 0, None)


def test_the_highest_slot_of_each_level_is_known_whatever_their_order() -> None:
    outlet, _ = taken_over(
        Inherited(7, PROCESSED, 0, 1, {}),
        Inherited(5, PROCESSED, 0, 1, {}),
        Inherited(6, CONFIRMED, 0, 1, {}),
    )
    assert outlet.inherited_top == [7, 6, -1]


def test_of_a_slot_that_is_closed_or_none_of_ours_nothing_is_taken_over() -> None:
    outlet, slots = taken_over(Inherited(4, PROCESSED, 1, 1, IDS), floor=5)
    assert slots == {}
    assert outlet.inherited_top == [-1, -1, -1]
