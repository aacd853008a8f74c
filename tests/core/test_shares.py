"""Monitors divided over feeds: what each bank owes, and for whom banks are whole together."""

from random import Random
from typing import Final

import pytest

from monitor.core.banks import Bank, Meta, Store
from monitor.core.chain import Kind
from monitor.core.claims import missing_of
from monitor.core.events import Row
from monitor.core.evidence import (
    BY_REPLAY,
    Evidence,
    is_covered,
    judge,
    ordering_covers,
    tally_by_bank,
    whole_covers,
)
from monitor.core.health_comparing import shares_alike
from monitor.core.needs import Needs
from monitor.core.scope import EVERY_MONITOR
from monitor.core.shares import (
    are_carried,
    carriers,
    lacking,
    note_masks,
    owing,
    parted,
    tellers,
    told_of,
    whole_among,
)
from monitor.core.slots import SlotState
from tests.core.play import tx, write
from tests.core.spreading import FIRST, MONITORS, ONE, PURSE, TWO, VAULT, Spread

NEEDS: Final = Needs.of(MONITORS[:4])
ACCOUNTS: Final = VAULT | PURSE
BOTH, FIRST_ALONE, SECOND_ALONE = (
    tx(5, 0, "both", ONE | TWO),
    tx(5, 1, "first", ONE),
    tx(5, 2, "second", TWO),
)


class Slot:
    """Slot 5, and the banks that told it."""

    def __init__(self) -> None:
        self.state = SlotState(5)
        self.state.confirmed = "B5"

    def told(self, carries: int, *rows: Row, by_replay: bool = False) -> Bank:
        """The next endpoint told its block, with these rows."""
        number = len(self.state.banks)
        bank = self.state.open_bank(number + 1, number, began_whole=True, carries=carries)
        for row in rows:
            table = bank.store.tables[row[0]]
            table[row[2]] = table.get(row[2], 0) | bank.bit
        note_masks(bank.store, rows)
        bank.by_replay = by_replay
        self.state.tie(bank, Meta("B5", 4, "B4", None, 9, 0))
        return bank

    def found(self, wanted: int = 1, needs: Needs = NEEDS) -> Evidence:
        """What is held of it."""
        covers = self.state.cover_bits("B5")
        return judge(self.state, "B5", needs, covers=covers, wanted=wanted)


def banks(*carried: int) -> list[Bank]:
    """A bank of an endpoint each."""
    return [Bank(1 << i, i, i, Store(), True, carries=mask) for i, mask in enumerate(carried)]


def test_of_a_row_that_came_twice_all_are_known_who_want_it() -> None:
    store = Store()
    note_masks(store, [tx(5, 0, mask=0b01), tx(5, 0, mask=0b10), tx(5, 1, mask=0b100)])
    rows = {tx(5, 0)[2]: 7, tx(5, 1)[2]: 1, tx(5, 2)[2]: 2}
    told = [(0b11, 7), (0b100, 1), (EVERY_MONITOR, 2)]
    assert told_of([store], Kind.TRANSACTION, rows) == told
    assert told_of([Store(), store], Kind.TRANSACTION, rows) == told
    assert told_of([Store()], Kind.TRANSACTION, {b"key": 3}) == [(EVERY_MONITOR, 3)]


def test_two_stores_of_a_block_know_together_who_wants_a_row() -> None:
    one, two = Store(), Store()
    note_masks(one, [tx(5, 0, mask=0b01)])
    note_masks(two, [tx(5, 0, mask=0b10), tx(5, 1, mask=0b100)])
    rows = {tx(5, 0)[2]: 3, tx(5, 1)[2]: 2, tx(5, 2)[2]: 2}
    told = told_of([one, two], Kind.TRANSACTION, rows)
    assert told == [(0b11, 3), (0b100, 2), (EVERY_MONITOR, 2)]


def test_a_bank_owes_the_rows_of_the_monitors_that_it_carries() -> None:
    three = banks(0b01, 0b10, 0b100)
    told = [(0b01, 0b001), (0b11, 0b001)]
    assert owing(three, told) == 0b011
    assert whole_among(three, told) == 0b101
    assert owing(three, []) == 0
    assert [bank.endpoint for bank in parted([*three, *banks(EVERY_MONITOR)], 0b101)] == [0, 2]


def test_what_is_lacking_is_counted_for_those_who_were_to_bring_it() -> None:
    told = {(0b01, 0b1): 3, (0b11, 0b10): 2, (0b10, 0b11): 1}
    assert lacking(told, 0b1, 0b11) == 2
    assert lacking(told, 0b1, 0b01) == 2
    assert lacking(told, 0b10, 0b10) == 0
    assert lacking(told, 0, EVERY_MONITOR) == 6


def test_banks_carry_monitors_together() -> None:
    three = banks(0b011, 0b110, EVERY_MONITOR)
    assert are_carried(three, 0b011, 0b111)
    assert not are_carried(three, 0b001, 0b111)
    assert are_carried(three, 0b100, 0b111)
    assert not are_carried(three, 0, 0)
    assert carriers(three, 0b011, 0b001) == 0b001
    assert carriers(three, 0b111, 0b100) == 0b110


def test_as_many_tell_a_slot_as_tell_it_for_the_monitor_with_the_fewest() -> None:
    three = banks(0b011, 0b110, 0b011)
    assert tellers(three, 0b111, 0b011) == 2
    assert tellers(three, 0b111, 0b111) == 1
    assert tellers(three, 0b101, 0b111) == 0
    assert tellers(three, 0b111, 0) == 0
    assert tellers(banks(EVERY_MONITOR, EVERY_MONITOR), 0b11, 0b1) == 2


def test_a_slot_is_whole_where_each_monitor_is_carried_by_a_bank_that_lacks_nothing() -> None:
    slot = Slot()
    slot.told(ONE, BOTH, FIRST_ALONE)
    assert not slot.found().whole
    slot.told(TWO | ACCOUNTS, BOTH, SECOND_ALONE)
    found = slot.found()
    assert (found.whole, found.proof, found.covers) == (True, "held whole by a feed", 0b11)


def test_two_banks_that_each_lack_a_row_of_a_monitor_are_no_proof_for_it() -> None:
    slot = Slot()
    slot.told(ONE, BOTH)
    slot.told(ONE | TWO, FIRST_ALONE, SECOND_ALONE)
    slot.told(TWO | ACCOUNTS, BOTH, SECOND_ALONE)
    assert slot.found().proof == "no feed held it whole"
    slot.told(ONE, BOTH, FIRST_ALONE)
    assert slot.found().whole


def test_a_row_of_which_nobody_noted_who_wants_it_is_owed_by_all() -> None:
    slot = Slot()
    bank = slot.told(ONE, BOTH)
    bank.store.tables[Kind.TRANSACTION][SECOND_ALONE[2]] = 1 << 7
    assert not whole_covers(slot.state, [(bank.store, -1)], Kind.TRANSACTION, bank.bit)
    note_masks(bank.store, [SECOND_ALONE])
    assert whole_covers(slot.state, [(bank.store, -1)], Kind.TRANSACTION, bank.bit) == bank.bit


@pytest.mark.parametrize(("wanted", "waits"), [(1, False), (2, True)])
def test_as_many_covers_are_waited_for_as_the_monitor_with_the_fewest_lacks(
    wanted: int, waits: bool
) -> None:
    slot = Slot()
    slot.told(ONE | TWO | ACCOUNTS, BOTH)
    slot.told(ONE | ACCOUNTS, BOTH)
    assert slot.found(wanted).has_covers_to_come is waits
    slot.told(TWO, BOTH)
    assert not slot.found(wanted).has_covers_to_come


def test_no_more_covers_are_waited_for_than_there_are_to_be() -> None:
    slot = Slot()
    for carries in (ONE | TWO, ONE | ACCOUNTS, TWO | ACCOUNTS):
        slot.told(carries, BOTH)
    assert not slot.found(wanted=3).has_covers_to_come
    alike = Slot()
    for _ in range(2):
        alike.told(EVERY_MONITOR, BOTH)
    assert alike.found(wanted=3).has_covers_to_come


def test_accounts_that_a_replay_alone_carries_are_told_by_replay() -> None:
    first, last = write(5, "x", "first", 1, VAULT), write(5, "x", "last", 2, VAULT)
    both, one = tx(5, 0, "first", ONE), tx(5, 1, "last", ONE)
    slot = Slot()
    slot.told(ONE | TWO, both, one)
    slot.told(ONE, both, one, by_replay=True)
    assert not slot.found().whole
    slot.told(ACCOUNTS, last, by_replay=True)
    found = slot.found()
    assert (found.whole, found.by_replay, found.proof) == (True, True, BY_REPLAY)
    assert found.covers == 0b111
    slot.told(ACCOUNTS, first, by_replay=True)
    assert slot.found().covers == 0b111  # the other one holds a write that is not the last


def test_who_carries_no_accounts_does_not_say_which_write_is_the_last() -> None:
    slot = Slot()
    slot.told(ONE, BOTH)
    slot.told(ACCOUNTS, write(5, "x", "t", 1, VAULT))
    parts = [(slot.state.shared, 0b11)]
    assert ordering_covers(slot.state, parts, NEEDS) == 0b10


def test_a_slot_without_a_known_block_is_held_when_all_monitors_are_covered() -> None:
    slot = Slot()
    assert not is_covered(slot.state, NEEDS)
    slot.told(ONE | TWO, BOTH)
    assert not is_covered(slot.state, NEEDS)
    slot.told(ACCOUNTS)
    assert is_covered(slot.state, NEEDS)


def test_rows_are_counted_by_who_wants_and_who_holds_them() -> None:
    slot = Slot()
    slot.told(ONE, BOTH, FIRST_ALONE)
    slot.told(TWO, BOTH)
    counts = tally_by_bank([(slot.state.shared, 0b11)], NEEDS.kinds)
    assert counts == {(ONE | TWO, 0b11): 1, (ONE, 0b01): 1}


def test_as_many_rows_for_other_monitors_say_nothing_about_who_left_one_out() -> None:
    slot = Slot()
    for carries in (ONE, TWO):
        slot.told(carries, BOTH).taken = 1
    assert shares_alike(slot.state, (0, 1)) is None
    assert shares_alike(slot.state, (0,)) is not None


def test_an_audit_asks_for_what_the_endpoint_carried() -> None:
    slot = Slot()
    slot.told(ONE, BOTH)
    assert missing_of(slot.state, 0, [BOTH, FIRST_ALONE, SECOND_ALONE]) == 1
    assert missing_of(slot.state, 1, [BOTH, FIRST_ALONE, SECOND_ALONE]) == 3


def test_the_rows_of_one_monitor_are_asked_of_its_carriers_alone() -> None:
    spread = Spread(Random(1), endpoints=3, loss=0.0)
    spread.goes_on(12)
    spread.play.at(spread.play.now + 3)
    spread.judge()
    asked = [each.carried for each in spread.play.kernel.connections.all]
    assert EVERY_MONITOR not in asked
    assert {each.missed_by for each in spread.play.certificates().values()} == {()}
    assert spread.play.kernel.tally.missed == [0] * 3


def test_who_dropped_a_row_of_a_monitor_is_named_and_who_does_not_carry_it_is_not() -> None:
    spread = Spread(Random(1), endpoints=3, loss=0.0)
    spread.final_after = 15  # so long that health is compared before
    spread.goes_on(4)
    carriers_of_one = [i for i in range(3) if carried(spread)[i] & ONE]
    spread.drops = (spread.slot, carriers_of_one[0])
    dropped_in = spread.slot
    spread.goes_on(30)
    spread.judge()
    certificate = spread.play.certificates()[dropped_in]
    assert certificate.missed_by == (carriers_of_one[0],)
    assert spread.play.kernel.tally.missed[carriers_of_one[0]] == 1
    miss_rates = [each.miss_rate for each in spread.play.kernel.health.snapshot(spread.play.now)]
    assert [rate > 0 for rate in miss_rates] == [i == carriers_of_one[0] for i in range(3)]


def test_who_left_a_whole_slot_out_is_asked_for_what_it_carried() -> None:
    spread = Spread(Random(1), endpoints=3, loss=0.0)
    spread.goes_on(4)
    left_out, spread.leaves_out = spread.slot, (spread.slot, 2)
    spread.goes_on(30)
    owed = sum(bool(row[3] & carried(spread)[2]) for row in spread.truth[left_out])
    assert spread.play.certificates()[left_out].missed_by == (2,)
    assert spread.play.kernel.tally.missed == [0, 0, owed + 1]


def carried(spread: Spread) -> list[int]:
    """What each endpoint is asked for."""
    return [each.carried for each in spread.play.kernel.connections.all]


@pytest.mark.parametrize("seed", range(6))
def test_no_slot_is_called_complete_of_which_a_monitor_lacks_an_event(seed: int) -> None:
    dice = Random(seed)
    spread = Spread(dice, loss=(0.0, 0.02)[seed % 2])
    spread.cutting = (0.0, 0.1, 0.2)[seed % 3]
    for _ in range(12):
        spread.goes_on(dice.randrange(1, 8))
        spread.changes()
    spread.goes_on(8)
    spread.play.at(spread.play.now + 3)
    spread.judge()
    assert spread.play.certified()[FIRST + 20]
