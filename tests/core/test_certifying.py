"""What a certificate says of the endpoints: who brought it, who should have, and how late."""

from monitor.core.certificates import SlotEnd, Source
from monitor.core.certifying import lost, off_chain, speaks_for_none
from monitor.core.events import Row
from monitor.core.evidence import Evidence
from monitor.core.slots import SlotState
from tests.core.play import (
    ALL,
    SOME,
    VAULT,
    Play,
    confirmed,
    created,
    finalized,
    meta,
    processed,
    tx,
    write,
)


def final(play: Play, slot: int) -> Play:
    """Its certificate is made, whoever has not passed it."""
    return play.says(1, finalized(slot)).at(play.now + 2.0)


def at(stamp: int, row: Row) -> Row:
    return (*row[:5], stamp, row[6])


def test_a_broken_cover_is_named_and_each_update_that_it_lacks_is_counted() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), tx(5, 1), tx(5, 2)).block(2, 5, tx(5, 0), transactions=3)
    final(play, 5)
    assert play.certificates()[5].missed_by == (1,)
    assert play.kernel.tally.missed == [0, 2]


def test_what_was_missed_of_an_amended_certificate_is_counted_once() -> None:
    play = Play(ALL, feeds=3)
    play.block(1, 5, tx(5, 0), transactions=3).block(2, 5, tx(5, 1), transactions=3)
    final(play, 5)
    assert play.certificates()[5].missed_by == (0, 1)
    assert play.kernel.tally.missed == [1, 1, 0]
    play.block(3, 5, tx(5, 0), tx(5, 1), tx(5, 2)).at(play.now + 2.0)
    assert play.certified() == {5: SlotEnd.COMPLETE}
    assert play.certificates()[5].missed_by == (0, 1)
    assert play.kernel.tally.missed == [2, 2, 0]


def test_two_broken_covers_of_a_filtered_kind_are_both_named() -> None:
    play = Play(SOME, feeds=2)
    play.block(1, 5, tx(5, 0)).block(2, 5, tx(5, 1))
    final(play, 5)
    assert play.certificates()[5].missed_by == (0, 1)


def test_a_whole_slot_that_an_unbroken_stream_left_out_is_counted_with_its_meta() -> None:
    play = Play(ALL, feeds=2)
    for slot in (4, 5, 6):
        play.block(1, slot, tx(slot, 0), tx(slot, 1))
    play.block(2, 4, tx(4, 0), tx(4, 1)).block(2, 6, tx(6, 0), tx(6, 1))
    final(play, 6)
    assert [each.missed_by for _, each in sorted(play.certificates().items())] == [(), (1,), ()]
    assert play.kernel.tally.missed == [0, 3]


def test_what_a_connection_missed_before_its_first_cover_is_not_its_fault() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0)).block(1, 5, tx(5, 0)).block(2, 5, tx(5, 0))
    final(play, 5)
    assert play.kernel.tally.missed == [0, 0]


def test_a_stream_that_broke_within_the_slot_is_not_named() -> None:
    play = Play(ALL, feeds=2)
    play.says(2, created(5), tx(5, 0)).ends(2)
    play.block(1, 5, tx(5, 0), tx(5, 1))
    final(play, 5)
    certificate = play.certificates()[5]
    assert certificate.missed_by == ()
    assert certificate.sources == (Source(0, 2, covers=True), Source(1, 1, covers=False))


def test_writes_that_a_replay_leaves_out_are_not_counted_against_it() -> None:
    play = Play(ALL, VAULT, feeds=2)
    play.block(1, 4).block(2, 4).ends(2).at(1.0)
    play.block(1, 5, write(5, "x", "t0", 1, mask=2), write(5, "x", "t1", 2, mask=2))
    play.block(1, 6).block(3, 6)
    assert play.kernel.connections.replaying_from() is None
    play.ends(1).at(2.0)
    play.block(4, 7).says(3, write(5, "x", "t1", 2, mask=2), meta(5, transactions=0), processed(5))
    play.says(3, finalized(6)).at(5.0)
    assert play.kernel.tally.missed == [0, 0]


def test_the_delay_of_each_block_meta_is_told_from_the_earliest() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), at(700, meta(5, transactions=0)))
    play.says(2, created(5), at(900, meta(5, transactions=0)))
    final(play, 5)
    assert play.certificates()[5].delay_ns == ((0, 0), (1, 200))


def test_a_second_bank_of_an_endpoint_counts_with_its_first() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=2).block(2, 5, tx(5, 0), tx(5, 1))
    play.says(1, created(5), tx(5, 1), at(9, meta(5, transactions=2)), confirmed(5))
    final(play, 5)
    certificate = play.certificates()[5]
    assert certificate.sources == (Source(0, 2, covers=True), Source(1, 2, covers=True))
    assert certificate.missed_by == ()
    assert certificate.delay_ns == ((0, 0), (1, 0))


def test_a_slot_off_the_chain_is_what_was_seen_of_it() -> None:
    assert off_chain(5, None, "why").end == SlotEnd.SKIPPED
    state = SlotState(5)
    assert off_chain(5, state, "why").end == SlotEnd.SKIPPED
    state.open_bank(1, 0, began_whole=True)
    assert off_chain(5, state, "why").end == SlotEnd.FORKED
    state.dead = "it died"
    assert off_chain(5, state, "why").end == SlotEnd.DEAD


def test_a_slot_that_nothing_speaks_for_names_the_block_that_it_may_hold() -> None:
    state = SlotState(5)
    state.confirmed = "B5"
    assert speaks_for_none(5, state).blockhash == "B5"
    assert speaks_for_none(5, None).end == SlotEnd.PARTIAL


def test_a_lost_slot_says_that_its_accounts_were_told_differently() -> None:
    state = SlotState(5)
    state.confirmed = "B5"
    assert lost(5, None, "nobody brought it").proof == "nobody brought it"
    assert lost(5, state, "nobody brought it").proof == "nobody brought it"
    state.reconciled = "RPCs do not agree"
    certificate = lost(5, state, "nobody brought it")
    assert certificate.proof == "nobody brought it; RPCs do not agree"
    assert (certificate.end, certificate.blockhash) == (SlotEnd.LOST, "B5")


def test_a_lost_slot_of_which_states_were_read_before_does_not_count_them() -> None:
    state = SlotState(5)
    state.reconciled, state.reconciled_at = "accounts as of slot 9", 9
    assert lost(5, state, "nobody brought it").proof == "nobody brought it"


def test_a_lost_slot_says_what_is_missing() -> None:
    state = SlotState(5)
    state.confirmed = "B5"
    state.evidence = Evidence([], False, "3 of 5 transactions held", 0)
    state.reconciled = "RPCs do not agree"
    certificate = lost(5, state, "nobody brought it")
    assert certificate.proof == "nobody brought it; 3 of 5 transactions held; RPCs do not agree"
    state.evidence = Evidence([], True, "held whole by a feed", 1)
    assert lost(5, state, "signed off").proof == "signed off; RPCs do not agree"
