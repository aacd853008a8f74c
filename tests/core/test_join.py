"""The join: where the stream begins, what confirms what, and which holes a replay should fill."""

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment, SlotStatus
from monitor.core.commands import AmendFeed
from monitor.core.gate import Gate
from monitor.core.holes import Holes
from monitor.core.join import Join
from monitor.core.level_history import LevelHistory
from monitor.core.needs import Needs
from monitor.core.scope import Scope
from monitor.core.slots import SlotState
from monitor.core.tally import Tally
from monitor.core.terms import Terms
from tests.core.play import (
    ALL,
    Play,
    confirmed,
    created,
    dead,
    finalized,
    meta,
    processed,
    status,
    tx,
)


def join(floor: int | None = None, feeds: int = 1) -> Join:
    terms = Terms(Needs.of([ALL]), hold=2.0)
    tally = Tally([0] * feeds, [0] * feeds)
    gate = Gate(LevelHistory([ALL], Commitment.CONFIRMED), tally, terms)
    joined = Join(gate, feeds, floor=floor)
    for feed in range(1, feeds + 1):
        joined.sights.begin(feed, feed - 1, is_replay=False)
    return joined


def whole(joined: Join, feed: int, slot: int) -> None:
    """The feed brings the whole slot."""
    joined.take_bank(feed, created(slot))
    joined.take_data(feed, [tx(slot, 0)], 0, 0.0)
    joined.take_meta(feed, meta(slot), replayed=False, now=0.0)


def test_the_first_slot_seen_to_begin_is_the_first_of_ours() -> None:
    joined = join()
    joined.take_status(1, processed(3), 0.0)
    joined.take_data(1, [tx(4, 0)], 0, 0.0)
    assert (joined.floor, joined.slots) == (None, {})
    joined.take_bank(1, created(5))
    assert (joined.floor, list(joined.slots)) == (5, [5])


def test_a_named_first_slot_is_kept_whatever_comes_before_it() -> None:
    joined = join(floor=5)
    joined.take_bank(1, created(4))
    joined.take_status(1, processed(4), 0.0)
    joined.take_data(1, [tx(4, 0)], 0, 0.0)
    assert joined.slots == {}
    assert joined.gate.tally.stale == 1


def test_a_meta_before_any_slot_began_is_stale() -> None:
    joined = join()
    assert joined.take_meta(1, meta(5), replayed=False, now=0.0) is None
    assert joined.gate.tally.stale == 1


def test_tip_and_root_are_the_highest_slots_told() -> None:
    play = Play(ALL)
    play.block(1, 5).block(1, 7, parent=5).says(1, confirmed(7), finalized(5))
    assert (play.kernel.join.tip, play.kernel.join.root) == (7, 5)


def test_a_repeated_beginning_before_any_row_is_no_second_bank() -> None:
    joined = join()
    joined.take_bank(1, created(5))
    joined.take_bank(1, created(5))
    assert len(joined.slots[5].banks) == 1
    joined.take_data(1, [tx(5, 0)], 0, 0.0)
    joined.take_bank(1, created(5))
    assert len(joined.slots[5].banks) == 2


def test_a_beginning_reopens_a_dead_slot() -> None:
    joined = join()
    joined.take_bank(1, created(5))
    joined.take_data(1, [tx(5, 0)], 0, 0.0)
    joined.take_status(1, dead(5), 0.0)
    assert joined.slots[5].dead == "dead"
    joined.take_bank(1, created(5))
    assert joined.slots[5].dead is None


def test_the_first_bank_of_a_feed_that_lags_takes_no_death_back() -> None:
    joined = join(feeds=3)
    joined.take_bank(1, created(5))
    joined.take_data(1, [tx(5, 0)], 0, 0.0)
    joined.take_status(1, dead(5), 0.0)
    joined.take_bank(2, created(5))
    assert joined.slots[5].dead == "dead"
    joined.take_data(2, [tx(5, 0)], 0, 0.0)
    joined.take_bank(2, created(5))
    assert joined.slots[5].dead is None


def test_a_bank_of_the_feed_that_told_the_death_takes_it_back_though_it_is_its_first() -> None:
    joined = join()
    joined.take_bank(1, created(4))
    joined.take_status(1, dead(5), 0.0)
    joined.take_bank(1, created(5))
    assert joined.slots[5].dead is None


def test_a_confirmation_means_the_block_that_its_own_endpoint_sent() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0, "x"), block="first")
    play.block(2, 5, tx(5, 0, "y"), block="second")
    play.says(1, confirmed(5))
    assert play.take() == ["5 x"]


def test_a_confirmation_by_a_feed_without_a_block_means_the_only_one_known() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).says(2, confirmed(5))
    assert play.take() == ["5 t0"]


def test_a_confirmation_of_a_contested_slot_waits_for_the_block_of_its_own_endpoint() -> None:
    play = Play(ALL, feeds=3)
    play.block(1, 5, tx(5, 0, "x"), block="first")
    play.block(2, 5, tx(5, 0, "y"), block="second")
    play.says(3, created(5), confirmed(5))
    assert play.take() == []
    play.says(3, tx(5, 0, "y"), meta(5, "second"))
    assert play.take() == ["5 y"]


def test_what_comes_behind_the_meta_of_a_block_that_lost_is_not_released() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0, "x"), block="first")
    play.block(2, 5, tx(5, 0, "y"), block="second")
    play.says(1, confirmed(5))
    assert play.take() == ["5 x"]
    play.says(2, tx(5, 1, "z"))
    assert play.take() == []


def test_a_confirmed_block_confirms_ancestors_whose_meta_comes_later() -> None:
    play = Play(ALL)
    play.says(1, created(4), tx(4, 0, "a"))
    play.block(1, 5, tx(5, 0, "b")).says(1, confirmed(5))
    assert play.take() == []
    play.says(1, meta(4))
    assert play.take() == ["4 a", "5 b"]


def test_finality_reaches_ancestors_that_were_confirmed_before() -> None:
    play = Play(ALL)
    for slot in (4, 5, 6):
        play.block(1, slot, tx(slot, 0, f"s{slot}")).says(1, confirmed(slot))
    play.says(1, finalized(6))
    play.at(2.0)
    assert play.certified() == dict.fromkeys((4, 5, 6), SlotEnd.COMPLETE)


def test_nothing_is_to_be_resumed_before_the_first_slot() -> None:
    assert Holes(join()).below(9) is None


@pytest.mark.parametrize(
    ("brought", "covered", "lowest"),
    [
        ((4, 5, 6), 6, None),
        ((4, 6), 6, 4),
        ((4, 5, 7, 8), 8, 5),
        ((4,), 4, None),
    ],
)
def test_a_replay_begins_below_the_first_parent_that_was_never_met(
    brought: tuple[int, ...], covered: int, lowest: int | None
) -> None:
    joined = join()
    for slot in brought:
        whole(joined, 1, slot)
    assert Holes(joined).below(covered) == lowest


def test_a_replay_begins_at_the_lowest_slot_that_nobody_holds_whole() -> None:
    joined = join(feeds=2)
    for slot in (4, 5):
        whole(joined, 1, slot)
    joined.take_bank(1, created(6))
    whole(joined, 2, 7)
    assert Holes(joined).below(7) == 6


def test_a_skipped_slot_and_a_dead_one_are_no_holes() -> None:
    joined = join()
    whole(joined, 1, 4)
    joined.take_bank(1, created(5))
    joined.take_data(1, [tx(5, 0)], 0, 0.0)
    joined.take_status(1, dead(5), 0.0)
    joined.take_bank(1, status(7, SlotStatus.CREATED_BANK, 4))
    joined.take_meta(1, meta(7, parent=4), replayed=False, now=0.0)
    assert Holes(joined).below(7) is None


def test_a_slot_that_the_confirmed_chain_passed_by_is_no_hole() -> None:
    play = Play(ALL)
    play.block(1, 4).says(1, created(5), tx(5, 0, "loser")).block(1, 6, parent=4)
    assert play.kernel.holes.below(6) == 5
    play.says(1, confirmed(6))
    assert play.kernel.holes.below(6) is None
    play.says(1, created(7), tx(7, 0)).block(1, 8)
    assert play.kernel.holes.below(8) == 7


def test_holes_below_a_given_slot_can_be_left_aside() -> None:
    joined = join()
    for slot in (4, 6, 9):
        whole(joined, 1, slot)
    assert Holes(joined).below(9, above=0) == 4
    assert Holes(joined).below(9, above=6) == 6
    assert Holes(joined).below(9, above=9) is None


def test_parents_below_the_first_slot_are_no_hole() -> None:
    joined = join(floor=5)
    whole(joined, 1, 5)
    assert Holes(joined).below(5) is None


def test_a_server_without_lifecycle_makes_its_first_metas_partial() -> None:
    joined = join(floor=1)
    for slot in (4, 5, 6):
        joined.take_meta(1, meta(slot), replayed=False, now=0.0)
    covers = {slot: state.banks[0].covers for slot, state in joined.slots.items() if slot > 3}
    assert covers == {4: False, 5: False, 6: True}


def test_data_that_is_repeated_behind_its_meta_tells_nothing_of_fences() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0)).says(1, tx(5, 0), meta(5))
    assert play.kernel.gate.unfenced == frozenset()
    play.says(1, tx(5, 1))
    assert play.kernel.gate.unfenced == {0}
    assert "an endpoint sent data after its block_meta" in play.sentences()


def test_data_that_a_replay_adds_behind_a_meta_tells_nothing_of_fences() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5)).ends(1).at(1.0)
    play.block(2, 9, tx(9, 1), transactions=2)
    assert play.kernel.connections.replaying_from() == 5
    play.says(2, tx(8, 0), meta(8), tx(9, 0))
    assert play.kernel.gate.unfenced == frozenset()


def test_a_status_means_no_block_that_only_another_feed_named() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4).block(2, 4)
    play.says(2, created(5), tx(5, 0, "y"), confirmed(5))
    play.block(1, 5, tx(5, 0, "x"), block="one")
    assert play.take() == []
    play.says(2, meta(5, "other")).at(2.0)
    assert play.take() == ["5 y"]


def test_a_block_of_an_rpc_of_a_closed_slot_is_stale() -> None:
    play = Play(ALL, rpcs=1).block(1, 5, tx(5, 0)).says(1, finalized(5)).at(2.0)
    play.kernel.join.take_block(-1, play.kernel.origins.rpc(0), [meta(5)], 2.0)
    assert (play.kernel.tally.stale, play.kernel.join.slots) == (1, {})


def part_join() -> Join:
    """A feed that is asked for a part alone."""
    joined = join()
    joined.sights.amend(AmendFeed(1, 2, None, Scope.CHAIN), ())
    return joined


def test_who_brings_a_part_alone_does_not_say_where_we_begin() -> None:
    joined = part_join()
    joined.take_bank(1, created(5))
    assert joined.floor is None
    assert joined.slots == {}


def test_a_slot_of_which_a_part_alone_is_asked_for_is_not_covered() -> None:
    joined = part_join()
    joined.begin_at(5)
    for slot in range(5, 9):
        joined.take_bank(1, created(slot))
        bank = joined.take_meta(1, meta(slot), replayed=False, now=0.0)
        assert bank is not None
        assert not bank.covers


def test_nor_on_a_server_that_tells_of_no_beginning() -> None:
    joined = part_join()
    joined.begin_at(5)
    banks = [joined.take_meta(1, meta(slot), replayed=False, now=0.0) for slot in range(5, 10)]
    assert [bank is not None and bank.covers for bank in banks] == [False] * 5


def test_a_beginning_told_under_the_request_before_makes_no_slot_whole() -> None:
    joined = join()
    joined.begin_at(5)
    joined.sights.amend(AmendFeed(1, 2, None, Scope.CHAIN), ())
    joined.sights.amend(AmendFeed(1, 3, None), ())
    joined.take_bank(1, created(5))
    joined.take_bank(1, status(6, SlotStatus.CREATED_BANK, 5, generation=3))
    begun = [joined.slots[slot].current[1].began_whole for slot in (5, 6)]
    assert begun == [False, True]


def test_a_bank_carries_what_every_request_asks_for_that_it_may_be_told_under() -> None:
    joined = join()
    joined.begin_at(5)
    joined.take_bank(1, created(5))
    joined.sights.amend(AmendFeed(1, 2, None, carried=0b011), joined.slots.values())
    joined.take_bank(1, created(6))
    joined.sights.amend(AmendFeed(1, 3, None, carried=0b110), joined.slots.values())
    joined.take_bank(1, status(7, SlotStatus.CREATED_BANK, 6, generation=2))
    joined.take_bank(1, status(8, SlotStatus.CREATED_BANK, 7, generation=3))
    banks = [joined.slots[slot].current[1] for slot in (5, 6, 7, 8)]
    assert [bank.carries for bank in banks] == [0b010, 0b010, 0b010, 0b110]
    assert [bank.began_whole for bank in banks] == [True] * 4


def test_a_beginning_that_comes_after_its_bank_says_what_it_carries() -> None:
    joined = join()
    joined.begin_at(5)
    joined.sights.amend(AmendFeed(1, 2, None, carried=0b01), ())
    joined.sights.open[1].has_lifecycle = True
    joined.slots[5] = state = SlotState(5)
    state.open_bank(1, 0, began_whole=False)
    joined.take_bank(1, status(5, SlotStatus.CREATED_BANK, 4, generation=2))
    assert (state.current[1].began_whole, state.current[1].carries) == (True, 0b01)


def test_a_server_that_tells_no_beginning_carries_more_from_the_third_slot_on() -> None:
    joined = join(floor=1)
    joined.sights.open[1].asked = {1: 0b01}
    for slot in range(1, 5):
        joined.take_meta(1, meta(slot), replayed=False, now=0.0)
    joined.sights.amend(AmendFeed(1, 2, None, carried=0b11), joined.slots.values())
    joined.take_meta(1, meta(5), replayed=False, now=0.0)
    joined.take_meta(1, meta(6, generation=2), replayed=False, now=0.0)
    for slot in (7, 8, 9):
        joined.take_meta(1, meta(slot, generation=2), replayed=False, now=0.0)
    joined.sights.amend(AmendFeed(1, 3, None, carried=0b10), joined.slots.values())
    joined.take_meta(1, meta(10, generation=2), replayed=False, now=0.0)
    banks = [joined.slots[slot].current[1] for slot in range(4, 11)]
    assert [bank.carries for bank in banks] == [0b01, 0b01, 0b01, 0b01, 0b11, 0b11, 0b10]
    assert [bank.covers for bank in banks] == [True] * 7


def test_a_replay_covers_the_monitors_that_it_was_asked_for() -> None:
    joined = join()
    joined.begin_at(5)
    joined.sights.open[1].asked = {1: 0b001}
    whole(joined, 1, 5)
    bank = joined.slots[5].current[1]
    assert (bank.carries, bank.by_replay) == (0b001, False)
    joined.take_meta(1, meta(5), replayed=True, now=0.0)
    assert (bank.carries, bank.by_replay) == (0b001, False)
    joined.sights.open[1].asked = {2: 0b010}
    joined.take_meta(1, meta(5), replayed=True, now=0.0)
    assert (bank.carries, bank.by_replay) == (0b011, True)
    late = joined.slots[5].open_bank(2, 1, began_whole=False)
    late.was_replayed(0b100)
    assert (late.carries, late.began_whole, late.by_replay) == (0b100, True, True)
