"""The kernel as a whole: several feeds in, one stream out, told as dialogue."""

from monitor.core.chain import Commitment, SlotStatus
from monitor.core.commands import AmendFeed, Certify
from monitor.core.monitors import AccountsFilter, Monitor, SlotsFilter, TransactionsFilter
from tests.core.play import (
    ALL,
    SLOTS,
    VAULT,
    Play,
    confirmed,
    created,
    dead,
    entry,
    finalized,
    meta,
    processed,
    status,
    tx,
    write,
)


def test_opens_a_feed_to_every_endpoint_at_the_start() -> None:
    play = Play(ALL, feeds=3)
    assert [command.endpoint for command in play.of(type(play.commands[0]))] == [0, 1, 2]


def test_hands_on_a_slot_when_it_is_confirmed_and_not_before() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0), tx(5, 1))
    assert play.take() == []
    play.says(1, confirmed(5))
    assert play.take() == ["5 t0", "5 t1"]


def test_hands_on_transactions_by_index_then_entries_accounts_and_meta() -> None:
    everything = Monitor("m", transactions=TransactionsFilter())
    play = Play(everything)
    play.says(1, created(5), write(5, "b", "t1", 1), tx(5, 1), entry(5, 1), entry(5, 0))
    play.says(1, write(5, "a", "t0", 2), tx(5, 0), meta(5, mask=1, transactions=2), confirmed(5))
    assert play.take() == [
        "5 t0",
        "5 t1",
        "5 entry 0",
        "5 entry 1",
        "5 a by t0",
        "5 b by t1",
        "5 meta B5",
    ]


def test_takes_the_first_copy_of_each_update_and_counts_the_others() -> None:
    play = Play(ALL, feeds=3)
    play.block(1, 5, tx(5, 0), tx(5, 1)).block(2, 5, tx(5, 0), tx(5, 1)).block(3, 5, tx(5, 0))
    play.says(2, confirmed(5)).says(1, confirmed(5))
    assert play.take() == ["5 t0", "5 t1"]
    assert play.kernel.tally.duplicates[:3] == [0, 3, 2]  # with the metas


def test_releases_at_processed_when_the_first_copy_arrives() -> None:
    play = Play(ALL, feeds=2, level=Commitment.PROCESSED)
    play.says(1, created(5), tx(5, 1))
    assert play.take() == ["5 t1"]
    play.says(2, created(5), tx(5, 1), tx(5, 0))
    assert play.take() == ["5 t0"]


def test_releases_at_finalized_only_what_is_finalized() -> None:
    play = Play(ALL, level=Commitment.FINALIZED)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5))
    assert play.take() == []
    play.says(1, finalized(5))
    assert play.take() == ["5 t0"]


def test_serves_monitors_of_different_levels_from_the_same_rows() -> None:
    late = Monitor("late", commitment=Commitment.FINALIZED, transactions=TransactionsFilter())
    play = Play(ALL, late)
    play.block(1, 5, tx(5, 0, mask=0b11)).says(1, confirmed(5))
    assert play.take() == ["5 t0"]
    play.says(1, finalized(5))
    assert play.take() == ["5 t0 for 10"]


def test_waits_for_a_feed_that_holds_the_slot_whole() -> None:
    play = Play(ALL, feeds=2)
    play.says(2, created(5))
    play.says(1, tx(5, 1), meta(5, transactions=2), confirmed(5))
    assert play.take() == []
    play.block(2, 5, tx(5, 0), tx(5, 1))
    assert play.take() == ["5 t0", "5 t1"]


def test_passes_over_a_slot_that_nobody_holds_whole_and_brings_the_rest_late() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4))
    play.says(2, tx(5, 1), meta(5, transactions=2))
    play.block(2, 6, tx(6, 0, "c")).says(2, confirmed(6))
    assert play.take() == ["4 a"]
    play.at(1.9)
    assert play.take() == []
    play.at(2.0)
    assert play.take() == ["5 t1", "6 c"]
    play.says(1, created(5), tx(5, 0), tx(5, 1), meta(5, transactions=2))
    assert play.take() == ["5 t0 late"]
    assert "a slot was passed over incomplete" in play.sentences()


def test_a_missing_parent_holds_its_child_back() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4))
    play.block(1, 6, tx(6, 0, "c")).says(1, confirmed(6))
    assert play.take() == ["4 a"]
    play.block(2, 5, tx(5, 0, "b"))
    assert play.take() == ["5 b", "6 c"]


def test_a_skipped_slot_holds_nothing_back() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4))
    play.block(1, 6, tx(6, 0, "c"), parent=4).says(1, confirmed(6))
    assert play.take() == ["4 a", "6 c"]


def test_infers_confirmation_of_ancestors_from_a_descendant() -> None:
    play = Play(ALL, SLOTS)
    play.block(1, 4, tx(4, 0, "a")).block(1, 5, tx(5, 0, "b")).says(1, confirmed(5))
    assert play.take() == [
        "4 a",
        "4 processed for 10",
        "4 confirmed for 10",
        "5 b",
        "5 processed for 10",
        "5 confirmed for 10",
    ]


def test_never_hands_on_a_losing_fork() -> None:
    play = Play(ALL, SLOTS)
    play.block(1, 4, tx(4, 0, "a")).block(1, 5, tx(5, 0, "loser"))
    play.block(1, 6, tx(6, 0, "c"), parent=4).says(1, confirmed(6), finalized(6))
    assert [line for line in play.take() if line.startswith("5")] == []


def test_a_dead_slot_is_counted_once_it_is_behind() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).says(1, created(5), tx(5, 0, "x"), dead(5))
    play.block(1, 7, tx(7, 0, "c"), parent=4).says(1, finalized(7)).at(2.0)
    assert play.kernel.tally.slots == {"complete": 2, "dead": 1, "skipped": 1}


def test_a_recreated_slot_yields_the_second_block_alone() -> None:
    play = Play(ALL)
    play.says(1, created(5), tx(5, 0, "x"), tx(5, 1, "y"))
    play.says(1, created(5), tx(5, 0, "y"), meta(5, "second"), confirmed(5))
    assert play.take() == ["5 y"]


def test_a_recreated_slot_that_all_feeds_saw_is_handed_on_once_at_processed() -> None:
    play = Play(ALL, feeds=3, level=Commitment.PROCESSED)
    for feed in (1, 2):
        play.says(feed, created(5), tx(5, 0, "x"))
        play.says(feed, created(5), tx(5, 0, "x"), tx(5, 1, "y"), meta(5, "second", mask=1))
    play.says(3, created(5), tx(5, 0, "x"), tx(5, 1, "y"), meta(5, "second", mask=1))
    assert play.take() == ["5 x", "5 undo", "5.1 x", "5.1 y", "5.1 meta second"]


def test_a_recreated_slot_that_all_feeds_saw_is_handed_on_once_at_confirmed() -> None:
    finally_ = Monitor("f", commitment=Commitment.FINALIZED, transactions=TransactionsFilter())
    play = Play(ALL, finally_, feeds=3)
    both = 0b11
    rows = (
        tx(5, 0, "x", mask=both),
        tx(5, 1, "y", mask=both),
        meta(5, "second", transactions=2, mask=both),
    )
    for feed in (1, 2):
        play.says(feed, created(5), tx(5, 0, "x", mask=0b11))
        play.says(feed, created(5), *rows, confirmed(5))
    play.says(3, created(5), *rows)
    assert play.take() == ["5 x", "5 y", "5 meta second"]
    play.says(1, finalized(5))
    assert play.take() == ["5 x for 10", "5 y for 10", "5 meta second for 10"]


def test_a_recreated_slot_that_two_feeds_saw_is_handed_on_once_when_rows_are_let_go() -> None:
    play = Play(ALL, feeds=2)
    for feed in (1, 2):
        play.says(feed, created(5), tx(5, 0, "x"))
        play.says(feed, created(5), tx(5, 0, "y"), meta(5, "second"), confirmed(5))
    assert play.take() == ["5 y"]


def test_a_second_block_whose_beginning_was_not_told_repeats_nothing_of_the_first() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0), block="first").says(1, confirmed(5))
    assert play.take() == ["5 t0"]
    play.says(1, meta(5, "second")).block(1, 5, tx(5, 0), block="first")
    assert play.take() == []


def test_the_confirmed_blockhash_picks_among_two_blocks_of_one_slot() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0, "x"), block="first")
    play.block(2, 5, tx(5, 0, "y"), block="second")
    play.says(2, confirmed(5))
    assert play.take() == ["5 y"]


def test_a_status_that_came_before_its_meta_waits_for_it() -> None:
    play = Play(ALL)
    play.says(1, created(5), tx(5, 0), processed(5), confirmed(5))
    assert play.take() == []
    play.says(1, meta(5))
    assert play.take() == ["5 t0"]


def test_slot_events_come_once_per_level_and_in_order() -> None:
    play = Play(SLOTS)
    play.block(1, 5).says(1, confirmed(5), finalized(5), confirmed(5), finalized(5))
    assert play.take() == ["5 processed", "5 confirmed", "5 finalized"]


def test_slot_events_at_processed_come_as_each_level_is_reached() -> None:
    play = Play(SLOTS, level=Commitment.PROCESSED)
    play.block(1, 5)
    assert play.take() == ["5 processed"]
    play.says(1, confirmed(5))
    assert play.take() == ["5 confirmed"]
    play.says(1, finalized(5))
    assert play.take() == ["5 finalized"]


def test_filter_by_commitment_gives_the_monitors_own_level_only() -> None:
    own = Monitor("own", slots=SlotsFilter(filter_by_commitment=True, interslot_updates=True))
    play = Play(own)
    play.block(1, 5).says(1, confirmed(5), finalized(5))
    assert play.take() == ["5 confirmed"]


def test_lifecycle_statuses_go_to_whoever_asked_once() -> None:
    curious = Monitor("curious", slots=SlotsFilter(interslot_updates=True))
    play = Play(curious, feeds=2)
    play.says(1, created(5), status(5, SlotStatus.FIRST_SHRED_RECEIVED))
    play.says(2, created(5), status(5, SlotStatus.COMPLETED))
    assert play.take() == ["5 created_bank", "5 first_shred_received", "5 completed"]


def test_nothing_of_a_slot_whose_beginning_was_missed_is_handed_on_at_the_start() -> None:
    play = Play(ALL, level=Commitment.PROCESSED)
    play.says(1, tx(4, 7, "half"), created(5), tx(5, 0), tx(4, 8, "half too"))
    assert play.take() == ["5 t0"]


def test_a_server_without_lifecycle_statuses_is_trusted_from_its_third_slot() -> None:
    play = Play(ALL)
    for slot in (4, 5, 6, 7):
        play.says(1, tx(slot, 0, f"s{slot}"), meta(slot), processed(slot), confirmed(slot))
    assert play.take() == ["6 s6", "7 s7"]


def test_the_last_write_to_an_account_is_the_one_of_the_covering_feeds_own_order() -> None:
    play = Play(VAULT, feeds=2)
    play.says(1, created(5), write(5, "x", "t1", 70), write(5, "x", "t2", 71))
    play.says(2, created(5), write(5, "x", "t2", 3), write(5, "x", "t1", 2), meta(5), confirmed(5))
    assert play.take() == ["5 x by t2"]


def test_every_write_is_handed_on_to_a_monitor_that_asks_for_all() -> None:
    every = Monitor("every", accounts=VAULT.accounts, every_write=True)
    play = Play(VAULT, every)
    play.says(1, created(5), write(5, "x", "t1", 1, 3), write(5, "x", "t2", 2, 3), meta(5))
    play.says(1, confirmed(5))
    assert play.take() == ["5 x by t1 for 10", "5 x by t2 for 11"]


def test_a_late_write_never_repeats_an_accounts_event() -> None:
    play = Play(VAULT, feeds=2)
    play.says(1, created(5), write(5, "x", "t1", 1), meta(5), confirmed(5))
    assert play.take() == ["5 x by t1"]
    play.says(2, created(5), write(5, "x", "t2", 9), write(5, "y", "t2", 8), meta(5))
    assert play.take() == ["5 y by t2 late"]


def test_two_confirmed_blockhashes_are_reported_and_the_first_stays() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0, "x"), block="first").says(1, confirmed(5))
    play.block(2, 5, tx(5, 0, "y"), block="second").says(2, confirmed(5))
    assert play.take() == ["5 x"]
    assert "two blockhashes were confirmed for one slot" in play.sentences()


def test_updates_far_below_the_root_are_stale() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a"))
    play.block(1, 200, tx(200, 0, "c"), parent=4).says(1, finalized(200))
    play.says(1, tx(4, 9, "old"))
    assert play.kernel.tally.stale == 1


def test_rows_of_a_feed_that_broke_join_the_block_when_nothing_contradicts() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), tx(5, 0)).ends(1)
    play.says(2, tx(5, 1), meta(5, transactions=2), confirmed(5)).at(2.0)
    assert play.take() == ["5 t0", "5 t1"]


def test_the_first_slot_can_be_named() -> None:
    play = Play(ALL, start_slot=5, level=Commitment.PROCESSED)
    play.says(1, created(4), tx(4, 0, "before"), created(5), tx(5, 0))
    assert play.take() == ["5 t0"]
    assert play.commands[0].from_slot == 5  # type: ignore[union-attr]


def test_a_slot_recreated_after_its_release_repeats_nothing() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), tx(5, 0, "x"), created(5))
    play.block(2, 5, tx(5, 0, "y"), block="second").says(2, confirmed(5))
    assert play.take() == ["5 y"]
    play.says(1, tx(5, 0, "y"), meta(5, "second"))
    assert play.take() == []


def test_a_bank_recreated_after_the_release_repeats_nothing() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0, "y"), block="second").says(1, confirmed(5))
    assert play.take() == ["5 y"]
    play.says(1, created(5), tx(5, 0, "y"), tx(5, 1, "z"), meta(5, "second", transactions=2))
    assert play.take() == ["5 z late"]


def test_at_processed_a_transaction_of_two_banks_is_given_once_wherever_it_stands() -> None:
    play = Play(ALL, level=Commitment.PROCESSED)
    play.says(1, created(5), tx(5, 0, "x"), tx(5, 1, "y"), entry(5, 0))
    play.says(1, created(5), tx(5, 0, "y"), tx(5, 1, "z"), entry(5, 0, name="other"))
    assert play.take() == ["5 x", "5 y", "5 entry 0", "5 undo", "5.1 y", "5.1 z", "5.1 entry 0"]


def test_at_processed_feeds_in_different_banks_give_a_transaction_once() -> None:
    play = Play(ALL, feeds=2, level=Commitment.PROCESSED)
    play.says(1, created(5), tx(5, 0, "x"), entry(5, 0))
    play.says(2, created(5), tx(5, 1, "x"), entry(5, 0, name="other"))
    assert play.take() == ["5 x", "5 entry 0"]


def test_slots_far_below_the_root_are_let_go() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a"))
    play.block(1, 200, tx(200, 0, "c"), parent=4).says(1, finalized(200))
    assert sorted(play.kernel.join.slots) == [200]


def test_what_comes_late_repeats_nothing_while_a_higher_level_waits() -> None:
    patient = Monitor("f", commitment=Commitment.FINALIZED, transactions=TransactionsFilter())
    play = Play(ALL, patient, feeds=2)
    play.block(1, 5, tx(5, 0, mask=0b11)).says(1, confirmed(5))
    assert play.take() == ["5 t0"]
    play.block(2, 5, tx(5, 0, mask=0b11), tx(5, 1, mask=0b11))
    assert play.take() == ["5 t1 late"]
    play.says(1, finalized(5))
    assert play.take() == ["5 t0 for 10", "5 t1 for 10"]


def test_rows_of_a_feed_that_broke_stay_out_of_a_block_that_they_contradict() -> None:
    play = Play(ALL, feeds=3)
    play.says(1, created(5), tx(5, 0, "x")).ends(1)
    play.says(2, tx(5, 0, "y"), meta(5, "first", transactions=1))
    play.says(3, tx(5, 0, "z"), meta(5, "second", transactions=1), confirmed(5)).at(2.0)
    assert play.take() == ["5 z"]


def test_a_bank_that_begins_anew_after_its_rows_were_passed_over_repeats_nothing() -> None:
    play = Play(ALL, feeds=2)
    play.block(2, 4)
    play.says(1, tx(5, 0, "x"), confirmed(5)).says(2, meta(5))
    play.block(2, 6).says(2, confirmed(6)).at(2.0)
    assert play.take() == ["5 x"]
    play.block(1, 5, tx(5, 0, "x"))
    assert play.take() == []


def test_a_feed_that_begins_a_slot_after_its_release_and_brings_it_whole_missed_nothing() -> None:
    votes_not = Monitor("some", transactions=TransactionsFilter(vote=False))
    play = Play(votes_not, feeds=2)
    for slot in (5, 6):
        play.block(1, slot, tx(slot, 0)).says(1, confirmed(slot))
    for slot in (5, 6, 7):
        play.block(2, slot, tx(slot, 0))
    play.block(1, 7, tx(7, 0)).says(1, finalized(5), finalized(6)).at(10.0)
    made = [certificate for command in play.of(Certify) for certificate in command.certificates]
    assert [(c.slot, len(c.sources), c.missed_by) for c in made] == [(5, 2, ()), (6, 2, ())]
    assert play.kernel.tally.missed == [0, 0]


def test_a_replay_that_leaves_writes_out_is_no_miss_of_its_endpoint() -> None:
    every = Monitor("m", accounts=AccountsFilter(account=("x",)), every_write=True)
    play = Play(every, feeds=2)
    play.block(1, 4).block(2, 4).says(1, confirmed(4)).ends(2)
    writes = [write(5, "x", "t0", 1), write(5, "x", "t1", 2)]
    play.says(1, created(5), *writes).at(1.0)
    play.accepts(3).says(3, created(6), meta(6, transactions=0))
    assert play.of(AmendFeed)[-1].from_slot == 5
    play.says(3, writes[1], meta(5, transactions=0), processed(5), meta(6, transactions=0))
    play.says(1, meta(5, transactions=0), processed(5)).block(1, 6)
    for slot in (4, 5, 6):
        play.says(1, confirmed(slot), finalized(slot))
    play.at(10.0)
    made = [certificate for command in play.of(Certify) for certificate in command.certificates]
    assert [(c.slot, c.end, c.missed_by) for c in made][:2] == [
        (4, "complete", ()),
        (5, "complete", ()),
    ]
    assert play.kernel.tally.missed == [0, 0]
