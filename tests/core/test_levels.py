"""The masks of the gate: who is released at which level, and who wants which slot status."""

from monitor.core.chain import Commitment, SlotStatus
from monitor.core.levels import Levels
from monitor.core.monitors import AccountsFilter, Monitor, SlotsFilter, TransactionsFilter

PLAIN = Monitor("plain", transactions=TransactionsFilter())


def test_a_monitor_without_a_level_has_the_daemons() -> None:
    own = Monitor("own", commitment=Commitment.PROCESSED)
    levels = Levels.of([PLAIN, own], Commitment.FINALIZED)
    assert levels.of_monitor == (Commitment.FINALIZED, Commitment.PROCESSED)


def test_every_monitor_stands_at_one_level() -> None:
    monitors = [Monitor(level.name, commitment=level) for level in Commitment]
    levels = Levels.of(monitors, Commitment.CONFIRMED)
    assert levels.at == (0b001, 0b010, 0b100)


def test_rows_of_all_monitors_are_kept_since_a_block_may_have_to_be_given_anew() -> None:
    monitors = [Monitor(level.name, commitment=level) for level in Commitment]
    assert Levels.of(monitors, Commitment.CONFIRMED).held == 0b111


def test_monitors_that_ask_for_every_write_are_marked() -> None:
    every = Monitor("every", accounts=AccountsFilter(), every_write=True)
    assert Levels.of([PLAIN, every], Commitment.CONFIRMED).every_write == 0b10


def test_slot_events_are_looked_up_by_level_and_status() -> None:
    chain = Monitor("chain", slots=SlotsFilter())
    curious = Monitor(
        "curious", commitment=Commitment.PROCESSED, slots=SlotsFilter(interslot_updates=True)
    )
    levels = Levels.of([PLAIN, chain, curious], Commitment.CONFIRMED)
    assert levels.slots[Commitment.PROCESSED] == (0b100,) * len(SlotStatus)
    assert levels.slots[Commitment.CONFIRMED] == (0b010,) * 3 + (0,) * 4
    assert levels.slots[Commitment.FINALIZED] == (0,) * len(SlotStatus)


def test_no_monitors_make_empty_masks() -> None:
    levels = Levels.of([], Commitment.CONFIRMED)
    assert (levels.at, levels.held, levels.every_write) == ((0, 0, 0), 0, 0)
