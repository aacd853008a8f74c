"""Accounts of slots that a replay brought: it leaves out all but the last write of each (PROTOCOL 2.8)."""

import pytest

from monitor.core.banks import Meta
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind
from monitor.core.commands import AmendFeed
from monitor.core.endings import EndReason
from monitor.core.events import Row
from monitor.core.evidence import judge
from monitor.core.keys import account_of
from monitor.core.needs import Needs
from monitor.core.slots import SlotState
from tests.core.play import (
    ALL,
    VAULT,
    Play,
    confirmed,
    created,
    dead,
    finalized,
    meta,
    processed,
    tx,
    write,
)


def cut_in_flight(feeds: int = 1) -> Play:
    """Every feed brought the first write of slot 5 and then broke; they are back, and cover slot 7."""
    play = Play(VAULT, feeds=feeds)
    for feed in range(1, feeds + 1):
        play.block(feed, 4, transactions=0)
        play.says(feed, created(5), write(5, "x", "t1", 1)).ends(feed)
    play.at(1.0)
    for feed in play.opened()[feeds:]:
        play.says(feed, meta(6, transactions=0), processed(6)).block(feed, 7, transactions=0)
    return play


def replay(play: Play, feed: int, *writes: Row) -> Play:
    """The feed replays slots 5 and 6, up to its fence."""
    play.says(feed, *writes, meta(5, transactions=0), processed(5))
    play.says(feed, meta(6, transactions=0), processed(6))
    return play.says(feed, meta(7, transactions=0), processed(7))


def settle(play: Play, feed: int) -> Play:
    return play.says(feed, confirmed(7), finalized(7)).at(play.now + 4.0)


def test_a_replay_is_whole_though_it_lacks_a_write_that_was_not_the_last() -> None:
    play = replay(cut_in_flight(), 2, write(5, "x", "t2", 2))
    settle(play, 2)
    assert play.take() == ["5 x by t2"]
    certificate = play.certificates()[5]
    assert certificate.end == SlotEnd.COMPLETE
    assert "by a replay, which leaves out all but the last write" in certificate.proof
    assert certificate.missed_by == ()


def test_a_replay_that_lacks_an_account_is_not_whole() -> None:
    play = settle(replay(cut_in_flight(), 2, write(5, "y", "t2", 2)), 2)
    assert play.certificates()[5].end == SlotEnd.PARTIAL
    assert play.certificates()[5].proof == "no feed held it whole"


def replayed(state: SlotState, feed: int, row: Row) -> None:
    """The feed's replay brings this write and the BlockMeta."""
    bank = state.open_bank(feed, feed, began_whole=True)
    bank.by_replay = True
    table = bank.store.tables[Kind.ACCOUNT]
    table[row[2]] = table.get(row[2], 0) | bank.bit
    bank.store.writes_of(bank.bit)[account_of(row[2])] = (row[4], row[2])
    state.tie(bank, Meta("B5", 4, "B4", None, 0, 0))


@pytest.mark.parametrize(("by", "whole"), [("t2", True), ("t3", False)])
def test_two_replays_that_differ_in_what_was_last_prove_nothing(by: str, whole: bool) -> None:
    state = SlotState(5)
    replayed(state, 0, write(5, "x", "t2", 2))
    replayed(state, 1, write(5, "x", by, 9))
    covers = state.cover_bits("B5")
    assert judge(state, "B5", Needs.of([VAULT]), covers=covers, wanted=1).whole is whole


def test_the_indexes_of_their_transactions_tell_which_of_two_replayed_writes_is_the_last() -> None:
    state = SlotState(5)
    replayed(state, 0, write(5, "x", "t1", 9))
    replayed(state, 1, write(5, "x", "t2", 2))
    for row in (tx(5, 0, "t1"), tx(5, 1, "t2")):
        state.shared.tables[Kind.TRANSACTION][row[2]] = state.banks[0].bit
    evidence = judge(state, "B5", Needs.of([VAULT]), covers=state.cover_bits("B5"), wanted=1)
    assert (evidence.whole, evidence.covers) == (True, state.banks[1].bit)


def restarted() -> Play:
    """Slot 7 was in flight at the kill; now both endpoints cover slot 9, and the first one is asked to replay."""
    play = Play(VAULT, feeds=2, resume_slot=7)
    for feed in (1, 2):
        play.says(feed, meta(8, transactions=0), processed(8)).block(feed, 9, transactions=0)
    return play


def replays(play: Play, feed: int, *writes: Row) -> Play:
    play.says(feed, *writes, meta(7, transactions=0), finalized(7))
    play.says(feed, meta(8, transactions=0), finalized(8))
    return play.says(feed, meta(9, transactions=0), confirmed(9))


def test_a_slot_that_was_only_replayed_waits_until_another_endpoint_has_replayed_it() -> None:
    play = replays(restarted(), 1, write(7, "x", "t1", 1))
    assert play.take() == []
    play.block(2, 10, transactions=0)
    assert [(each.feed, each.from_slot) for each in play.of(AmendFeed)] == [(1, 7), (2, 7)]
    replays(play, 2, write(7, "x", "t1", 5))
    assert play.take() == ["7 x by t1"]


def test_a_slot_that_one_endpoint_alone_replays_goes_after_hold() -> None:
    play = replays(restarted(), 1, write(7, "x", "t1", 1))
    play.at(1.9)
    assert play.take() == []
    play.at(2.0)
    assert play.take() == ["7 x by t1"]


def test_a_slot_that_all_have_replayed_in_vain_holds_nothing_back() -> None:
    play = replays(restarted(), 1, write(7, "x", "t1", 1))
    play.block(2, 10, transactions=0)
    replays(play, 2, write(7, "x", "t2", 5))
    assert play.take() == ["7 x by t1"]
    assert play.certified()[7] == SlotEnd.PARTIAL
    assert play.settled() == 8


def test_what_a_replay_left_out_of_a_slot_that_is_not_confirmed_yet_is_asked_of_the_next() -> None:
    play = Play(ALL, feeds=2, resume_slot=7)
    for feed in (1, 2):
        play.says(feed, meta(8, transactions=0), processed(8)).block(feed, 9)
    play.says(1, tx(7, 0), meta(7, transactions=2), processed(7), meta(8, transactions=0))
    play.says(1, processed(8), meta(9, transactions=0), processed(9)).block(2, 10)
    assert [(each.feed, each.from_slot) for each in play.of(AmendFeed)] == [(1, 7), (2, 7)]


def test_a_slot_that_died_or_whose_block_is_disputed_is_not_asked_of_the_next() -> None:
    play = Play(ALL, feeds=2, resume_slot=6)
    for feed in (1, 2):
        play.says(feed, created(7), dead(7), created(8), tx(8, 0), created(8), tx(8, 0), meta(8))
        play.block(feed, 9, parent=8)
    play.says(1, tx(6, 0), meta(6, transactions=1), processed(6), meta(8), processed(8))
    play.says(1, meta(9, transactions=0, parent=8), processed(9))
    door = play.kernel.gate
    assert [door.is_held(play.kernel.join.slots[slot]) for slot in (7, 8)] == [True, True]


def test_an_endpoint_that_keeps_nothing_so_old_is_not_waited_for() -> None:
    play = replays(restarted(), 1, write(7, "x", "t1", 1))
    play.block(2, 10, transactions=0)
    assert play.take() == []
    play.ends(2, EndReason.REPLAY_EXPIRED, floor=9)
    assert play.take() == ["7 x by t1"]


def test_an_endpoint_that_cannot_be_reached_is_not_waited_for_to_compare() -> None:
    play = restarted().ends(2, EndReason.UNREACHABLE)
    replays(play, 1, write(7, "x", "t1", 1))
    assert play.take() == ["7 x by t1"]


def test_an_endpoint_that_cannot_be_reached_is_waited_for_where_something_is_missing() -> None:
    play = Play(ALL, feeds=2, resume_slot=7)
    play.ends(2, EndReason.UNREACHABLE).says(1, meta(8, transactions=0), processed(8))
    play.block(1, 9).says(1, tx(7, 0), meta(7, transactions=2), finalized(7))
    play.says(1, meta(8, transactions=0), finalized(8), meta(9, transactions=0), confirmed(9))
    assert play.take() == []
    play.at(2.0)
    assert play.take() == ["7 t0"]
