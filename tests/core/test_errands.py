"""What is leased is begun: slots that were forgotten come back first, then a rung is asked."""

from dataclasses import replace
from typing import Any

from monitor.core.chain import Commitment
from monitor.core.commands import Fetch, OpenFeed, Recall
from monitor.core.events import Recalled
from monitor.core.given import pack
from monitor.core.rungs import Rung
from monitor.core.slots import SlotState
from tests.core.play import ALL, confirmed, finalized, tx
from tests.core.test_repair import RPC, Recovery
from tests.core.test_replays import BOTH


def left_open(first: int, end: int, **settings: Any) -> Recovery:
    """A process before left these slots open, and all from 20 on."""
    return Recovery(ALL, resume_slot=20, still_open=((first, end),), **settings)


def test_slots_that_were_forgotten_are_recalled_before_anybody_is_asked() -> None:
    play = left_open(5, 8)
    assert play.asked(Fetch) == []
    assert [each.slots for each in play.asked(Recall)] == [(7, 6, 5)]
    play.hears(Recalled((7, 6, 5), {}))
    assert [each.slot for each in play.asked(Fetch)] == [7, 6, 5]


def test_a_replay_begins_when_all_of_its_slots_are_known_again() -> None:
    play = left_open(5, 8, recovery=BOTH)
    play.asked(OpenFeed)
    assert play.asked(Recall) == [Recall((5, 6, 7))]
    play.hears(Recalled((5, 6), {}))
    assert play.asked(OpenFeed) == []
    play.hears(Recalled((7,), {}))
    assert [each.from_slot for each in play.asked(OpenFeed)] == [5]


def test_a_slot_that_is_known_to_hold_a_block_is_no_unknown_one_when_it_comes_back() -> None:
    play = left_open(5, 7)
    play.asked(Recall)
    state = SlotState(5)
    state.confirmed, state.told_level, state.released_level = "B5", Commitment.CONFIRMED, 1
    play.hears(Recalled((6, 5), {5: pack(state, at_once=False)}))
    places = play.kernel.repair.queue._table
    assert [places[slot].is_unknown for slot in (5, 6)] == [False, True]


def test_a_slot_that_was_dropped_for_want_of_memory_is_told_anew() -> None:
    play = Recovery(ALL, held_bytes=30)
    play.block(1, 3).block(1, 4, tx(4, 0, "a"), tx(4, 1, "b")).block(1, 5, tx(5, 0, "c"))
    play.says(1, confirmed(5))
    assert play.take() == []
    assert [each.slot for each in play.asked(Fetch)] == [4]
    play.fetched(4, tx(4, 0, "a"), tx(4, 1, "b"))
    assert play.take() == ["4 a", "4 b", "5 c"]
    play.kernel.check()


def test_each_rung_has_leases_of_its_own() -> None:
    workers = {Rung.REPLAY: 1, Rung.RPC: 1}
    play = Recovery(ALL, recovery=replace(BOTH, workers=workers))
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 7, tx(7, 0)).says(1, confirmed(7))
    assert len(play.asked(OpenFeed)) == 2
    assert play.asked(Fetch) == []


def test_what_is_leased_is_kept_in_memory_until_it_ends() -> None:
    play = Recovery(ALL, recovery=replace(RPC, workers={Rung.RPC: 1}))
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 7, tx(7, 0)).says(1, confirmed(7))
    busy = play.kernel.join.ledger.forgotten.busy
    assert busy == {6}
    play.fetched(6, tx(6, 0, "y0"))
    assert busy == set()
