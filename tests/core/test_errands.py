"""Restarts and forgotten slots: whatever was known of an open slot, its block is handed on once and closes it."""

from dataclasses import replace

import pytest

from monitor.core import forgotten
from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import Certify, Fetch, KeepJobs, OpenFeed, Recall
from monitor.core.endings import EndReason
from monitor.core.errands import FLOOR_PAUSE, ROUNDS_A_TURN
from monitor.core.events import FloorTold, Recalled, SignedOff
from monitor.core.given import pack
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from monitor.core.slots import SlotState
from tests.core.play import ALL, confirmed, finalized, tx
from tests.core.test_repair import RPC, Recovery, a_gap

BOTH = RecoveryPolicy(
    rungs=(Rung.REPLAY, Rung.RPC), workers={Rung.REPLAY: 2, Rung.RPC: 8}, attempts=2
)


class Stored:
    """What a store holds after this play, as a later process finds it."""

    def __init__(self, play: Recovery) -> None:
        self.ends: dict[int, SlotEnd] = {}
        self.given: dict[int, bytes] = {}
        self.jobs: dict[int, Job] = {}
        for command in play.commands:
            if isinstance(command, Certify):
                self.ends.update((each.slot, each.end) for each in command.certificates)
                self.given.update(command.given)
            elif isinstance(command, KeepJobs):
                for change in command.changes:
                    self._change(change)
        self.first = (play.settled() or 0) + 1

    def _change(self, change: Job | JobsDone) -> None:
        for slot in range(change.first, change.end):
            if isinstance(change, JobsDone):
                self.jobs.pop(slot, None)
            else:
                self.jobs[slot] = replace(change, first=slot, end=slot + 1)

    def start(self, policy: RecoveryPolicy = RPC) -> Recovery:
        """The process behind it."""
        still_open = [
            (slot, slot + 1)
            for slot, end in sorted(self.ends.items())
            if end in (SlotEnd.PARTIAL, SlotEnd.LOST) and slot < self.first
        ]
        jobs = tuple(job for slot, job in sorted(self.jobs.items()) if slot < self.first)
        return Recovery(
            ALL,
            recovery=replace(policy, jobs=jobs),
            resume_slot=self.first,
            still_open=tuple(still_open),
        )


def live(play: Recovery, slot: int) -> None:
    play.block(1, slot, tx(slot, 0, f"L{slot}"))
    play.says(1, confirmed(slot), finalized(slot))
    play.at(play.now + 5)


def answered(play: Recovery, stored: Stored) -> None:
    """RPCs and the store answer all that is asked, until nothing is."""
    for _ in range(30):
        for recall in play.asked(Recall):
            known = {slot: stored.given[slot] for slot in recall.slots if slot in stored.given}
            play.hears(Recalled(recall.slots, known))
        for fetch in play.asked(Fetch):
            play.fetched(fetch.slot, tx(fetch.slot, 0, f"z{fetch.slot}"))
        play.at(play.now + 5)


def test_a_restart_in_the_middle_of_a_walk_down_an_unknown_gap_loses_none_of_it() -> None:
    play = Recovery(ALL)
    for slot in (5, 6):
        live(play, slot)
    for slot in (14, 15):
        live(play, slot)
    play.fetched(13, tx(13, 0, "z13"))
    live(play, 16)
    stored = Stored(play)
    assert stored.first > 13
    again = stored.start()
    live(again, 20)
    answered(again, stored)
    told = [event.removesuffix(" late") for event in again.take()]
    walked = {f"{slot} z{slot}" for slot in range(7, 14)}
    assert sorted(event for event in told if event in walked) == sorted(walked - {"13 z13"})
    assert {again.certificates()[slot].end for slot in range(7, 13)} == {SlotEnd.RECOVERED}


def test_what_was_passed_over_while_it_was_lost_is_handed_on_by_a_later_process() -> None:
    play = a_gap()
    play.asked(Fetch)
    play.not_fetched(6, Verdict.CANNOT)
    assert play.kernel.is_lost(6)
    play.at(play.now + 3).says(1, finalized(7))
    for slot in range(8, 12):
        live(play, slot)
    stored = Stored(play)
    again = stored.start()
    live(again, stored.first)
    answered(again, stored)
    assert "6 z6 late" in again.take()
    assert again.certificates()[6].end == SlotEnd.RECOVERED
    assert again.kernel.frontier(Commitment.FINALIZED) == stored.first


def test_open_slots_without_a_job_get_one_at_the_start() -> None:
    play = Recovery(ALL, resume_slot=10, still_open=((5, 7),))
    assert [each.slots for each in play.asked(Recall)] == [(6, 5)]


def test_lost_slots_that_were_passed_stay_passed_after_a_restart() -> None:
    lost = Job(5, 7, Rung.RPC, 0, JobState.LOST)
    passing = replace(RPC, passes_lost=True, jobs=(lost,))
    play = Recovery(ALL, recovery=passing, resume_slot=10, still_open=((5, 7),))
    live(play, 10)
    assert play.kernel.frontier(Commitment.FINALIZED) == 10


def test_a_slot_that_was_dropped_for_want_of_memory_is_whole_again_by_recovery() -> None:
    play = Recovery(ALL, level=Commitment.FINALIZED, held_bytes=60)
    play.block(1, 5, tx(5, 0))
    play.says(1, confirmed(5), finalized(5)).take()
    play.block(1, 6, *[tx(6, index) for index in range(8)])
    play.block(1, 7, tx(7, 0, "x0"))
    play.says(1, confirmed(7))
    assert [each.slot for each in play.asked(Fetch)] == [6]
    play.fetched(6, *[tx(6, index) for index in range(8)])
    play.says(1, finalized(7)).at(play.now + 5)
    assert [event.removesuffix(" late") for event in play.take()][-9:] == [
        *[f"6 t{index}" for index in range(8)],
        "7 x0",
    ]


def test_before_any_feed_is_open_a_replay_is_waited_for() -> None:
    policy = replace(BOTH, jobs=(Job(5, 7, Rung.REPLAY, 0, JobState.OPEN),))
    play = Recovery(ALL, recovery=policy, resume_slot=10, still_open=((5, 7),))
    play.kernel.connections.all[0].opened = False
    for recall in play.asked(Recall):
        play.hears(Recalled(recall.slots, {}))
    assert play.asked(Fetch) == []
    play.kernel.connections.all[0].opened = True
    play.at(play.now + 2)
    assert [each.from_slot for each in play.asked(OpenFeed) if each.is_replay] == [5]


def test_a_refused_replay_is_asked_for_again_from_above_the_floor() -> None:
    play = Recovery(ALL, recovery=BOTH)
    live(play, 5)
    play.block(1, 40, tx(40, 0, "x0"))
    play.says(1, confirmed(40))
    (asked,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    assert asked.from_slot == 6
    play.ends(asked.feed, EndReason.REPLAY_EXPIRED, floor=20)
    assert {each.slot for each in play.asked(Fetch)} <= set(range(6, 24))
    play.at(play.now + 2)
    assert [each.from_slot for each in play.asked(OpenFeed) if each.is_replay] == [24]


def test_slots_that_were_forgotten_are_recalled_before_anybody_is_asked() -> None:
    play = Recovery(ALL, resume_slot=20, still_open=((5, 8),))
    assert play.asked(Fetch) == []
    play.hears(Recalled((7, 6, 5), {}))
    assert [each.slot for each in play.asked(Fetch)] == [7, 6, 5]


def test_what_waits_for_other_slots_to_be_recalled_is_not_forgotten_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgotten, "KEPT", 2)
    alone = RecoveryPolicy(rungs=(Rung.REPLAY,), workers={Rung.REPLAY: 1})
    play = Recovery(ALL, recovery=alone, resume_slot=20)
    play.kernel.connections.all[0].opened = False
    for slot in (20, 21, 22):
        partial(play, slot)
    assert play.asked(Recall) == [Recall((20,))]
    for slot in (23, 24):
        partial(play, slot)
    play.kernel.connections.all[0].opened = True
    play.asked(OpenFeed)
    play.hears(Recalled((20,), {}))
    assert [each.from_slot for each in play.asked(OpenFeed)] == [20]


def partial(play: Recovery, slot: int) -> None:
    """The slot is final and certified, without one of its transactions."""
    play.block(1, slot, tx(slot, 0), transactions=2).says(1, confirmed(slot), finalized(slot))
    play.at(play.now + 3)


def test_a_replay_begins_when_all_of_its_slots_are_known_again() -> None:
    play = Recovery(ALL, recovery=BOTH, resume_slot=20, still_open=((5, 8),))
    play.asked(OpenFeed)
    assert play.asked(Recall) == [Recall((5, 6, 7))]
    play.hears(Recalled((5, 6), {}))
    assert play.asked(OpenFeed) == []
    play.hears(Recalled((7,), {}))
    assert [each.from_slot for each in play.asked(OpenFeed)] == [5]


def test_a_slot_that_is_known_to_hold_a_block_is_no_unknown_one_when_it_comes_back() -> None:
    play = Recovery(ALL, resume_slot=20, still_open=((5, 7),))
    state = SlotState(5)
    state.confirmed, state.told_level, state.released_level = "B5", Commitment.CONFIRMED, 1
    play.hears(Recalled((6, 5), {5: pack(state, at_once=False)}))
    places = play.kernel.repair.queue._table
    assert [places[slot].is_unknown for slot in (5, 6)] == [False, True]


def test_what_is_leased_is_kept_in_memory_until_it_ends() -> None:
    play = a_gap()
    busy = play.kernel.join.ledger.forgotten.busy
    assert busy == {6}
    play.fetched(6, tx(6, 0, "y0"))
    assert busy == {6}  # whole, and not final yet
    play.block(1, 8, tx(8, 0, "z0"))
    play.says(1, confirmed(8), finalized(8))
    play.block(1, 9)
    assert busy == set()


def test_a_recalled_lease_whose_slot_was_signed_off_meanwhile_keeps_nobody_awake() -> None:
    lost = replace(RPC, jobs=(Job(5, 6, Rung.RPC, 0, JobState.LOST),))
    play = Recovery(ALL, recovery=lost, resume_slot=10, still_open=((5, 6),))
    (recall,) = play.asked(Recall)
    play.hears(SignedOff(5, "seen by hand"))
    play.hears(Recalled(recall.slots, {}))
    assert not play.kernel.repair.errands.is_due
    assert play.asked(Fetch) == []


def test_what_a_closed_child_names_is_proven_by_its_hash_after_a_restart() -> None:
    child = Certificate(11, SlotEnd.COMPLETE, "", "B11", parent_slot=10, parent_blockhash="B10")
    play = Recovery(ALL, resume_slot=10, closed=(child,))
    assert play.kernel.join.slots[10].confirmed == "B10"
    play.at(play.now + 1)
    assert [each.slot for each in play.asked(Fetch)] == [10]
    play.fetched(10, tx(10, 0, "y0"))
    assert [event.removesuffix(" late") for event in play.take()] == ["10 y0"]


def test_what_a_child_says_of_a_forgotten_slot_counts_when_it_comes_back() -> None:
    play = Recovery(ALL, resume_slot=10, still_open=((9, 10),))
    (recall,) = play.asked(Recall)
    live(play, 10)
    play.hears(Recalled(recall.slots, {}))
    assert play.kernel.join.slots[9].confirmed == "B9"
    play.fetched(9, tx(9, 0, "y0"))
    assert "9 y0 late" in play.take()


def test_without_recovery_nothing_piles_up_for_it() -> None:
    play = Recovery(ALL, recovery=RecoveryPolicy())
    for slot in range(5, 9):
        play.block(1, slot, tx(slot, 0), transactions=2)
        play.says(1, confirmed(slot), finalized(slot))
        play.at(play.now + 5)
    join = play.kernel.join
    assert play.kernel.open_slots() == 4
    assert (join.gate.passed_over, join.ledger.wanted, join.ledger.ended) == ([], [], [])


def test_a_gap_of_any_length_that_nobody_can_replay_takes_some_of_each_turn() -> None:
    play = Recovery(ALL, recovery=BOTH)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5)).ends(1, jitter=1.0)
    play.kernel.connections.all[0].reopen_at = None
    queue, errands = play.kernel.repair.queue, play.kernel.repair.errands
    spans = ROUNDS_A_TURN + 2
    queue.open(6, 6 + spans * 512, play.now, is_unknown=True)
    list(play.kernel.tick(play.now))
    assert len(queue._table.lines[Rung.REPLAY].slots) == 2 * 512
    assert errands.is_due
    assert play.kernel.next_deadline() == 0.0
    list(play.kernel.tick(play.now))
    assert len(queue._table.lines[Rung.REPLAY].slots) == 0
    assert not errands.is_due


def test_no_replay_is_leased_while_endpoints_tell_how_far_back_they_reach() -> None:
    play = Recovery(ALL, recovery=BOTH, asks_floors=True)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.kernel.repair.queue.open(6, 6 + 2000, play.now)
    for _ in range(5):
        play.says(1, tx(5, 0))
    assert play.asked(OpenFeed)[1:] == []
    waiting = play.kernel.repair.queue._table.lines[Rung.REPLAY].slots
    assert len(waiting) == 2000 - 512
    play.hears(FloorTold(0, 1)).at(play.now + FLOOR_PAUSE)
    (opened,) = play.asked(OpenFeed)
    assert opened.from_slot == 6
