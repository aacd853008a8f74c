"""Accounts of slots that a replay brought: it leaves out all but the last write of each (PROTOCOL 2.8)."""

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind
from monitor.core.events import Row
from monitor.core.evidence import judge
from monitor.core.keys import account_of
from monitor.core.needs import Needs
from monitor.core.slots import Meta, SlotState
from tests.core.play import VAULT, Play, confirmed, created, finalized, meta, processed, write


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
