"""Trap 17: a checkpoint of the highest slot seen leaps over holes; none is not slot 0; and live statuses are no checkpoint."""

from dataclasses import replace

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import AmendFeed, OpenFeed, Recall
from monitor.core.jobs import Job, JobState
from monitor.core.rungs import Rung
from monitor.runtime.resumption import resumption
from monitor.stored import Cursor, StoredSlot
from tests.core.play import ALL, Play, confirmed, finalized, meta, processed, tx
from tests.core.test_repair import RPC, Recovery, a_gap
from tests.runtime.fakes import MemoryLedger
from tests.runtime.test_resumption import FILE


def test_what_a_restart_goes_on_from_stays_below_a_hole() -> None:
    play = a_gap().block(1, 8, tx(8, 0)).says(1, finalized(8)).at(1)
    assert play.settled() == 5
    assert play.kernel.frontier(Commitment.FINALIZED) == 5


def test_a_hole_that_was_certified_is_still_to_be_filled_after_a_restart() -> None:
    job = Job(6, 7, Rung.RPC, 1, JobState.OPEN)
    cursors = [Cursor("file", monitor, 9, "p") for monitor in ("a", "b")]
    store = MemoryLedger(settled=9, cursors=cursors)
    partial = StoredSlot(6, SlotEnd.PARTIAL, "proof", None, None, None, (), (), (), None, 0)
    store.certificates[6] = partial
    store.found_jobs.append(job)
    resumed = resumption(store, [FILE], None)
    assert (resumed.resume_slot, resumed.open, resumed.jobs) == (10, ((6, 7),), (job,))
    policy = replace(RPC, jobs=resumed.jobs)
    play = Recovery(ALL, recovery=policy, resume_slot=resumed.resume_slot, still_open=resumed.open)
    assert [each.slots for each in play.asked(Recall)] == [(6,)]


def test_no_checkpoint_is_the_tip_and_not_slot_zero() -> None:
    resumed = resumption(MemoryLedger(), [FILE], None)
    assert (resumed.resume_slot, resumed.start_slot) == (None, None)
    play = Play(ALL, start_slot=resumed.start_slot, resume_slot=resumed.resume_slot)
    assert [each.from_slot for each in play.of(OpenFeed)] == [None]
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5)).at(4)
    assert play.of(AmendFeed) == []
    assert list(play.certificates()) == [5]


def test_live_statuses_carry_no_checkpoint_past_a_replay_that_lags() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0)).says(1, finalized(4)).ends(1).at(1)
    back = play.opened()[-1]
    play.accepts(back).block(back, 9, tx(9, 0), parent=8, parent_block="B8")
    assert play.of(AmendFeed)[-1].from_slot == 5
    play.says(back, finalized(9)).at(4)
    assert play.settled() == 4
    play.says(back, tx(5, 0), meta(5), processed(5), tx(6, 0), meta(6), processed(6)).at(7)
    assert play.settled() == 4
    play.says(back, tx(7, 0), meta(7), tx(8, 0), meta(8), tx(9, 0), meta(9)).at(12)
    assert play.settled() == 9
