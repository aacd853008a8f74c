"""What the machine of `test_repair_machine` and reviews have found in recovery, each in as few steps as show it."""

from dataclasses import replace

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import Certify, Fetch, OpenFeed, Recall
from monitor.core.endings import Ending, EndReason
from monitor.core.events import FeedEnded, Recalled, SignedOff
from monitor.core.forgotten import KEPT
from monitor.core.jobs import Job, JobState
from monitor.core.monitors import BlocksMetaFilter, Monitor, TransactionsFilter
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, tx
from tests.core.test_repair import RPC, Recovery

AT_ONCE = Monitor("at once", Commitment.PROCESSED, transactions=TransactionsFilter())

WITH_METAS = Monitor("all", transactions=TransactionsFilter(), blocks_meta=BlocksMetaFilter())


def with_a_forgotten_slot(*monitors: Monitor) -> tuple[Recovery, int]:
    """So many slots lack a transaction that the first ones are let go of; one of them is to be recalled."""
    play = Recovery(*monitors)
    for slot in range(5, 5 + KEPT + 10):
        play.block(1, slot, tx(slot, 0), transactions=2)
        play.says(1, confirmed(slot), finalized(slot))
        play.at(play.now + 5)
    for lease in range(8):
        play.not_fetched(5 + lease, Verdict.CANNOT)
    while not play.of(Recall):
        play.at(play.now + 5)
    play.take()
    return play, play.of(Recall)[0].slots[0]


def with_a_lost_slot_that_is_recalled() -> Recovery:
    """A start tries what was lost before it at once, and slot 5 was."""
    policy = replace(RPC, jobs=(Job(5, 6, Rung.RPC, 0, JobState.LOST),))
    play = Recovery(ALL, recovery=policy, resume_slot=10, still_open=((5, 6),))
    assert play.kernel.is_lost(5)
    assert [each.slots for each in play.asked(Recall)] == [(5,)]
    return play


def test_what_monitors_at_processed_had_of_a_forgotten_slot_is_not_handed_on_again() -> None:
    play, slot = with_a_forgotten_slot(AT_ONCE)
    given = {at: each for c in play.of(Certify) for at, each in c.given.items()}
    (recall, *_) = play.asked(Recall)
    play.hears(Recalled(recall.slots, {at: given[at] for at in recall.slots}))
    play.fetched(slot, tx(slot, 0), tx(slot, 1, "u1"))
    assert play.take() == [f"{slot} u1 late"]


def test_what_monitors_at_processed_get_of_an_open_slot_is_stored_as_well() -> None:
    play = Recovery(AT_ONCE)
    play.block(1, 5, tx(5, 0), transactions=3).says(1, confirmed(5), finalized(5))
    play.block(1, 6)
    play.at(play.now + 5)
    before = play.asked(Certify)[-1].given[5]
    play.says(1, tx(5, 1, "t1"))
    (stored,) = play.asked(Certify)
    assert len(stored.given[5]) > len(before)
    play.says(1, tx(6, 0))
    assert play.asked(Certify) == []


def test_a_lost_slot_that_was_signed_off_while_it_waits_is_not_asked_for_again() -> None:
    play = Recovery(ALL, hold=60.0)
    play.block(1, 5, tx(5, 0), transactions=2).says(1, confirmed(5))
    play.block(1, 6)
    for _ in range(4):
        play.not_fetched(5, Verdict.CANNOT)
        play.at(play.now + 10)
    assert play.kernel.is_lost(5)
    play.asked(Fetch)
    play.hears(SignedOff(5, "for good"))
    assert not play.kernel.repair.queue.is_open(5)
    assert play.asked(Fetch) == []


def test_a_slot_that_was_signed_off_while_it_is_recalled_stays_closed() -> None:
    play = with_a_lost_slot_that_is_recalled()
    play.hears(SignedOff(5, "for good"))
    play.hears(Recalled((5,), {}))
    assert 5 not in play.kernel.join.slots


def test_a_slot_that_begins_anew_gives_back_the_memory_of_what_came_since() -> None:
    play = Recovery(WITH_METAS, held_bytes=20)
    play.says(1, created(5), tx(5, 0), tx(5, 1, "t1"))
    assert "held updates were dropped for want of memory" in play.sentences()
    play.says(1, meta(5, transactions=3, mask=1), confirmed(5))
    play.block(1, 6)
    assert play.kernel.gate.held_bytes == 0


def test_a_slot_that_was_signed_off_while_it_is_recalled_is_not_asked_for() -> None:
    play = with_a_lost_slot_that_is_recalled()
    play.hears(SignedOff(5, "for good"))
    play.asked(Fetch)
    play.hears(Recalled((5,), {}))
    assert play.asked(Fetch) == []


def test_a_partial_slot_that_was_whole_and_lost_its_frames_is_asked_for() -> None:
    at_finalized = Monitor("all", Commitment.FINALIZED, transactions=TransactionsFilter())
    play = Recovery(at_finalized, held_bytes=60)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 7, tx(7, 0)).says(1, confirmed(7))
    play.block(1, 20, tx(20, 0), parent=19).says(1, confirmed(20), finalized(20))
    play.at(play.now + 5)
    assert play.certified()[7] == SlotEnd.PARTIAL
    play.says(1, created(21), *(tx(21, index) for index in range(6)))
    play.at(play.now + 5)
    assert play.kernel.repair.queue.is_open(7)


def test_a_lost_slot_that_is_signed_off_as_soon_as_it_is_forgotten_stays_closed() -> None:
    replay = RecoveryPolicy(rungs=(Rung.REPLAY,), workers={Rung.REPLAY: 1}, attempts=1)
    play = Recovery(ALL, recovery=replay, hold=600.0)
    for slot in range(5, 5 + KEPT + 3):
        play.block(1, slot, tx(slot, 0), transactions=2).says(1, confirmed(slot))
    play.block(1, 5 + KEPT + 3)
    (opened,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    play.hears(FeedEnded(opened.feed, Ending(EndReason.REPLAY_OFF, "CODE", "text", None), 0.5))
    assert list(play.kernel.join.ledger.forgotten.ranges) == [(5, 8)]
    play.hears(SignedOff(5, "for good"))
    assert not play.kernel.repair.queue.is_open(5)


def test_the_link_of_a_block_that_was_lost_before_it_was_final_closes_what_it_jumps_over() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 7, tx(7, 0), transactions=2, parent=5).says(1, confirmed(7))
    play.block(1, 8, tx(8, 0)).says(1, confirmed(8))
    play.not_fetched(7, Verdict.CANNOT)
    assert play.kernel.is_lost(7)
    play.says(1, finalized(7), finalized(8))
    play.block(1, 9)
    play.at(play.now + 5)
    assert play.certified() == {
        5: SlotEnd.COMPLETE,
        6: SlotEnd.SKIPPED,
        7: SlotEnd.LOST,
        8: SlotEnd.COMPLETE,
    }
    assert play.settled() == 8


def test_a_lost_slot_of_which_nothing_came_stays_lost_when_it_is_found_to_be_final() -> None:
    play = Recovery(ALL, hold=60.0)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 8, tx(8, 0), parent=7).says(1, confirmed(8))
    play.not_fetched(7, Verdict.CANNOT)
    play.not_fetched(6, Verdict.CANNOT)
    assert play.kernel.repair.queue.lost_slots() == [6, 7]
    play.says(1, finalized(8))
    play.block(1, 9)
    play.at(play.now + 100)
    assert play.certified() == {
        5: SlotEnd.COMPLETE,
        6: SlotEnd.LOST,
        7: SlotEnd.LOST,
        8: SlotEnd.COMPLETE,
    }


def test_a_slot_that_comes_back_as_soon_as_it_is_forgotten_is_there_but_once() -> None:
    play, last = Play(ALL), 5 + KEPT
    for slot in range(5, last + 1):
        play.block(1, slot, tx(slot, 0), transactions=2).says(1, confirmed(slot), finalized(slot))
        if slot < last:
            play.at(play.now + 5)
    ledger = play.kernel.join.ledger
    play.now += 5
    play._do(play.kernel.tick(play.now))
    assert list(ledger.forgotten.ranges) == [(5, 6)]
    (given,) = [c.given[5] for c in play.commands if isinstance(c, Certify) if 5 in c.given][-1:]
    ledger.take_back(5, given, play.now)
    play.kernel.check()


def test_a_partial_slot_that_nobody_has_named_is_not_lost_for_being_skipped() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 10, tx(10, 0)).says(1, confirmed(10), finalized(10))
    play.block(1, 11)
    play.at(play.now + 3)
    assert play.certified()[6] == SlotEnd.PARTIAL
    for _ in range(20):
        play.not_fetched(6, Verdict.SKIPPED_CLAIM).not_fetched(9, Verdict.THROTTLED)
        play.at(play.now + 5)
    assert not play.kernel.is_lost(6)
    play.fetched(9, tx(9, 0, "w0"), parent=5)
    assert play.certified()[6] == SlotEnd.SKIPPED


def test_a_forgotten_slot_that_was_named_is_wanted_as_one_that_holds_a_block() -> None:
    play, slot = with_a_forgotten_slot(ALL)
    assert not play.kernel.repair.queue._table[slot].is_unknown


def test_what_one_rung_works_on_is_not_forgotten_when_a_replay_of_its_neighbours_fails() -> None:
    rungs = (Rung.REPLAY, Rung.RPC, Rung.REPLAY)
    jobs = tuple(Job(5 + at, 6 + at, rung, 0, JobState.OPEN) for at, rung in enumerate(rungs))
    policy = RecoveryPolicy((Rung.REPLAY, Rung.RPC), {Rung.REPLAY: 1, Rung.RPC: 1}, jobs=jobs)
    play = Recovery(ALL, recovery=policy, resume_slot=10, still_open=((5, 8),))
    play.hears(Recalled((5, 6, 7), {}))
    (opened,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    assert [each.slot for each in play.asked(Fetch)] == [6]
    play.hears(FeedEnded(opened.feed, Ending(EndReason.TRANSIENT, "CODE", "text", None), 0.5))
    assert play.kernel.join.ledger.forgotten.busy == {6}
    play.not_fetched(6, Verdict.THROTTLED)
    assert 6 not in play.kernel.join.ledger.forgotten.busy


def test_what_is_unknown_below_a_slot_that_was_jumped_before_a_restart_is_asked_for_as_well() -> (
    None
):
    jumped = Certificate(10, SlotEnd.SKIPPED, "parent link of 11")
    play = Recovery(ALL, resume_slot=7, closed=(jumped,))
    play.block(1, 13, tx(13, 0)).says(1, confirmed(13))
    play.says(1, tx(13, 0), meta(13), finalized(13))  # nobody replays what lies below
    is_open = play.kernel.repair.queue.is_open
    assert [slot for slot in range(5, 15) if is_open(slot)] == [7, 8, 9, 11, 12]
    play.fetched(12, tx(12, 0))
    for _ in range(4):
        play.not_fetched(11, Verdict.CANNOT).at(play.now + 20)
    play.hears(SignedOff(11, "for good"))
    assert [slot for slot in range(5, 15) if is_open(slot)] == [7, 8, 9]
