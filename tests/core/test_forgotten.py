"""Open slots that memory lets go of, and how they come back."""

from monitor.core.chain import Commitment, Kind
from monitor.core.forgotten import KEPT, Forgotten
from monitor.core.given import unpack
from monitor.core.monitors import Monitor, TransactionsFilter
from tests.core.play import ALL, Play, created, tx


def holding(slots: range, *monitors: Monitor) -> tuple[Play, Forgotten]:
    """One transaction of each of these slots is held."""
    play = Play(*(monitors or (ALL,)))
    for slot in slots:
        play.says(1, created(slot), tx(slot, 0))
    return play, play.kernel.join.ledger.forgotten


def test_the_latest_open_slots_are_kept() -> None:
    play, forgotten = holding(range(5, 5 + KEPT + 3))
    assert sorted(forgotten.forget(4 + KEPT + 3)) == [5, 6, 7]
    assert sorted(play.kernel.join.slots) == list(range(8, 8 + KEPT))
    assert list(forgotten.ranges) == [(5, 8)]


def test_slots_above_the_bound_are_neither_counted_nor_forgotten() -> None:
    _, forgotten = holding(range(5, 5 + KEPT + 3))
    assert forgotten.forget(4 + KEPT) == {}


def test_frames_of_what_is_forgotten_are_let_go() -> None:
    play, forgotten = holding(range(5, 5 + KEPT + 1))
    before = play.kernel.gate.held_bytes
    forgotten.forget(5 + KEPT)
    assert play.kernel.gate.held_bytes == before - len(b"frame of t0\0\0")
    play.kernel.check()


def test_slots_that_recovery_works_on_are_not_forgotten() -> None:
    play, forgotten = holding(range(5, 5 + KEPT + 2))
    forgotten.busy.add(5)
    assert sorted(forgotten.forget(6 + KEPT)) == [6, 7]
    assert 5 in play.kernel.join.slots


def test_a_slot_comes_back_with_what_was_stored_of_it() -> None:
    play, forgotten = holding(range(5, 5 + KEPT + 1))
    state = play.kernel.join.slots[5]
    state.confirmed, state.told_level, state.released_level = "B5", 1, 1
    (stored,) = forgotten.packed((5,), (5,)).values()
    forgotten.forget(5 + KEPT)
    again = forgotten.take_back(5, stored)
    assert again is play.kernel.join.slots[5]
    assert again is not None
    assert (again.confirmed, again.released_level, again.given) == ("B5", 1, set())
    assert 5 not in forgotten.ranges


def test_a_slot_of_which_nothing_was_stored_begins_anew() -> None:
    play, forgotten = holding(range(5, 5 + KEPT + 1))
    forgotten.forget(5 + KEPT)
    again = forgotten.take_back(5, None)
    assert again is play.kernel.join.slots[5]
    assert again is not None
    assert (again.confirmed, again.given) == (None, None)


def test_a_slot_that_is_not_forgotten_stays_as_it_is() -> None:
    play, forgotten = holding(range(5, 7))
    state = play.kernel.join.slots[5]
    assert forgotten.take_back(5, None) is None
    assert play.kernel.join.slots[5] is state


def test_only_open_slots_that_are_held_have_anything_to_be_stored() -> None:
    _, forgotten = holding(range(5, 8))
    assert list(forgotten.packed({7, 5, 6, 9}, {5, 7, 9})) == [5, 7]


def test_what_went_out_at_once_is_stored_where_a_monitor_is_at_processed() -> None:
    fast = Monitor("fast", transactions=TransactionsFilter(), commitment=Commitment.PROCESSED)
    signature = tx(5, 0)[2][:64]
    for monitor, expected in ((fast, {signature}), (ALL, set())):
        _, forgotten = holding(range(5, 6), monitor)
        (stored,) = forgotten.packed((5,), (5,)).values()
        at_once = unpack(5, stored).given_at_once
        assert at_once is not None
        assert at_once[Kind.TRANSACTION] == expected
