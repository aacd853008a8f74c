"""Which level held from which slot on outlives the process that decided it."""

from pathlib import Path

import apsw
import pytest

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.errors import StoreFailed
from monitor.core.level_history import Switch
from monitor.stored import StoredSlot, StoredSwitch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def decided(first_slot: int, level: Commitment = Commitment.FINALIZED) -> StoredSwitch:
    return StoredSwitch(Switch(first_slot, level, Commitment.CONFIRMED, "forks"), first_slot * 10)


def first_slots(store: SqliteLedger) -> list[int]:
    return [stored.switch.first_slot for stored in store.switches()]


def test_switches_are_there_after_a_restart_as_they_were_decided_and_in_order(path: Path) -> None:
    store = SqliteLedger(path)
    assert store.switches() == []
    store.keep_switches([decided(9), decided(7, Commitment.PROCESSED)])
    store.close()
    assert SqliteLedger(path).switches() == [decided(7, Commitment.PROCESSED), decided(9)]


def test_of_two_switches_at_one_slot_the_later_holds(path: Path) -> None:
    store = SqliteLedger(path)
    store.keep_switches([decided(7)])
    store.keep_switches([decided(7, Commitment.PROCESSED)])
    assert store.switches() == [decided(7, Commitment.PROCESSED)]


def test_a_switch_is_stored_with_what_is_committed_together_or_not_at_all(path: Path) -> None:
    store = SqliteLedger(path)
    with pytest.raises(RuntimeError), store.together():
        store.keep_switches([decided(7)])
        raise RuntimeError
    assert store.switches() == []


def test_the_last_switch_is_kept_however_old_it_is(path: Path) -> None:
    store = SqliteLedger(path)
    store.keep_switches([decided(7), decided(9)])
    store.forget_before(10**6)
    assert first_slots(store) == [7, 9]
    store.commit([], [], settled=20)
    store.forget_before(10**6)
    assert first_slots(store) == [9]


def test_a_switch_is_kept_as_long_as_slots_at_its_level_are_open(path: Path) -> None:
    store = SqliteLedger(path)
    store.keep_switches([decided(slot) for slot in (3, 7, 9, 11)])
    opened = StoredSlot(8, SlotEnd.PARTIAL, "p", None, None, None, (), (), (), None, 0)
    store.commit([opened], [], settled=20)
    store.forget_before(10**6)
    assert first_slots(store) == [7, 9, 11]


def test_young_switches_are_kept(path: Path) -> None:
    store = SqliteLedger(path)
    store.keep_switches([decided(7), decided(9), decided(11)])
    store.commit([], [], settled=20)
    store.forget_before(80)
    assert first_slots(store) == [9, 11]


def test_a_switch_that_cannot_be_stored_is_told_with_the_file(path: Path) -> None:
    store = SqliteLedger(path)
    other = apsw.Connection(str(path))
    other.execute("DROP TABLE switches")
    with pytest.raises(StoreFailed, match=r"ledger\.sqlite: .*switches; move it away"):
        store.keep_switches([decided(7)])
    with pytest.raises(StoreFailed, match=r"ledger\.sqlite: .*switches; move it away"):
        store.switches()
