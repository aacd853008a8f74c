"""A slot that nobody brings does not hide those below it."""

from typing import Any

import pytest

from monitor.core import forgotten
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import Fetch, OpenFeed, Recall
from monitor.core.endings import EndReason
from monitor.core.events import BlockFetched, FetchFailed, Recalled, Row, SignedOff
from monitor.core.jobs import Job, JobState
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from tests.core.play import ALL, confirmed, finalized, meta, tx
from tests.core.test_repair import Recovery

PROOF_SECONDS = 600.0


def told(play: Recovery, slot: int, *rows: Row, by: int = 2, **of_meta: Any) -> None:
    """So many RPCs tell this block alike."""
    of_meta.setdefault("transactions", len(rows))
    sources = tuple(play.kernel.origins.rpc(number) for number in range(by))
    play.hears(BlockFetched(slot, Rung.RPC, sources, [*rows, meta(slot, **of_meta)]))


def below_a_lost_slot(*, height: int | None = None, name: str = "B9") -> Recovery:
    """Slot 5 is closed with height 50, slots 6 to 9 never came, block 10 names 9, which no RPC has."""
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0), height=50).says(1, confirmed(5), finalized(5))
    play.block(1, 10, tx(10, 0, "x0"), parent_block=name, height=height)
    play.says(1, confirmed(10), finalized(10))
    play.block(1, 11, height=None if height is None else height + 1)
    play.at(play.now + 5)
    for _ in range(4):
        play.not_fetched(9, Verdict.CANNOT)
        play.at(play.now + 5)
    assert play.kernel.is_lost(9)
    play.take()
    return play


def ends(play: Recovery) -> dict[int, SlotEnd]:
    return {slot: end for slot, end in play.certified().items() if 5 < slot < 10}


def test_blocks_that_two_rpcs_tell_and_whose_links_lead_down_are_taken() -> None:
    play = below_a_lost_slot()
    told(play, 8, tx(8, 0, "w0"), parent=6, height=52)
    assert play.take() == []
    told(play, 6, tx(6, 0, "y0"), height=51)
    play.at(play.now + 5)
    assert sorted(play.take()) == ["6 y0 late", "8 w0 late"]
    assert ends(play) == {
        6: SlotEnd.RECOVERED,
        7: SlotEnd.SKIPPED,
        8: SlotEnd.RECOVERED,
        9: SlotEnd.LOST,
    }
    assert "two RPCs say" in play.certificates()[8].proof
    assert "two RPCs say" not in play.certificates()[6].proof  # the link of 8 names it
    assert play.kernel.frontier(Commitment.FINALIZED) == 8
    play.kernel.check()


def test_one_whose_height_is_right_is_taken_at_once_and_nothing_lies_above_it() -> None:
    play = below_a_lost_slot(height=54)
    told(play, 7, tx(7, 0, "w0"), parent=6, height=52)
    assert play.take() == ["7 w0 late"]
    play.at(play.now + 5)
    assert ends(play)[8] == SlotEnd.SKIPPED
    assert "block heights of 7" in play.certificates()[8].proof
    assert play.kernel.repair.queue.is_open(6)


def test_what_one_rpc_tells_is_no_proof() -> None:
    play = below_a_lost_slot(height=54)
    told(play, 8, tx(8, 0, "w0"), by=1, height=52)
    play.at(play.now + 5)
    assert play.take() == []


def test_blocks_whose_links_lead_nowhere_are_not_taken() -> None:
    play = below_a_lost_slot()
    told(play, 8, tx(8, 0, "w0"), parent=6, height=52)
    told(play, 6, tx(6, 0, "y0"), block="another", height=51)
    assert play.take() == []


def test_links_that_one_rpc_alone_tells_lead_nowhere() -> None:
    play = below_a_lost_slot()
    told(play, 8, tx(8, 0, "w0"), parent=6, height=52)
    told(play, 6, tx(6, 0, "y0"), by=1, height=51)
    assert play.take() == []


def test_a_height_that_does_not_follow_that_of_the_closed_block_below_is_refused() -> None:
    play = below_a_lost_slot()
    told(play, 6, tx(6, 0, "y0"), height=53)
    assert play.take() == []


def test_blocks_of_old_have_no_heights_and_their_links_do() -> None:
    play = below_a_lost_slot()
    told(play, 6, tx(6, 0, "y0"))
    assert play.take() == ["6 y0 late"]


def test_only_the_highest_block_below_a_hole_is_placed_so() -> None:
    play = below_a_lost_slot()
    told(play, 6, tx(6, 0, "y0"), height=51)
    told(play, 8, tx(8, 0, "w0"), parent=7, height=53)
    play.at(play.now + 1)
    assert play.take() == ["6 y0 late"]  # it came first, and its link leads down
    told(play, 7, tx(7, 0, "v0"), height=52)
    assert sorted(play.take()) == ["7 v0 late", "8 w0 late"]


def test_nothing_is_placed_above_the_highest_finalized_slot() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 8, tx(8, 0, "x0")).says(1, confirmed(8))
    play.block(1, 9)
    for _ in range(4):
        play.not_fetched(7, Verdict.CANNOT)
        play.at(play.now + 5)
    play.take()
    told(play, 6, tx(6, 0, "y0"))
    assert play.take() == []


def test_a_block_that_nothing_proves_in_time_makes_its_slot_lost_too() -> None:
    play = below_a_lost_slot()
    told(play, 8, tx(8, 0, "w0"), by=1, parent=6)
    told(play, 6, tx(6, 0, "y0"), by=1)
    play.at(play.now + PROOF_SECONDS + 1)
    assert play.kernel.is_lost(8)
    play.hears(SignedOff(8, "the exchange says so"))
    assert play.certificates()[8].end == SlotEnd.LOST


def test_a_hole_that_was_signed_off_hides_nothing_either() -> None:
    play = below_a_lost_slot()
    play.hears(SignedOff(9, "nothing of ours was in it"))
    told(play, 8, tx(8, 0, "w0"), parent=5, height=51)
    play.at(play.now + 5)
    assert play.take() == ["8 w0 late"]
    assert play.kernel.frontier(Commitment.FINALIZED) == 10


def test_where_a_link_may_still_come_nothing_is_placed() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 10, tx(10, 0, "x0")).says(1, confirmed(10), finalized(10))
    play.block(1, 11)
    told(play, 9, tx(9, 0, "v0"), transactions=2)  # not all of it: its link is held, and names 8
    for _ in range(4):
        play.not_fetched(9, Verdict.CANNOT)
        play.at(play.now + 5)
    assert play.kernel.is_lost(9)
    play.take()
    told(play, 7, tx(7, 0, "w0"), parent=5)
    assert play.take() == []


def test_while_the_slot_above_may_still_be_had_its_link_is_waited_for() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 8, tx(8, 0, "x0")).says(1, confirmed(8), finalized(8))
    play.block(1, 9)
    play.take()
    told(play, 6, tx(6, 0, "y0"))
    assert play.take() == []
    told(play, 7, tx(7, 0, "w0"))
    assert play.take() == ["6 y0", "7 w0", "8 x0"]


def skipped_below_a_lost_slot(height: int) -> Recovery:
    """As `below_a_lost_slot`, and every RPC calls slot 8 skipped, so that it is lost as well."""
    play = below_a_lost_slot(height=height)
    give_up_8_and_9(play)
    return play


def give_up_8_and_9(play: Recovery) -> None:
    """No RPC has slot 9, all call 8 skipped, and 7 is to be had later."""
    for _ in range(8):
        play.not_fetched(7, Verdict.THROTTLED)
        play.not_fetched(8, Verdict.SKIPPED_CLAIM)
        play.not_fetched(9, Verdict.CANNOT)
        play.at(play.now + 5)


def test_a_slot_that_was_lost_though_it_holds_nothing_hides_nothing() -> None:
    play = skipped_below_a_lost_slot(height=54)
    told(play, 7, tx(7, 0, "w0"), parent=6, height=52)
    play.at(play.now + 5)
    assert play.take() == ["7 w0 late"]
    assert ends(play)[8] == SlotEnd.SKIPPED


def test_lost_slots_between_a_closed_block_and_one_of_the_next_height_hold_nothing() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0), height=50).says(1, confirmed(5), finalized(5))
    play.block(1, 7, tx(7, 0), parent=5, height=51, transactions=2)
    play.says(1, confirmed(7), finalized(7))
    play.block(1, 10, tx(10, 0, "x0"), height=53).says(1, confirmed(10), finalized(10))
    play.block(1, 11, height=54)
    give_up_8_and_9(play)
    assert play.certified()[8] == SlotEnd.LOST
    play.fetched(7, tx(7, 0), tx(7, 1, "w1"), parent=5, height=51)
    give_up_8_and_9(play)
    assert play.certificates()[8].end == SlotEnd.SKIPPED
    assert "block heights of 7" in play.certificates()[8].proof
    assert play.kernel.is_lost(9)


def test_a_block_that_waits_for_its_proof_may_be_of_a_forgotten_slot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgotten, "KEPT", 0)
    rungs = {6: Rung.REPLAY, 7: Rung.RPC, 8: Rung.RPC, 9: Rung.REPLAY}
    jobs = [Job(slot, slot + 1, rung, 0, JobState.OPEN) for slot, rung in rungs.items()]
    jobs.append(Job(10, 11, Rung.RPC, 0, JobState.LOST))
    workers = {Rung.REPLAY: 1, Rung.RPC: 8}
    policy = RecoveryPolicy((Rung.REPLAY, Rung.RPC), workers, attempts=2, jobs=tuple(jobs))
    play = Recovery(ALL, recovery=policy, resume_slot=12, still_open=((6, 11),))
    recall(play)
    for slot in (12, 13):
        play.block(1, slot, tx(slot, 0), height=slot + 44).says(1, confirmed(slot), finalized(slot))
    for slot in (12, 13):
        play.says(1, tx(slot, 0), meta(slot, height=slot + 44))
    told(play, 8, tx(8, 0, "w0"), parent=7, height=52)
    play.hears(FetchFailed(7, Rung.RPC, Verdict.THROTTLED, 0.5)).not_fetched(10, Verdict.CANNOT)
    (replay,) = [each.feed for each in play.of(OpenFeed) if each.is_replay]
    play.accepts(replay).ends(replay, EndReason.TRANSIENT, jitter=1.0)
    for slot in (14, 15, 16, 17):
        play.block(1, slot, tx(slot, 0), height=slot + 44).says(1, confirmed(slot), finalized(slot))
    play.take()
    for _ in range(30):
        play.at(play.now + 0.1)
        recall(play)
        if Fetch(7, Rung.RPC, 2) in play.asked(Fetch):
            told(play, 7, tx(7, 0, "y0"), parent=5, height=51)
    assert sorted(play.take()) == ["7 y0 late", "8 w0 late"]


def recall(play: Recovery) -> None:
    """Nothing was handed on of what comes back."""
    for each in play.asked(Recall):
        play.hears(Recalled(each.slots, {}))
