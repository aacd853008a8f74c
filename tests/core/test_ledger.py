"""What every slot comes to, by proof: told as dialogue, and read in the certificates."""

import pytest

from monitor.core.certificates import Certificate, Coverage, SlotEnd, Source
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Certify, Release, Report, Settled
from monitor.core.coverage import HEIGHTS_KEPT
from monitor.core.events import ReadingResumed
from monitor.core.forgotten import KEPT
from monitor.core.given import pack, unpack
from monitor.core.slots import SlotState
from monitor.core.unspoken import A_TURN
from tests.core.play import ALL, SOME, Play, confirmed, created, dead, finalized, meta, tx

COMPLETE, PARTIAL = SlotEnd.COMPLETE, SlotEnd.PARTIAL
SKIPPED, FORKED, DEAD = SlotEnd.SKIPPED, SlotEnd.FORKED, SlotEnd.DEAD
MISSING = "a block is missing: its child names it and no feed brought it"


def facts(play: Play, sentence: str) -> list[dict[str, object]]:
    """What each report of this sentence said."""
    return [dict(report.facts) for report in play.of(Report) if report.sentence == sentence]


def test_a_finalized_block_is_certified_when_every_feed_has_passed_it() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), height=9).block(2, 5, tx(5, 0)).says(1, finalized(5))
    assert play.certified() == {}
    play.block(1, 6)
    assert play.certified() == {}
    play.block(2, 6)
    assert play.certificates() == {
        5: Certificate(
            5,
            COMPLETE,
            "1 transactions counted",
            blockhash="B5",
            parent_slot=4,
            block_height=9,
            sources=(Source(0, 1, covers=True), Source(1, 1, covers=True)),
            parent_blockhash="B4",
            delay_ns=((0, 0), (1, 0)),
        )
    }


def test_a_feed_that_never_brought_a_block_or_has_ended_is_not_waited_for() -> None:
    play = Play(ALL, feeds=3).ends(3)
    play.block(1, 5).says(1, finalized(5)).block(1, 6)
    assert play.certified() == {5: COMPLETE}


def test_a_finalized_block_is_certified_after_hold_whoever_has_not_passed_it() -> None:
    play = Play(ALL, feeds=2)
    play.block(2, 4).block(1, 5).says(1, finalized(5)).at(1.99)
    assert play.certified() == {}
    play.at(2.0)
    assert play.certified() == {4: COMPLETE, 5: COMPLETE}


def test_releases_come_before_certificates_and_these_before_what_is_settled() -> None:
    play = Play(ALL, level=Commitment.FINALIZED)
    play.block(1, 5, tx(5, 0)).block(1, 6, tx(6, 0)).says(1, finalized(5))
    kinds = [type(command) for command in play.commands[-3:]]
    assert kinds == [Release, Certify, Settled]
    assert play.settled() == 5


def test_what_a_parent_link_jumps_over_is_off_the_chain() -> None:
    play = Play(ALL)
    play.block(1, 4).says(1, created(5), tx(5, 0), dead(5)).block(1, 6, parent=4)
    play.block(1, 9, parent=4).says(1, finalized(9)).at(2.0)
    assert play.certified() == {
        4: COMPLETE,
        5: DEAD,
        6: FORKED,
        7: SKIPPED,
        8: SKIPPED,
        9: COMPLETE,
    }
    assert play.certificates()[7].proof == "parent link of 9"
    assert play.settled() == 9


def test_a_slot_that_is_only_spoken_of_is_skipped() -> None:
    play = Play(ALL).block(1, 4)
    play.says(1, confirmed(7)).block(1, 8, parent=4).says(1, finalized(8)).at(2.0)
    assert play.certified()[7] == SKIPPED


def test_a_bank_that_begins_anew_after_its_death_is_no_dead_slot() -> None:
    play = Play(ALL).block(1, 4).says(1, created(5), tx(5, 0), dead(5), created(5))
    play.block(1, 6, parent=4).says(1, finalized(6)).at(2.0)
    assert play.certified()[5] == FORKED


def test_data_of_a_closed_slot_are_stale() -> None:
    play = Play(ALL)
    play.block(1, 5).block(1, 6).says(1, finalized(5), tx(5, 3), created(5), meta(5))
    assert play.take() == []
    assert play.kernel.tally.stale == 2
    assert 5 not in play.kernel.join.slots


def test_a_slot_of_which_something_is_missing_is_partial_after_hold() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0), transactions=2).says(1, finalized(5)).at(1.99)
    assert play.certified() == {}
    play.at(2.0)
    assert play.certified() == {5: PARTIAL}
    assert play.settled() == 5
    assert play.kernel.open_slots() == play.kernel.join.ledger.gaps == 1
    (told,) = facts(play, "a slot was certified partial")
    assert told == {"slot": 5, "why": "1 of 2 transactions held"}


def test_a_slot_that_was_passed_over_has_its_hold_again_once_it_is_final() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0), transactions=2).says(1, confirmed(5)).at(3.0)
    play.says(1, finalized(5)).at(4.99)
    assert play.certified() == {}
    play.at(5.0)
    assert play.certified() == {5: PARTIAL}


def test_late_evidence_makes_a_partial_slot_complete() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=2).says(1, finalized(5)).at(2.0)
    assert play.take() == ["5 t0"]
    play.block(2, 5, tx(5, 1), transactions=2).at(4.0)
    assert play.take() == ["5 t1 late"]
    assert play.certified() == {5: COMPLETE}
    assert "a partial slot was completed" in play.sentences()
    assert play.kernel.tally.slots == {"partial": 0, "complete": 1}
    assert (play.kernel.open_slots(), play.kernel.join.ledger.gaps) == (0, 1)


def test_a_partial_block_speaks_for_what_its_parent_link_jumps_over() -> None:
    play = Play(ALL)
    play.block(1, 4).block(1, 7, tx(7, 0), parent=4, transactions=2).says(1, finalized(7)).at(2.0)
    assert play.certified() == {4: COMPLETE, 5: SKIPPED, 6: SKIPPED, 7: PARTIAL}


def test_a_gap_of_a_single_feed_is_told_in_the_step_in_which_the_child_arrives() -> None:
    play = Play(ALL)
    play.block(1, 4)
    assert MISSING not in play.sentences()
    play.block(1, 6)
    assert facts(play, MISSING) == [{"slot": 5, "blockhash": "B5", "child": 6}]


def test_a_gap_of_several_feeds_is_told_when_the_last_ones_child_arrives() -> None:
    play = Play(ALL, feeds=3)
    for feed in (1, 2, 3):
        play.block(feed, 4)
    play.block(1, 6).block(2, 6)
    assert MISSING not in play.sentences()
    play.block(3, 6)
    assert facts(play, MISSING) == [{"slot": 5, "blockhash": "B5", "child": 6}]


def test_a_gap_that_a_finalized_child_names_is_told_whoever_may_still_bring_it() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4).block(2, 4).block(1, 6).says(1, confirmed(6))
    assert facts(play, MISSING) == [{"slot": 5, "blockhash": "B5", "child": 6}]
    play.block(2, 6)
    assert len(facts(play, MISSING)) == 1


def test_a_gap_below_a_block_that_was_confirmed_first_waits_for_the_other_feeds() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4).block(2, 4).says(1, created(6), confirmed(6), meta(6))
    assert MISSING not in play.sentences()
    play.block(2, 6)
    assert facts(play, MISSING) == [{"slot": 5, "blockhash": "B5", "child": 6}]


def test_no_gap_is_told_below_the_first_slot_or_where_the_parent_came_in_time() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4).block(2, 4).block(1, 6).block(2, 5).block(2, 6)
    assert MISSING not in play.sentences()


def test_block_heights_prove_what_lies_below_a_gap() -> None:
    play = Play(ALL)
    play.block(1, 5, height=10).says(1, finalized(5)).block(1, 9, parent=8, height=12).at(2.0)
    play.says(1, finalized(9)).at(4.0)
    assert play.certified() == {5: COMPLETE, 6: SKIPPED, 7: SKIPPED, 8: PARTIAL, 9: COMPLETE}
    assert play.certificates()[6].proof == "block heights of 5 and 9"
    assert play.certificates()[8].blockhash == "B8"


@pytest.mark.parametrize(("lower", "upper"), [(None, 12), (10, None), (10, 13)])
def test_what_nothing_speaks_for_is_partial(lower: int | None, upper: int | None) -> None:
    play = Play(ALL)
    play.block(1, 5, height=lower).says(1, finalized(5)).block(1, 9, parent=8, height=upper).at(2.0)
    play.says(1, finalized(9)).at(4.0)
    assert play.certified() == {5: COMPLETE, 6: PARTIAL, 7: PARTIAL, 8: PARTIAL, 9: COMPLETE}
    assert facts(play, "no finalized block speaks for these slots") == [
        {"from_slot": 6, "to_slot": 8}
    ]
    assert play.kernel.open_slots() == 3
    assert play.settled() == 9
    assert play.kernel.frontier(Commitment.FINALIZED) == 5


def test_a_gap_at_the_very_beginning_has_no_block_below_it() -> None:
    play = Play(ALL, start_slot=4)
    play.block(1, 6).says(1, finalized(6)).at(12.0)
    assert play.certified() == {4: PARTIAL, 5: PARTIAL, 6: COMPLETE}
    assert play.kernel.frontier(Commitment.FINALIZED) is None


def test_a_gap_that_is_filled_speaks_for_what_lies_below_it() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5).says(1, finalized(5)).block(1, 9, parent=8).says(1, finalized(9)).at(2.0)
    assert play.certified()[6] == PARTIAL
    play.block(2, 8, tx(8, 0), parent=5)
    assert play.certified() == {5: COMPLETE, 6: SKIPPED, 7: SKIPPED, 8: COMPLETE, 9: COMPLETE}
    assert play.kernel.open_slots() == 0
    assert play.take() == ["8 t0 late"]


def test_nothing_is_partial_while_a_replay_that_may_bring_it_is_under_way() -> None:
    play = Play(ALL)
    play.block(1, 5).says(1, finalized(5)).ends(1).at(1.0)
    play.block(2, 9, parent=8).says(2, finalized(9)).at(5.0)
    assert play.kernel.connections.replaying_from() == 6
    assert play.certified() == {5: COMPLETE, 9: COMPLETE}
    assert play.settled() == 5
    play.says(2).at(11.0)
    assert play.kernel.connections.replaying_from() is None
    assert set(play.certified().values()) == {COMPLETE, PARTIAL}
    assert play.settled() == 9


def test_a_confirmed_block_that_the_finalized_chain_passes_by_is_forked() -> None:
    play = Play(ALL)
    play.block(1, 4).block(1, 5).says(1, confirmed(5))
    play.block(1, 6, parent=4).says(1, finalized(6)).at(2.0)
    assert play.certified() == {4: COMPLETE, 5: FORKED, 6: COMPLETE}
    assert facts(play, "a confirmed block is not on the finalized chain") == [{"slot": 5}]
    assert play.settled() == 6


def test_two_finalized_blocks_that_contradict_each_other_prove_nothing() -> None:
    play = Play(ALL)
    play.block(1, 4).block(1, 5, tx(5, 0), transactions=2).says(1, finalized(5))
    play.block(1, 6, parent=4).says(1, finalized(6)).at(6.0)
    assert facts(play, "a confirmed block is not on the finalized chain") == [{"slot": 5}]
    assert play.certified()[5] == PARTIAL


def test_of_two_confirmed_blocks_of_one_slot_the_finalized_one_counts() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0, "x"), block="first").says(1, confirmed(5))
    play.block(2, 5, tx(5, 0, "y"), block="second").says(2, finalized(5)).at(2.0)
    assert "two blockhashes were confirmed for one slot" in play.sentences()
    assert play.take() == ["5 x", "5 undo", "5.1 y late"]
    play.says(1, finalized(5)).at(4.0)
    assert play.certificates()[5].blockhash == "second"


def test_a_finalized_block_takes_the_place_of_a_confirmed_one_that_still_waited() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0, "x"), transactions=2, block="first").says(1, confirmed(5))
    play.block(2, 5, tx(5, 0, "y"), block="second").says(2, finalized(5))
    assert play.take() == ["5 y"]
    assert play.at(2.0).certificates()[5].blockhash == "second"


def test_a_certificate_that_waited_while_nothing_was_read_waits_as_long_again() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=2).says(1, finalized(5)).at(2.0)
    play.block(1, 6, tx(6, 0), transactions=2).says(1, finalized(6)).at(3.0)
    play.now = 13.0
    play.kernel.handle(ReadingResumed(10.0), play.now)
    assert play.kernel.join.next_deadline() == 14.0
    assert 6 not in play.certified()


def test_identities_of_so_many_partial_slots_are_kept_and_no_more() -> None:
    play = Play(ALL, feeds=2)
    for slot in range(5, 5 + KEPT + 1):
        play.block(1, slot, tx(slot, 0), transactions=2).says(1, finalized(slot)).at(play.now + 2)
    assert min(play.kernel.join.slots) == 6
    assert play.kernel.open_slots() == KEPT + 1
    play.block(2, 5, tx(5, 1), transactions=2).block(2, 6, tx(6, 1), transactions=2)
    play.block(2, 90, tx(90, 0)).at(play.now + 2)
    assert play.certified()[5] == PARTIAL
    assert play.certified()[6] == COMPLETE
    assert play.kernel.coverage() == Coverage(1, KEPT + 1, by_height=False)


def test_coverage_counts_blocks_by_height() -> None:
    play = Play(ALL)
    assert play.kernel.coverage() is None
    play.block(1, 5, height=50).block(1, 8, parent=7, height=53)
    play.says(1, finalized(5), finalized(8)).at(2.0)
    assert play.kernel.coverage() == Coverage(2, 4, by_height=True)


def test_coverage_counts_by_parent_links_where_a_block_has_no_height() -> None:
    play = Play(ALL)
    play.block(1, 5, height=50).block(1, 6).block(1, 8, tx(8, 0), parent=6, transactions=2)
    play.says(1, finalized(5), finalized(6), finalized(8)).at(2.0)
    assert play.kernel.coverage() == Coverage(2, 3, by_height=False)


def test_heights_of_so_many_blocks_are_remembered() -> None:
    play = Play(ALL)
    for slot in range(5, 5 + HEIGHTS_KEPT + 2):
        play.block(1, slot, height=slot).says(1, finalized(slot))
    last = 5 + HEIGHTS_KEPT
    assert play.settled() == last
    assert play.kernel.coverage() == Coverage(HEIGHTS_KEPT + 1, HEIGHTS_KEPT + 1, by_height=True)
    play.at(2.0).block(1, last + 9, parent=last + 8, height=last + 3)
    play.says(1, finalized(last + 9)).at(4.0)
    assert play.certified()[last + 5] == SKIPPED


def test_a_child_that_lost_leaves_no_trace_of_its_parent() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4).block(1, 6, parent=5).block(2, 5, tx(5, 0), parent=4)
    play.block(1, 7, parent=4).block(2, 7, parent=4).says(1, finalized(7)).at(2.0)
    assert play.certified() == {4: COMPLETE, 5: FORKED, 6: FORKED, 7: COMPLETE}
    assert play.kernel.join.ledger.children.get(5) is None


def test_slots_wait_for_certificates_with_the_earliest_deadline_first() -> None:
    play = Play(SOME, feeds=2)
    play.block(2, 4).says(1, tx(5, 0), meta(5), finalized(5)).at(1.0)
    play.says(1, tx(6, 0), meta(6), finalized(6))
    assert play.kernel.next_deadline() == 2.0
    play.at(2.0)
    assert play.certified() == {4: COMPLETE, 5: PARTIAL}
    assert play.kernel.next_deadline() == 3.0


def test_coverage_counts_a_partial_first_block_and_a_missing_one_by_their_heights() -> None:
    play = Play(ALL, resume_slot=10)
    play.says(1, created(10), tx(10, 0), meta(10, transactions=2, height=5), confirmed(10))
    play.says(1, finalized(10)).block(1, 11, height=6).says(1, confirmed(11), finalized(11)).at(4.0)
    assert play.kernel.coverage() == Coverage(1, 2, by_height=True)
    lost = Play(ALL, resume_slot=10).block(1, 11, height=6).says(1, confirmed(11), finalized(11))
    assert lost.at(14.0).certified() == {10: SlotEnd.PARTIAL, 11: SlotEnd.COMPLETE}
    assert lost.kernel.coverage() == Coverage(1, 2, by_height=True)


def test_before_the_first_slot_of_ours_none_is_known_below() -> None:
    assert list(Play(ALL).kernel.join.ledger.unknown_below(5)) == [(0, 5)]


def stored(told: Commitment, released: int) -> bytes:
    """What was stored of slot 5 when it was known at one level, and handed on up to another."""
    state = SlotState(5)
    state.confirmed, state.told_level, state.released_level = "B5", told, released
    return pack(state, at_once=False)


def forgotten() -> Play:
    """Slots up to 9 were settled by a process before; slot 5 it left open."""
    return Play(ALL, resume_slot=10, still_open=((5, 6),))


def test_a_slot_that_comes_back_waits_for_the_levels_that_it_was_not_handed_on_at() -> None:
    play = forgotten()
    ledger, gate = play.kernel.join.ledger, play.kernel.gate
    state = ledger.take_back(5, stored(Commitment.FINALIZED, -1), 1.0)
    assert gate.waiting() == [state]
    play.at(3.0)
    assert gate.frontier == [-1, 5, 5]
    play.says(1, tx(5, 0), tx(5, 1), meta(5, transactions=2))
    assert play.take() == ["5 t0 late", "5 t1 late"]


def test_a_slot_that_comes_back_handed_on_at_every_level_waits_for_its_certificate() -> None:
    play = forgotten()
    play.kernel.join.ledger.take_back(5, stored(Commitment.FINALIZED, Commitment.FINALIZED), 1.0)
    assert play.kernel.gate.waiting() == []
    play.says(1, tx(5, 0), meta(5)).block(1, 11)
    assert play.certified() == {5: COMPLETE}


def test_a_slot_that_is_not_forgotten_is_not_taken_back() -> None:
    play = forgotten().block(1, 10)
    assert play.kernel.join.ledger.take_back(10, None, 1.0) is None


def test_a_long_gap_is_certified_in_turns_and_proven_slots_of_it_once() -> None:
    play = Play(ALL, feeds=2).block(1, 5, tx(5, 0)).says(1, finalized(5))
    end = 5 + 2 * A_TURN
    play.block(1, end, tx(end, 0)).says(1, finalized(end))
    play.now = 2.0
    play._do(play.kernel.tick(2.0))
    assert list(play.certified()) == [*range(5, 6 + A_TURN), end - 1, end]
    assert play.kernel.next_deadline() == 0.0
    play.block(2, end - 1, parent=5 + A_TURN + 9)
    assert set(play.certified()) == set(range(5, end + 1))
    ends = play.certified()
    assert {ends[slot] for slot in range(6, 5 + A_TURN + 9)} == {PARTIAL}
    assert {ends[slot] for slot in range(5 + A_TURN + 10, end - 1)} == {SKIPPED}


def test_what_was_handed_on_of_a_partial_slot_is_stored_with_its_certificate() -> None:
    play = Play(ALL).block(1, 5, tx(5, 0), transactions=2).says(1, finalized(5)).at(2.0)
    (certify,) = play.of(Certify)
    assert [each.end for each in certify.certificates] == [PARTIAL]
    stored = unpack(5, certify.given[5])
    assert stored.given == {(1, int(Kind.TRANSACTION), tx(5, 0)[2][:64])}
