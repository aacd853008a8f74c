"""Recovery from a missing slot to its proof, as dialogue with a kernel."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.core import repair, unproven
from monitor.core.certificates import Certificate, Coverage, SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import (
    Abandon,
    CancelFetch,
    Certify,
    Command,
    Fetch,
    KeepJobs,
    OpenFeed,
    ReadAccounts,
    Recall,
    Refuse,
    Report,
    Settled,
)
from monitor.core.endings import EndReason
from monitor.core.events import (
    AccountsRead,
    AccountsUnread,
    BlockFetched,
    Event,
    FetchFailed,
    FetchPaced,
    ReadingResumed,
    Recalled,
    Row,
    SignedOff,
)
from monitor.core.forgotten import KEPT
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.monitors import AccountsFilter, Monitor
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from monitor.core.skips import SKIPPED
from tests.core.play import ALL, VAULT, Play, confirmed, finalized, meta, tx, write

RPC = RecoveryPolicy(rungs=(Rung.RPC,), workers={Rung.RPC: 8}, attempts=2)


class Recovery(Play):
    """A play with RPCs: 4 is the origin of the first one's blocks, for two endpoints; 2 for one."""

    def __init__(self, *monitors: Monitor, feeds: int = 1, **settings: Any) -> None:
        settings.setdefault("recovery", RPC)
        super().__init__(*monitors, feeds=feeds, rpcs=2, **settings)
        self.origin = self.kernel.origins.rpc(0)

    def hears(self, event: Event) -> "Recovery":
        self._do(self.kernel.handle(event, self.now))
        return self

    def asked(self, kind: type[Command]) -> list[Any]:
        """Commands of this kind, and forget them."""
        found = [each for each in self.commands if isinstance(each, kind)]
        self.commands = [each for each in self.commands if not isinstance(each, kind)]
        return found

    def fetched(self, slot: int, *rows: Row, rung: Rung = Rung.RPC, **of_meta: Any) -> "Recovery":
        of_meta.setdefault("transactions", len(rows))
        whole = [*rows, meta(slot, **of_meta)]
        return self.hears(BlockFetched(slot, rung, (self.origin,), whole))

    def not_fetched(self, slot: int, verdict: Verdict, rung: Rung = Rung.RPC) -> "Recovery":
        return self.hears(FetchFailed(slot, rung, verdict, 0.5))

    def said(self, sentence: str) -> bool:
        return any(isinstance(c, Report) and sentence in c.sentence for c in self.commands)


def a_gap(*monitors: Monitor, **settings: Any) -> Recovery:
    """Slot 5 is closed; slot 6 never came, and slot 7 names it."""
    play = Recovery(*(monitors or (ALL,)), **settings)
    play.block(1, 5, tx(5, 0))
    play.says(1, confirmed(5), finalized(5))
    play.block(1, 7, tx(7, 0, "x0"))
    play.says(1, confirmed(7))
    return play


def all_asked(play: Recovery, *slots: int) -> None:
    """All calls for these slots have gone to their servers."""
    for slot in slots:
        play.hears(FetchPaced(slot, Rung.RPC, is_waiting=False))


def attempts_at(play: Recovery, slot: int) -> int:
    """Failed ones on the rung that the slot is on."""
    return play.kernel.repair.queue._table[slot].attempts


def test_a_block_that_a_confirmed_child_names_is_fetched_at_once() -> None:
    play = a_gap()
    assert play.asked(Fetch) == [Fetch(6, Rung.RPC, witnesses=2)]


def test_a_recovered_slot_goes_out_in_its_place() -> None:
    play = a_gap()
    play.take()
    play.fetched(6, tx(6, 0, "y0"))
    assert play.take() == ["6 y0", "7 x0"]


def test_its_certificate_names_the_rung_and_the_frontier_passes() -> None:
    play = a_gap()
    play.fetched(6, tx(6, 0, "y0"))
    play.block(1, 8, tx(8, 0, "z0"))
    play.says(1, confirmed(8), finalized(8))
    play.block(1, 9)
    certificate = play.certificates()[6]
    assert (certificate.end, certificate.recovered_by) == (SlotEnd.RECOVERED, "rpc")
    assert play.certificates()[7].end == SlotEnd.COMPLETE
    assert play.kernel.frontier(Commitment.FINALIZED) == 8
    assert play.kernel.standing().recovered == {Rung.RPC: 1}
    play.kernel.check()


def test_a_slot_that_lacks_a_transaction_is_completed() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0), tx(5, 1, "t1"), transactions=3)
    play.says(1, confirmed(5))
    play.block(1, 6)
    assert play.asked(Fetch) == [Fetch(5, Rung.RPC, witnesses=2)]
    play.fetched(5, tx(5, 0), tx(5, 1, "t1"), tx(5, 2, "t2"))
    assert play.take() == ["5 t0", "5 t1", "5 t2"]


def test_what_contradicts_the_stream_is_refused_and_told() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0), transactions=3)
    play.says(1, confirmed(5))
    play.block(1, 6)
    play.fetched(5, tx(5, 0), tx(5, 1, "t1"))
    assert play.said("an RPC and an endpoint tell different blocks")
    assert play.take() == []


def test_a_block_that_the_child_does_not_name_is_refused() -> None:
    play = a_gap()
    play.take()
    play.fetched(6, tx(6, 0, "y0"), block="another")
    assert play.said("not the chain's")
    assert play.take() == []


def test_unknown_slots_are_fetched_ahead_and_proven_by_links() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0))
    play.says(1, confirmed(5), finalized(5))
    play.take()
    play.block(1, 10, tx(10, 0, "x0"))
    play.says(1, confirmed(10))
    asked = play.asked(Fetch)
    assert [each.slot for each in asked] == [9, 8, 7, 6]
    play.fetched(8, tx(8, 0, "w0"), parent=6)
    assert play.take() == []
    play.fetched(9, tx(9, 0, "v0"))
    play.fetched(6, tx(6, 0, "y0"))
    assert play.take() == ["6 y0", "8 w0", "9 v0", "10 x0"]
    assert not play.kernel.repair.queue.is_open(7)


def test_a_claim_of_a_skip_proves_nothing_and_a_link_does() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0))
    play.says(1, confirmed(5), finalized(5))
    play.block(1, 8, tx(8, 0, "x0"))
    play.says(1, confirmed(8))
    play.not_fetched(6, Verdict.SKIPPED_CLAIM)
    assert play.kernel.repair.queue.is_open(6)
    play.fetched(7, tx(7, 0, "y0"), parent=5)
    assert not play.kernel.repair.queue.is_open(6)


def test_a_slot_that_no_rung_brings_is_lost_until_somebody_signs_it_off() -> None:
    play = a_gap()
    for _ in range(4):
        play.not_fetched(6, Verdict.CANNOT)
        play.at(play.now + 20)
    assert play.kernel.is_lost(6)
    assert play.said("a slot is lost")
    play.block(1, 8, tx(8, 0, "z0"))
    play.says(1, confirmed(8), finalized(8))
    play.at(play.now + 5)
    assert play.certificates()[6].end == SlotEnd.LOST
    assert play.kernel.frontier(Commitment.FINALIZED) == 5
    play.hears(SignedOff(6, "the exchange confirmed that it held nothing of ours"))
    assert play.kernel.frontier(Commitment.FINALIZED) == 8
    assert "signed off" in play.certificates()[6].proof
    assert not play.kernel.is_lost(6)


def test_lost_slots_are_passed_where_the_user_decided_so() -> None:
    passing = RecoveryPolicy(rungs=(Rung.RPC,), workers={Rung.RPC: 8}, attempts=1, passes_lost=True)
    play = a_gap(recovery=passing)
    for _ in range(3):
        play.not_fetched(6, Verdict.CANNOT)
        play.at(play.now + 20)
    play.block(1, 8, tx(8, 0, "z0"))
    play.says(1, confirmed(8), finalized(8))
    play.at(play.now + 5)
    assert play.kernel.frontier(Commitment.FINALIZED) == 8
    play.at(play.now + 600)
    assert play.asked(Fetch)[-1].slot == 6  # it is tried again all the same
    play.fetched(6, tx(6, 0, "y0"))
    assert play.take()[-1] == "6 y0 late"
    assert play.certificates()[6].end == SlotEnd.RECOVERED


def test_accounts_are_read_where_nothing_else_is_missing() -> None:
    reads = RecoveryPolicy(rungs=(Rung.RPC,), workers={Rung.RPC: 8}, reads_accounts=True)
    play = a_gap(Monitor("vault", accounts=AccountsFilter(account=("x",))), recovery=reads)
    play.take()
    play.fetched(6)
    play.at(play.now + 1)
    (read,) = play.asked(ReadAccounts)
    assert (read.first, read.end) == (6, 7)
    state = write(9, "x", "", 0)
    row = (*state[:2], b"x".ljust(32, b"\0") + b"!" + b"h" * 16, *state[3:])
    play.hears(AccountsRead(6, 7, 9, [row], play.kernel.origins.reconciled(0)))
    play.block(1, 8)
    play.says(1, confirmed(8), finalized(8))
    play.block(1, 9)
    certificate = play.certificates()[6]
    assert certificate.end == SlotEnd.RECOVERED
    assert "accounts as of slot 9" in certificate.proof


def test_what_was_handed_on_of_a_forgotten_slot_is_not_handed_on_again() -> None:
    play = Recovery(ALL)
    for slot in range(5, 5 + KEPT + 10):
        play.block(1, slot, tx(slot, 0), transactions=2)
        play.says(1, confirmed(slot), finalized(slot))
        play.at(play.now + 5)
    given = {slot: each for c in play.asked(Certify) for slot, each in c.given.items()}
    for lease in range(8):
        play.not_fetched(5 + lease, Verdict.CANNOT)
    while not play.of(Recall):
        play.at(play.now + 5)
    slot = play.asked(Recall)[0].slots[0]
    play.take()
    play.hears(Recalled((slot,), {slot: given[slot]}))
    assert slot in [each.slot for each in play.asked(Fetch)]
    play.fetched(slot, tx(slot, 0), tx(slot, 1, "u1"))
    assert play.take() == [f"{slot} u1 late"]
    assert play.certificates()[slot].end == SlotEnd.RECOVERED


def test_a_restart_goes_on_with_what_was_left_open() -> None:
    policy = replace(RPC, jobs=(Job(5, 7, Rung.RPC, 1, JobState.OPEN),))
    play = Recovery(ALL, recovery=policy, resume_slot=10, still_open=((5, 7),))
    assert [each.slots for each in play.asked(Recall)] == [(6, 5)]
    assert play.kernel.frontier(Commitment.FINALIZED) is None
    assert play.kernel.open_slots() == 2


def restarted(missed: int, **of_policy: Any) -> Recovery:
    """Slots up to 9 were settled; the tip is `missed` slots further."""
    play = Recovery(ALL, recovery=replace(RPC, max_catchup=100, **of_policy), resume_slot=10)
    play.block(1, 10 + missed)
    play.says(1, confirmed(10 + missed))
    play.ends(1, EndReason.REPLAY_EXPIRED, floor=10 + missed)
    return play


def test_a_gap_within_the_bound_is_caught_up_with_and_shown() -> None:
    catch_up = restarted(90).kernel.standing().catch_up
    assert catch_up is not None
    assert (catch_up.slots, catch_up.done) == (90, 0)


def test_a_larger_gap_is_refused_with_a_choice() -> None:
    (refused,) = restarted(101).asked(Refuse)
    assert "slots 10 to 110" in refused.why
    assert "on_catchup_exceeded" in refused.why


def test_a_larger_gap_may_be_skipped_and_is_recorded() -> None:
    play = restarted(101, on_exceeded="skip")
    (abandoned,) = play.asked(Abandon)
    assert (abandoned.first, abandoned.end) == (10, 110)
    assert play.kernel.tally.slots[SlotEnd.LOST] == 100
    assert play.kernel.frontier(Commitment.FINALIZED) == 109
    assert [each.slot for each in play.asked(Fetch)] == [110]  # the live chain names it


def test_blocks_that_were_skipped_count_as_not_held() -> None:
    policy = replace(RPC, max_catchup=100, on_exceeded="skip")
    last = Certificate(9, SlotEnd.COMPLETE, "counted", "B9", 8, block_height=7)
    play = Recovery(ALL, recovery=policy, resume_slot=10, closed=(last,), still_open=((5, 7),))
    play.block(1, 110, height=90).says(1, finalized(110))
    play.block(1, 111, tx(111, 0), height=91).says(1, finalized(111)).at(9.0)
    assert play.certificates()[111].end == SlotEnd.COMPLETE
    assert play.kernel.coverage() == Coverage(3, 91 - 7 + 1, by_height=True)


def test_what_was_skipped_is_recorded_before_anything_is_settled_behind_it() -> None:
    play = Recovery(ALL, recovery=replace(RPC, max_catchup=100, on_exceeded="skip"), resume_slot=10)
    play.block(1, 111, tx(111, 0))
    told = [command for command in play.commands if isinstance(command, Abandon | Settled)]
    assert told == [Abandon(10, 110, SKIPPED), Settled(109)]


def test_a_larger_gap_may_be_caught_up_with_all_the_same() -> None:
    play = restarted(101, on_exceeded="catch_up")
    assert len(play.asked(Fetch)) == 8
    catch_up = play.kernel.standing().catch_up
    assert catch_up is not None
    assert catch_up.slots == 101


def blocks_at_five_and(slot: int, *monitors: Monitor, **settings: Any) -> Recovery:
    """Slot 5 is final, this one is confirmed, and nobody spoke of what lies between."""
    play = Recovery(*(monitors or (ALL,)), **settings)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.take()
    play.block(1, slot, tx(slot, 0, "x0"))
    play.says(1, confirmed(slot))
    return play


def test_an_answer_that_comes_when_the_slot_has_ended_changes_nothing() -> None:
    play = a_gap()
    play.fetched(6, tx(6, 0, "y0"))
    play.take()
    play.fetched(6, tx(6, 0, "y0"), tx(6, 1, "y1"))
    assert play.take() == []
    assert len(play.kernel.join.slots[6].banks) == 1


def test_a_block_that_the_proven_chain_jumps_over_is_never_handed_on() -> None:
    play = blocks_at_five_and(9)
    play.fetched(7, tx(7, 0, "fork"))
    assert 7 in play.kernel.repair.unproven
    play.fetched(8, tx(8, 0, "w0"), parent=6)
    assert 7 not in play.kernel.repair.unproven
    assert not play.kernel.repair.queue.is_open(7)
    play.fetched(7, tx(7, 0, "fork"))
    play.fetched(6, tx(6, 0, "y0"))
    assert play.take() == ["6 y0", "8 w0", "9 x0"]


def test_an_unproven_block_that_the_link_does_not_name_is_refused_and_asked_for_again() -> None:
    play = blocks_at_five_and(8)
    play.fetched(6, tx(6, 0, "lie"), block="another")
    play.asked(Fetch)
    play.fetched(7, tx(7, 0, "z0"))
    assert play.said("not the chain's")
    assert play.take() == []
    play.at(play.now + 10)
    assert [each.slot for each in play.asked(Fetch)] == [6]
    play.fetched(6, tx(6, 0, "y0"))
    assert "6 y0" in [event.removesuffix(" late") for event in play.take()]


def test_a_block_that_comes_again_before_its_proof_is_kept_once() -> None:
    play = blocks_at_five_and(8)
    play.fetched(6, tx(6, 0, "y0"))
    play.fetched(6, tx(6, 0, "y0"))
    play.fetched(7, tx(7, 0, "z0"))
    assert play.take() == ["6 y0", "7 z0", "8 x0"]
    assert len(play.kernel.repair.unproven) == 0


def test_a_block_that_nothing_proves_for_long_is_let_go_and_asked_for_again() -> None:
    play = blocks_at_five_and(10)
    play.fetched(7, tx(7, 0, "y0"))
    play.asked(Fetch)
    play.at(play.now + 599)
    assert 7 in play.kernel.repair.unproven
    play.at(play.now + 3)
    assert 7 not in play.kernel.repair.unproven
    assert 7 in [each.slot for each in play.asked(Fetch)]
    assert attempts_at(play, 7) == 0


def test_no_more_blocks_are_fetched_ahead_than_memory_is_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for bound, ahead in ((unproven.MOST_BYTES, [7]), (10, [])):
        monkeypatch.setattr(unproven, "MOST_BYTES", bound)
        play = blocks_at_five_and(10, recovery=replace(RPC, workers={Rung.RPC: 2}))
        assert [each.slot for each in play.asked(Fetch)] == [9, 8]
        play.fetched(8, tx(8, 0, "w0"))
        assert [each.slot for each in play.asked(Fetch)] == ahead


def test_what_a_feed_completes_itself_is_asked_of_nobody_any_more() -> None:
    play = Recovery(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).says(1, finalized(5))
    play.block(1, 7, tx(7, 0), transactions=2).says(1, confirmed(7)).block(1, 8)
    assert {6, 7} <= {each.slot for each in play.asked(Fetch)}
    play.says(2, tx(7, 1), meta(7, transactions=2))
    assert play.kernel.repair.queue.is_open(6)
    assert not play.kernel.repair.queue.is_open(7)


def test_a_slot_that_only_lacks_its_proof_is_asked_of_nobody() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, finalized(5))
    play.block(1, 6, tx(6, 0)).says(1, confirmed(6))
    play.block(1, 8, tx(8, 0)).says(1, finalized(8))
    play.not_fetched(7, Verdict.NOT_YET)
    play.at(play.now + 5)
    assert play.certified()[6] == SlotEnd.PARTIAL
    assert {each.slot for each in play.asked(Fetch)} == {7}


def test_a_block_without_what_is_asked_for_does_not_end_the_job() -> None:
    play = a_gap(VAULT)
    play.take()
    play.fetched(6)
    assert play.kernel.is_lost(6)
    assert play.asked(ReadAccounts) == []
    assert play.kernel.standing().recovered == {}


def test_accounts_that_nobody_could_tell_are_asked_for_again() -> None:
    play = a_gap(VAULT, recovery=replace(RPC, reads_accounts=True))
    play.fetched(6)
    play.at(play.now + 1)
    assert len(play.asked(ReadAccounts)) == 1
    play.hears(AccountsUnread(6, 7, jitter=0.5))
    assert play.asked(ReadAccounts) == []
    play.at(play.now + 5)
    assert [(each.first, each.end) for each in play.asked(ReadAccounts)] == [(6, 7)]


def test_rpcs_that_tell_different_blocks_are_named() -> None:
    play = a_gap()
    rows = [tx(6, 0, "y0"), meta(6)]
    play.hears(BlockFetched(6, Rung.RPC, (2,), rows, dissent=(3,)))
    (report,) = [each for each in play.of(Report) if each.sentence == "RPCs disagree about a block"]
    assert (report.level, report.facts) == ("critical", {"slot": 6, "origins": [3]})
    assert play.take()[-2:] == ["6 y0", "7 x0"]


def test_where_none_is_believed_the_slot_is_asked_for_again_and_they_are_named() -> None:
    play = a_gap()
    play.asked(Fetch)
    play.hears(FetchFailed(6, Rung.RPC, Verdict.DISAGREED, 0.5, dissent=(2, 3)))
    assert play.said("RPCs disagree about a block")
    play.at(play.now + 5)
    assert [each.slot for each in play.asked(Fetch)] == [6]


def test_a_slot_that_is_not_lost_is_not_signed_off() -> None:
    play = a_gap()
    play.hears(SignedOff(6, "in haste"))
    assert play.kernel.repair.queue.is_open(6)
    assert not play.said("a lost slot was signed off")
    assert play.kernel.standing().signed_off == 0


def test_a_lost_slot_that_memory_let_go_of_is_signed_off_as_well() -> None:
    policy = replace(RPC, attempts=1, jobs=(Job(5, 6, Rung.RPC, 0, JobState.LOST),))
    play = Recovery(ALL, recovery=policy, resume_slot=10, still_open=((5, 6),))
    play.hears(SignedOff(5, "nothing of ours was in it"))
    assert play.certificates()[5].end == SlotEnd.LOST
    assert play.kernel.frontier(Commitment.FINALIZED) == 9
    assert play.kernel.open_slots() == 0


def test_a_restart_that_missed_nothing_has_no_catch_up() -> None:
    assert restarted(0).kernel.standing().catch_up is None


def test_without_a_rung_nothing_is_asked_and_what_is_missing_stays_partial() -> None:
    play = a_gap(recovery=RecoveryPolicy())
    play.says(1, finalized(7)).at(play.now + 5)
    assert play.certified()[6] == SlotEnd.PARTIAL
    assert play.asked(Fetch) == []


def test_what_another_feed_may_still_bring_is_not_asked_for() -> None:
    play = Recovery(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).block(2, 5, tx(5, 0)).says(1, finalized(5))
    play.block(1, 6, tx(6, 0), transactions=2).says(1, confirmed(6)).block(1, 7)
    assert play.asked(Fetch) == []
    play.block(2, 7)
    assert [each.slot for each in play.asked(Fetch)] == [6]


def test_what_the_replay_of_a_feed_may_still_bring_is_not_asked_for() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, finalized(5)).ends(1).at(2.0)
    (feed,) = [each.feed for each in play.asked(OpenFeed)][1:]
    play.accepts(feed).block(feed, 8, tx(8, 0)).says(feed, confirmed(8)).block(feed, 9)
    assert play.kernel.connections.replaying_from() == 6
    assert play.asked(Fetch) == []
    play.says(feed, tx(7, 0), meta(7), meta(8))
    assert play.kernel.connections.replaying_from() is None
    assert [each.slot for each in play.asked(Fetch)] == [6]


def test_an_answer_that_never_comes_is_not_waited_for_without_end() -> None:
    play = a_gap()
    play.asked(Fetch)
    play.hears(FetchPaced(6, Rung.RPC, is_waiting=False))
    play.at(play.now + repair.LEASE_SECONDS[Rung.RPC] - 1)
    assert play.asked(Fetch) == []
    play.at(play.now + 3)
    assert [each.slot for each in play.asked(Fetch)] == [6]
    assert play.asked(CancelFetch) == [CancelFetch(6, Rung.RPC)]
    assert attempts_at(play, 6) == 1


def test_who_waits_for_its_turn_to_be_asked_has_not_failed() -> None:
    play = a_gap()
    for _ in range(3):
        play.at(play.now + repair.LEASE_SECONDS[Rung.RPC])
    assert [each.slot for each in play.asked(Fetch)] == [6]
    play.hears(FetchPaced(6, Rung.RPC, is_waiting=False))
    play.at(play.now + repair.LEASE_SECONDS[Rung.RPC] - 1)
    play.hears(FetchPaced(6, Rung.RPC, is_waiting=True))  # another one is to be asked
    play.at(play.now + repair.LEASE_SECONDS[Rung.RPC])
    assert play.asked(CancelFetch) == []
    assert attempts_at(play, 6) == 0


def test_what_waits_for_its_turn_too_long_is_asked_for_anew_and_no_try_is_lost() -> None:
    play = a_gap(recovery=replace(RPC, attempts=1))
    play.asked(Fetch)
    for _ in range(2):
        play.at(play.now + 610)
    assert len(play.asked(Fetch)) == len(play.asked(CancelFetch)) == 2
    assert attempts_at(play, 6) == 0
    assert not play.kernel.is_lost(6)


def test_an_answer_is_not_late_that_came_while_nothing_was_read() -> None:
    play = a_gap()
    all_asked(play, 6)
    play.now += 10 * repair.LEASE_SECONDS[Rung.RPC]
    play.hears(ReadingResumed(10 * repair.LEASE_SECONDS[Rung.RPC]))
    play.at(play.now + repair.LEASE_SECONDS[Rung.RPC] - 1)
    assert play.asked(CancelFetch) == []
    play.at(play.now + 1)
    assert play.asked(CancelFetch) == [CancelFetch(6, Rung.RPC)]


def test_slots_that_the_chain_jumps_over_are_nobodys_work_any_more() -> None:
    play = blocks_at_five_and(8)
    busy = play.kernel.join.ledger.forgotten.busy
    assert {6, 7} <= busy
    play.fetched(7, tx(7, 0, "y0"), parent=5)
    assert 6 not in busy


def test_what_a_closed_slot_was_asked_for_is_cancelled() -> None:
    play = Recovery(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).says(1, finalized(5))
    play.block(1, 7, tx(7, 0), transactions=2).says(1, confirmed(7)).block(1, 8)
    assert {each.slot for each in play.asked(Fetch)} == {6, 7}
    play.says(2, tx(7, 1), meta(7, transactions=2))
    assert play.asked(CancelFetch) == [CancelFetch(7, Rung.RPC)]
    play.fetched(7, tx(7, 0), tx(7, 1))
    assert play.asked(CancelFetch) == []


def test_a_slot_that_a_feed_completes_meanwhile_is_not_lost_whatever_rpcs_say() -> None:
    play = Recovery(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).says(1, finalized(5))
    play.block(1, 6, tx(6, 0), transactions=2).says(1, confirmed(6)).block(1, 7)
    assert [each.slot for each in play.asked(Fetch)] == [6]
    play.says(2, tx(6, 1), meta(6, transactions=2))
    play.not_fetched(6, Verdict.CANNOT)
    assert not play.kernel.is_lost(6)
    assert not play.kernel.repair.queue.is_open(6)


def test_what_was_answered_is_not_cancelled() -> None:
    play = a_gap()
    play.not_fetched(6, Verdict.NOT_YET)
    play.at(play.now + 1)
    play.fetched(6, tx(6, 0, "y0"))
    assert play.take()[-2:] == ["6 y0", "7 x0"]
    assert play.asked(CancelFetch) == []


def test_a_late_failure_of_a_void_lease_counts_no_second_time() -> None:
    play = a_gap(recovery=replace(RPC, attempts=5))
    play.hears(FetchPaced(6, Rung.RPC, is_waiting=False))
    play.at(play.now + repair.LEASE_SECONDS[Rung.RPC])
    play.not_fetched(6, Verdict.FAILED)
    assert attempts_at(play, 6) == 1


def test_what_becomes_of_jobs_is_stored() -> None:
    play = a_gap()
    (kept,) = play.asked(KeepJobs)
    assert kept.changes == [Job(6, 7, Rung.RPC, 0, JobState.OPEN)]
    play.not_fetched(6, Verdict.NOT_YET)
    (kept,) = play.asked(KeepJobs)
    assert kept.changes == [Job(6, 7, Rung.RPC, 1, JobState.OPEN)]
    play.fetched(6, tx(6, 0, "y0"))
    (kept,) = play.asked(KeepJobs)
    assert kept.changes == [JobsDone(6, 7)]


def test_a_slot_that_is_worked_on_stays_in_memory() -> None:
    play = Recovery(ALL, recovery=replace(RPC, workers={Rung.RPC: 1}))
    for slot in range(5, 5 + KEPT + 3):
        play.block(1, slot, tx(slot, 0), transactions=2)
        play.says(1, confirmed(slot), finalized(slot))
    (asked,) = play.asked(Fetch)
    play.at(play.now + 3)
    assert min(play.kernel.join.slots) == asked.slot == 5
    assert list(play.kernel.join.ledger.forgotten.ranges) == [(6, 9)]


def test_blocks_that_were_fetched_ahead_are_all_proven_by_the_one_above_them() -> None:
    play = blocks_at_five_and(10)
    for slot in (6, 8, 7):
        play.fetched(slot, tx(slot, 0, f"y{slot}"))
    assert play.take() == []
    play.fetched(9, tx(9, 0, "y9"))
    assert play.take() == ["6 y6", "7 y7", "8 y8", "9 y9", "10 x0"]


def test_what_a_restart_misses_below_closed_slots_is_asked_for() -> None:
    closed = tuple(Certificate(n, SlotEnd.COMPLETE, "counted", f"B{n}", n - 1, n) for n in (8, 9))
    play = Recovery(ALL, resume_slot=5, closed=closed)
    play.block(1, 10, tx(10, 0)).says(1, meta(10), confirmed(10), finalized(10))
    assert play.asked(Fetch) == []
    play.at(play.now + 2)
    assert {each.slot for each in play.asked(Fetch)} == {5, 6, 7}


def test_many_proven_blocks_are_taken_some_a_turn_and_none_is_left() -> None:
    last = 6 + 3 * repair.BLOCKS_A_TURN
    play = blocks_at_five_and(last + 1, recovery=replace(RPC, workers={Rung.RPC: 64}))
    for slot in range(6, last):
        play.fetched(slot, tx(slot, 0, f"y{slot}"))
    play.fetched(last, tx(last, 0, f"y{last}"))
    assert play.take() == []
    assert play.kernel.next_deadline() == 0.0
    play.at(play.now)
    assert play.take() == [f"{slot} y{slot}" for slot in range(6, last + 1)] + [f"{last + 1} x0"]


def test_lost_slots_of_a_process_before_are_passed_where_the_user_decided_so() -> None:
    for passes, frontier in ((True, 9), (False, None)):
        policy = replace(RPC, passes_lost=passes, jobs=(Job(5, 6, Rung.RPC, 0, JobState.LOST),))
        play = Recovery(ALL, recovery=policy, resume_slot=10, still_open=((5, 6),))
        assert play.kernel.frontier(Commitment.FINALIZED) == frontier
        assert play.kernel.is_lost(5)


def test_a_block_that_finds_no_room_is_asked_for_again_and_no_try_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unproven, "MOST_BYTES", 10)
    play = blocks_at_five_and(9, recovery=replace(RPC, workers={Rung.RPC: 2}))
    queue, busy = play.kernel.repair.queue, play.kernel.join.ledger.forgotten.busy
    assert [each.slot for each in play.asked(Fetch)] == [8, 7]
    for _ in range(5):
        play.fetched(7, tx(7, 0, "z0"))
        assert 7 not in busy
        play.at(play.now + repair.NO_ROOM_PAUSE)
        assert play.asked(Fetch) == []
    play.fetched(8, tx(8, 0, "w0"))
    assert [each.slot for each in play.asked(Fetch)] == [7]
    assert queue._table[7].attempts == 0
    play.fetched(7, tx(7, 0, "z0"))
    assert play.kernel.repair.unproven.is_full is True


def test_a_slot_whose_lease_is_void_may_be_forgotten() -> None:
    play = a_gap()
    busy = play.kernel.join.ledger.forgotten.busy
    assert busy == {6}
    play.hears(FetchPaced(6, Rung.RPC, is_waiting=False))
    play.at(play.now + repair.LEASE_SECONDS[Rung.RPC])
    assert busy == set()


def test_a_second_copy_of_a_block_that_waits_for_its_proof_ends_its_lease_as_well() -> None:
    play = blocks_at_five_and(8, recovery=replace(RPC, attempts=9))
    play.asked(Fetch)
    all_asked(play, 6, 7)
    play.at(play.now + repair.LEASE_SECONDS[Rung.RPC])
    play.fetched(6, tx(6, 0, "y0"))
    play.at(play.now + 10)
    assert sorted(each.slot for each in play.asked(Fetch)) == [6, 7]
    all_asked(play, 6, 7)
    play.fetched(6, tx(6, 0, "y0"))
    play.at(play.now + repair.LEASE_SECONDS[Rung.RPC])
    places = play.kernel.repair.queue._table
    assert (places[6].attempts, places[7].attempts) == (1, 2)
