"""Trap 5: statuses come in any order, and some not at all."""

from monitor.core.chain import SlotStatus
from monitor.core.events import Row
from tests.core.play import (
    ALL,
    SLOTS,
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
from tests.traps.telling import FEW, certificates


def first_shred(slot: int) -> Row:
    return status(slot, SlotStatus.FIRST_SHRED_RECEIVED)


def test_a_bank_that_precedes_its_first_shred_is_seen_from_its_beginning() -> None:
    play = Play(FEW)
    play.says(1, created(5), tx(5, 0), first_shred(5), tx(5, 1), meta(5, transactions=2))
    assert play.says(1, confirmed(5)).take() == ["5 t0", "5 t1"]


def test_a_death_after_the_block_was_whole_takes_it_from_the_chain() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).block(1, 5, tx(5, 0, "b")).says(1, dead(5))
    play.block(1, 6, tx(6, 0, "c"), parent=4, parent_block="B4").says(1, finalized(6)).at(4)
    assert play.take() == ["4 a", "6 c"]
    assert certificates(play)[5].end == "dead"


def test_a_death_told_by_one_server_does_not_kill_the_block_of_another() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), tx(5, 0), dead(5))
    play.block(2, 5, tx(5, 0), tx(5, 1)).says(2, finalized(5)).block(2, 6, tx(6, 0)).at(4)
    assert play.take()[:2] == ["5 t0", "5 t1"]
    assert certificates(play)[5].end == "complete"


def test_processed_before_the_meta_is_given_once_and_releases_nothing() -> None:
    play = Play(ALL, SLOTS)
    play.says(1, created(5), tx(5, 0), processed(5), confirmed(5))
    assert play.take() == []
    play.says(1, meta(5))
    assert play.take() == ["5 t0", "5 processed for 10", "5 confirmed for 10"]


def test_a_confirmation_that_never_came_is_inferred_from_a_descendant() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).block(1, 5, tx(5, 0, "b")).block(1, 6, tx(6, 0, "c"))
    play.says(1, confirmed(6))
    assert play.take() == ["4 a", "5 b", "6 c"]


def test_finality_that_never_came_is_inferred_too() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).block(1, 5, tx(5, 0, "b")).block(1, 6, tx(6, 0, "c"))
    play.says(1, finalized(6)).at(4)
    assert [certificates(play)[slot].end for slot in (4, 5, 6)] == ["complete"] * 3
